"""The map of ops: a zone as it is now, with everything that a dispatcher asks about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from dispatch.models import Delivery, DispatchJob, DriverSession, Offer
from dispatch.states import UNFINISHED, OfferStatus
from fleetsync.core.geo import LngLat, lng_lat
from fleetsync.core.relay import feed_heads
from orders.models import Order
from orders.states import OrderStatus
from restaurants.models import Restaurant
from tracking.topics import Topic, TopicKind

#: Answers that are a refusal of the driver's.
REFUSED: Final = (OfferStatus.DECLINED, OfferStatus.EXPIRED)

_CAUSES: Final = """
    SELECT DISTINCT ON (stream) stream, payload ->> 'cause' FROM core_event
    WHERE stream = ANY (%(streams)s) AND type = 'delivery.eta_changed' AND at <= %(at)s
    ORDER BY stream, seq DESC"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapDriver:
    """One driver on the map of ops."""

    driver_id: UUID
    place: LngLat
    heading_deg: float | None
    age_s: float
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How the search for a driver goes. `refusals` are answers of drivers, not silent phones."""

    delivery_id: UUID
    attempt: int
    radius_m: int
    refusals: int
    due_at: datetime | None
    search_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveZone:
    """The map of a zone: online drivers, unfinished deliveries, open offers, kitchens, and their counts."""

    seq: int
    now: datetime
    zone_id: UUID
    drivers: Sequence[MapDriver]
    deliveries: Sequence[Delivery]
    sessions: Sequence[DriverSession] = ()
    offers: Sequence[Offer] = ()
    searches: Sequence[Search] = ()
    restaurants: Sequence[Restaurant] = ()
    placed: Sequence[Order] = ()
    causes: dict[UUID, str] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)


def live_zone(*, zone_id: UUID, now: datetime) -> LiveZone:
    """Return the snapshot of `zone:{id}` for ops."""
    seq = feed_heads([topic := Topic(TopicKind.ZONE, zone_id).source])[topic]
    sessions = list(
        DriverSession.objects.filter(ended_at=None, zone=zone_id)
        .select_related("driver__user", "driver__position")
        .order_by("driver_id")
    )
    drivers = [seen for row in sessions if (seen := _on_map(row, now)) is not None]
    deliveries = list(
        Delivery.objects.filter(zone=zone_id, status__in=sorted(UNFINISHED))
        .select_related("order", "restaurant")
        .order_by("id")
    )
    return LiveZone(
        seq=seq,
        now=now,
        zone_id=zone_id,
        drivers=drivers,
        deliveries=deliveries,
        sessions=sessions,
        offers=_open_offers(zone_id, now),
        searches=_searches(zone_id),
        restaurants=kitchens_of(zone_id),
        placed=(placed := _placed(zone_id)),
        causes=causes_of([row.order_id for row in deliveries], at=now),
        counters=counters_of(drivers, deliveries) | {"orders_placed": len(placed)},
    )


def map_drivers(
    *, zone_ids: Sequence[UUID] | None = None, driver_ids: Sequence[UUID] | None = None, now: datetime
) -> dict[UUID, list[MapDriver]]:
    """Return the online drivers that have a position, by zone and id; all of them, or only those asked for."""
    sessions = DriverSession.objects.filter(ended_at=None, driver__position__isnull=False)
    if zone_ids is not None:
        sessions = sessions.filter(zone__in=zone_ids)
    if driver_ids is not None:
        sessions = sessions.filter(driver__in=driver_ids)
    found: dict[UUID, list[MapDriver]] = {}
    for row in sessions.select_related("driver__position").order_by("driver_id"):
        seen = _on_map(row, now)
        if seen is not None:
            found.setdefault(row.zone_id, []).append(seen)
    return found


def _on_map(session: DriverSession, now: datetime) -> MapDriver | None:
    position = getattr(session.driver, "position", None)
    if position is None:
        return None
    return MapDriver(
        driver_id=session.driver_id,
        place=lng_lat(position.point),
        heading_deg=position.heading_deg,
        age_s=max(0.0, (now - position.received_at).total_seconds()),
        status=session.status,
    )


def counters_of(drivers: Sequence[MapDriver], deliveries: Sequence[Delivery]) -> dict[str, int]:
    """Return how many there are of each state."""
    counters: dict[str, int] = {}
    for name in (
        *(f"drivers_{each.status.lower()}" for each in drivers),
        *(f"deliveries_{row.status.lower()}" for row in deliveries),
    ):
        counters[name] = counters.get(name, 0) + 1
    return counters


def kitchens_of(zone_id: UUID) -> list[Restaurant]:
    """Return the kitchens of a zone."""
    return list(Restaurant.objects.filter(zone=zone_id, published=True).order_by("name", "id"))


def causes_of(order_ids: Sequence[UUID], *, at: datetime) -> dict[UUID, str]:
    """Return why the arrival of each order moved last; those that never moved are left out. One query."""
    streams = {ids_of.source: ids_of.key for ids_of in (Topic(TopicKind.ORDER, each) for each in order_ids)}
    if not streams:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_CAUSES, {"streams": list(streams), "at": at})
        return {streams[stream]: cause for stream, cause in cursor.fetchall() if cause}


def _open_offers(zone_id: UUID, now: datetime) -> list[Offer]:
    offers = Offer.objects.filter(status=OfferStatus.OPEN, expires_at__gt=now, delivery__zone=zone_id)
    return list(offers.order_by("offered_at", "id"))


def _searches(zone_id: UUID) -> list[Search]:
    jobs = DispatchJob.objects.filter(delivery__zone=zone_id, searching=True)
    return [
        Search(
            delivery_id=job.delivery_id,
            attempt=job.attempt,
            radius_m=job.radius_m,
            refusals=job.refusals,
            due_at=job.first_due_at or job.due_at,
            search_until=job.search_until,
        )
        for job in jobs.order_by("delivery_id")
    ]


def _placed(zone_id: UUID) -> list[Order]:
    orders = Order.objects.filter(restaurant__zone=zone_id, status=OrderStatus.PLACED)
    return list(orders.select_related("restaurant").order_by("placed_at", "id"))
