"""From Redis to PostGIS: one transaction for all drivers that moved, then their trail and the maps."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from prometheus_client import Counter, Gauge, Histogram

from dispatch.positions import MovedDriver
from dispatch.services import move_drivers
from fleetsync.core import hub, ids
from tracking import gateway
from tracking.selectors import MapDriver, map_drivers
from tracking.services.trail import Thinner, write_trail

FLUSHED = Counter("fleetsync_positions_flushed", "Drivers' positions written to PostGIS.")
FLUSH_S = Histogram("fleetsync_flush_s", "Seconds of a flush, from Redis to commit.")
FLUSH_AGE_S = Gauge("fleetsync_flush_age_s", "Business seconds that the oldest position of the last flush had waited.")
TRAIL_POINTS = Counter("fleetsync_trail_points", "Points appended to the trail.")
LATE_A_FLUSH = 2000


def flush_positions(*, now: datetime, thinner: Thinner) -> Sequence[MovedDriver]:
    """Write every driver that moved since the last flush; return them.

    A flush that fails is repeated with the same points: they lie aside in Redis until
    the transaction has committed, and an older point never wins in the database.

    Raises:
        RedisDown: there is nothing to read.
    """
    with FLUSH_S.time():
        moved = sorted(gateway.drain(), key=lambda each: each.driver_id)
        if moved:
            move_drivers(points=moved, now=now)
            gateway.drained()
    if moved:
        FLUSHED.inc(len(moved))
        FLUSH_AGE_S.set(max(0.0, (now - min(each.received_at for each in moved)).total_seconds()))
    kept = thinner.worth_keeping(moved)
    write_trail(points=kept)
    late = gateway.take_late(LATE_A_FLUSH)
    write_trail(points=late, at_recorded=True)
    TRAIL_POINTS.inc(len(kept) + len(late))
    return moved


def publish_maps(*, driver_ids: Collection[UUID], now: datetime) -> None:
    """Send one frame per zone with those of these drivers who are online there. It carries no number."""
    if not driver_ids:
        return
    frames: list[tuple[str, dict[str, Any]]] = []
    for zone_id, drivers in map_drivers(driver_ids=sorted(driver_ids), now=now).items():
        topic = f"zone:{ids.public('zone_id', zone_id)}"
        data = {"at": now.isoformat(), "drivers": [map_row(each) for each in drivers]}
        frames.append((topic, {"type": "positions", "topic": topic, "seq": None, "at": now.isoformat(), "data": data}))
    hub.publish_many(frames)


def map_row(driver: MapDriver) -> list[Any]:
    """Return how a driver stands in a zone's frames: id, lng, lat, heading, age in seconds, status."""
    return [
        ids.public("driver_id", driver.driver_id),
        round(driver.place.lng, 6),
        round(driver.place.lat, 6),
        driver.heading_deg,
        round(driver.age_s, 1),
        driver.status,
    ]
