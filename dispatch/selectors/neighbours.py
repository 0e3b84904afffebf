"""Who next door could take what nobody here can: drivers with nothing to do, in another zone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from accounts.states import Vehicle
from dispatch.selectors.nearest import NearDriver, nearest_drivers
from dispatch.selectors.snapshot import Look, OpenJob
from fleetsync.core.travel import straight_line
from restaurants.models import Zone

NEIGHBOURS_A_ROUND: Final = 8

_IDLE: Final = """
    SELECT s.driver_id, s.zone_id, least(s.off_at, f.ends_at), f.break_from, f.break_to
    FROM dispatch_driversession s
    JOIN accounts_driver r ON r.id = s.driver_id
    LEFT JOIN dispatch_shift f ON f.driver_id = s.driver_id AND f.starts_at <= %(now)s AND f.ends_at > %(now)s
    WHERE s.driver_id = ANY(%(drivers)s) AND s.ended_at IS NULL AND s.status = 'AVAILABLE' AND s.load = 0
      AND s.lease_until > %(now)s AND s.zone_id <> %(zone)s AND r.vehicle = ANY(%(vehicles)s)
      AND NOT EXISTS (SELECT 1 FROM dispatch_offer o WHERE o.driver_id = s.driver_id AND o.status = 'OPEN')"""


def find_neighbours(look: Look, jobs: Sequence[OpenJob], now: datetime) -> dict[UUID, UUID]:
    """Return, for each of the first of these, the zone of an idle driver near enough to take it.

    Asks what that zone's round will ask: whether he is asked already, and whether the trip
    ends before his shift does and outside his break. Ways are straight lines here.
    """
    if not jobs or not look.conf.neighbours or Zone.objects.filter(active=True).count() < 2:
        return {}
    found: dict[UUID, UUID] = {}
    for job in jobs[:NEIGHBOURS_A_ROUND]:
        near = nearest_drivers(origin=job.pickup.to_point(), radius_m=job.radius_m, limit=20, now=now)
        asked = [driver for driver in near if driver.driver_id not in job.masked]
        idle = _idle_abroad(look, job, asked, now)
        for driver in asked:
            row = idle.get(driver.driver_id)
            if row is not None and _has_time(look, job, driver, row[2:], now):
                found[job.delivery_id] = row[1]
                break
    return found


def _idle_abroad(look: Look, job: OpenJob, asked: Sequence[NearDriver], now: datetime) -> Mapping[UUID, Sequence[Any]]:
    vehicles = Vehicle.values if job.vehicles is None else sorted(job.vehicles)
    with connection.cursor() as cursor:
        cursor.execute(
            _IDLE,
            {
                "now": now,
                "zone": look.zone_id,
                "drivers": [driver.driver_id for driver in asked],
                "vehicles": vehicles,
            },
        )
        return {row[0]: row for row in cursor.fetchall()}


def _has_time(look: Look, job: OpenJob, driver: NearDriver, duty: Sequence[Any], now: datetime) -> bool:
    """Say whether he has the food in hand before he goes off duty, and is done before his break or after it."""
    off_at, break_from, break_to = duty
    half_pickup, line = timedelta(seconds=look.conf.half_pickup_s), straight_line()
    way = timedelta(seconds=line.time_s(driver.position, job.pickup))
    pickup_at = max(now + way + half_pickup, job.ready_at)
    if off_at is not None and pickup_at > off_at:
        return False
    if break_from is None or break_to <= now:
        return True
    out = timedelta(seconds=line.time_s(job.pickup, job.dropoff) + 2 * look.conf.half_dropoff_s)
    return bool(pickup_at + half_pickup + out <= break_from)
