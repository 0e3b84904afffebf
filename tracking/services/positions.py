"""Taking pings: to Redis, and straight to those who watch."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dispatch.positions import MovedDriver
from dispatch.services import move_drivers
from fleetsync.core import clock, hub, redis
from fleetsync.core.geo import LngLat, distance_m
from tracking import gateway
from tracking.conf import POSITIONS
from tracking.errors import PositionFromFuture
from tracking.pings import PingPoint, in_order


def take_positions(*, driver_id: UUID, points: Sequence[PingPoint], now: datetime) -> None:
    """Keep where a driver is and show it to those who may watch. Touches Redis alone.

    The newest point by (`recorded_at`, `seq`) counts, the older ones only make the trail.
    Without Redis it goes to the database at once: dearer, but a driver whose pings were
    refused would lose his lease within a minute, and with it his work.

    Raises:
        PositionFromFuture: a phone's clock is too far ahead; nothing was kept.
    """
    limit = now + clock.at_least(POSITIONS.future_s, POSITIONS.future_floor_s)
    if any(point.recorded_at > limit for point in points):
        raise PositionFromFuture(attr="points")
    *late, newest = [_moved(driver_id, point, now) for point in in_order(points)]
    try:
        stored = gateway.store(
            newest=newest, late=[each for each in late if each.recorded_at > now - timedelta(hours=1)]
        )
    except redis.RedisDown:
        move_drivers(points=[newest], now=now)
        return
    if stored.newest:
        hub.publish_many(position_frames(newest, stored.views))


def _moved(driver_id: UUID, point: PingPoint, now: datetime) -> MovedDriver:
    return MovedDriver(
        driver_id=driver_id,
        lng=point.lng,
        lat=point.lat,
        heading_deg=point.heading_deg,
        speed_mps=point.speed_mps,
        accuracy_m=point.accuracy_m,
        recorded_at=point.recorded_at,
        seq=point.seq,
        received_at=now,
    )


def position_frames(moved: MovedDriver, views: Sequence[gateway.View]) -> list[tuple[str, dict[str, Any]]]:
    """Return the frames that show this point, each with the audiences it is for. They carry no number."""
    here = LngLat(moved.lng, moved.lat)
    return [
        (
            view.topic,
            {
                "type": "position",
                "topic": view.topic,
                "seq": None,
                "at": moved.received_at.isoformat(),
                "to": view.to,
                "data": {
                    "order_id": view.order,
                    "delivery_id": view.delivery,
                    "lat": moved.lat,
                    "lng": moved.lng,
                    "heading_deg": moved.heading_deg,
                    "speed_mps": moved.speed_mps,
                },
            },
        )
        for view in views
        if view.near is None or distance_m(here, view.near) <= POSITIONS.near_pickup_m
    ]
