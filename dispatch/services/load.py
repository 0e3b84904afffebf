"""How much a driver holds: one conditional UPDATE, and what follows from it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from dispatch.events import DriverFreed
from dispatch.models import DriverPosition
from dispatch.services.zones import follow_zones
from dispatch.states import SessionStatus
from fleetsync.core.events import Emit

_TAKE: Final = """
    UPDATE dispatch_driversession
    SET load = load + %(number)s, idle_since = NULL,
        status = CASE WHEN status = 'AVAILABLE' THEN 'BUSY' ELSE status END
    WHERE id = %(session)s AND ended_at IS NULL AND load + %(number)s <= capacity
    RETURNING driver_id, load < capacity AND status <> 'PAUSED', load"""
_DROP: Final = """
    UPDATE dispatch_driversession s
    SET load = s.load - %(number)s, capacity = greatest(s.load - %(number)s, least(s.capacity, d.capacity)),
        handed_over_at = CASE WHEN %(handed_over)s THEN %(now)s ELSE s.handed_over_at END,
        idle_since = CASE WHEN s.load = %(number)s THEN %(now)s ELSE s.idle_since END,
        status = CASE WHEN s.load = %(number)s AND s.status = 'BUSY' THEN 'AVAILABLE' ELSE s.status END
    FROM accounts_driver d
    WHERE s.id = %(session)s AND d.id = s.driver_id
    RETURNING s.driver_id, s.ended_at IS NULL AND s.status <> 'PAUSED' AND s.load < s.capacity,
              s.load, s.ended_at, s.zone_id, s.status"""


def set_available(*, driver_id: UUID, available: bool) -> None:
    """Let the nearest-driver search see the driver, or not."""
    DriverPosition.objects.filter(driver_id=driver_id).exclude(available=available).update(available=available)


def take_load(*, session_id: UUID, number: int) -> int | None:
    """Add deliveries to a live session that has room for them; return its load, None when it has not.

    Locks the session row, then the driver's position.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"session": session_id, "number": number})
        row = cursor.fetchone()
    if row is None:
        return None
    driver_id, room, load = row
    set_available(driver_id=driver_id, available=room)
    return int(load)


def drop_load(*, session_id: UUID | None, number: int, now: datetime, emit: Emit, handed_over: bool = False) -> None:
    """Take deliveries off a session; a driver who holds nothing any more is free, and that is news.

    `handed_over` says that bags left his hands just now, which takes him a while more;
    what was given back, taken away or cancelled costs him no time. A capacity that is more than
    fits on his vehicle by now sinks with the load.
    """
    if session_id is None or number == 0:
        return
    with connection.cursor() as cursor:
        cursor.execute(_DROP, {"session": session_id, "number": number, "now": now, "handed_over": handed_over})
        driver_id, open_to_offers, load, ended_at, zone_id, status = cursor.fetchone()
    set_available(driver_id=driver_id, available=open_to_offers)
    if load or ended_at is not None:
        return
    zone_id = follow_zones(driver_ids=[driver_id]).get(driver_id, zone_id)  # his last stop may lie in another
    if status != SessionStatus.PAUSED:
        emit(DriverFreed(driver_id=driver_id, zone_id=zone_id, session_id=session_id))
