"""Whether work is shared fairly: what a driver made of his hours, beside the others of his zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

WINDOW: Final = timedelta(days=7)
#: Below so many hours online a rate says nothing.
LEAST_HOURS: Final = 0.5

_SHARES: Final = """
    WITH here AS (
        SELECT zone_id FROM dispatch_driversession WHERE driver_id = %(driver)s ORDER BY started_at DESC, id DESC LIMIT 1
    ), online AS (
        SELECT s.driver_id,
               sum(extract(epoch FROM least(coalesce(s.ended_at, %(now)s), %(now)s) - greatest(s.started_at, %(since)s)))
                   / 3600 AS hours
        FROM dispatch_driversession s JOIN here ON here.zone_id = s.zone_id
        WHERE s.started_at < %(now)s AND (s.ended_at IS NULL OR s.ended_at > %(since)s) GROUP BY s.driver_id
    ), work AS (
        SELECT d.driver_id, count(*) AS deliveries, coalesce(sum(o.pay_minor), 0) AS pay_minor
        FROM dispatch_delivery d LEFT JOIN dispatch_offer o ON o.delivery_id = d.id AND o.status = 'ACCEPTED'
        WHERE d.delivered_at >= %(since)s AND d.driver_id IN (SELECT driver_id FROM online) GROUP BY d.driver_id
    ), asked AS (
        SELECT driver_id, count(*) AS offers, count(*) FILTER (WHERE status IN ('ACCEPTED', 'RETURNED')) AS taken
        FROM dispatch_offer WHERE offered_at >= %(since)s AND status <> 'UNDELIVERED'
          AND driver_id IN (SELECT driver_id FROM online) GROUP BY driver_id
    ), each AS (
        SELECT online.driver_id, hours, coalesce(deliveries, 0) AS deliveries, coalesce(pay_minor, 0) AS pay_minor,
               coalesce(offers, 0) AS offers, coalesce(taken, 0) AS taken
        FROM online LEFT JOIN work USING (driver_id) LEFT JOIN asked USING (driver_id)
    )
    SELECT hours, deliveries, pay_minor, offers, taken,
           (SELECT count(*) FROM each WHERE hours >= %(least)s),
           (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY pay_minor / hours) FROM each WHERE hours >= %(least)s),
           (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY deliveries / hours) FROM each WHERE hours >= %(least)s),
           (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY offers / hours) FROM each WHERE hours >= %(least)s),
           (SELECT z.currency FROM restaurants_zone z JOIN here ON here.zone_id = z.id)
    FROM each WHERE driver_id = %(driver)s"""

_AN_HOUR: Final = """
    WITH online AS (
        SELECT driver_id,
               sum(extract(epoch FROM least(coalesce(ended_at, %(end)s), %(end)s) - greatest(started_at, %(start)s)))
                   / 3600 AS hours
        FROM dispatch_driversession
        WHERE started_at < %(end)s AND (ended_at IS NULL OR ended_at > %(start)s)
          AND (%(zone)s::uuid IS NULL OR zone_id = %(zone)s) GROUP BY driver_id
    ), work AS (
        SELECT d.driver_id, sum(o.pay_minor) AS pay_minor
        FROM dispatch_delivery d JOIN dispatch_offer o ON o.delivery_id = d.id AND o.status = 'ACCEPTED'
        WHERE d.delivered_at >= %(start)s AND d.delivered_at < %(end)s
          AND (%(zone)s::uuid IS NULL OR d.zone_id = %(zone)s) GROUP BY d.driver_id
    )
    SELECT coalesce(pay_minor, 0) / hours FROM online LEFT JOIN work USING (driver_id)
    WHERE hours >= %(least)s ORDER BY 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A driver's last seven days in his zone, and the typical (median) driver's rates there; money in minor units."""

    hours: float = 0.0
    deliveries: int = 0
    pay_minor: int = 0
    offers: int = 0
    taken: int = 0
    drivers: int = 0
    typical_pay_minor: float | None = None
    typical_deliveries: float | None = None
    typical_offers: float | None = None
    currency: str = ""

    def an_hour(self, number: float) -> float | None:
        """Return a number per hour online; None where he was hardly online."""
        return number / self.hours if self.hours >= LEAST_HOURS else None


def pay_an_hour(*, start: datetime, end: datetime, zone_id: UUID | None = None) -> list[float]:
    """Return what each driver earned per hour online in a span, least first, in minor units; one query.

    Tips are not counted, nor drivers with less than half an hour.
    """
    with connection.cursor() as cursor:
        cursor.execute(_AN_HOUR, {"start": start, "end": end, "zone": zone_id, "least": LEAST_HOURS})
        return [float(rate) for (rate,) in cursor.fetchall()]


def driver_share(*, driver_id: UUID, now: datetime) -> Share:
    """Return what a driver made of his hours in the zone he was online in last; one query.

    Offers that never reached the phone are not counted. Rates of drivers with less than half an
    hour are left out of the typical ones.
    """
    values: dict[str, Any] = {"driver": driver_id, "now": now, "since": now - WINDOW, "least": LEAST_HOURS}
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, values)
        row = cursor.fetchone()
    if row is None:
        return Share()
    hours, deliveries, pay_minor, offers, taken, drivers, *typical, currency = row
    pay, done, asked = (None if each is None else float(each) for each in typical)
    return Share(
        hours=float(hours),
        deliveries=deliveries,
        pay_minor=int(pay_minor),
        offers=offers,
        taken=taken,
        drivers=drivers,
        typical_pay_minor=pay,
        typical_deliveries=done,
        typical_offers=asked,
        currency=currency,
    )
