"""Who comes on duty soon: work that can wait may be kept for him."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from dispatch.engine import Driver, DriverState
from fleetsync.core.geo import LngLat

# His zone is the one he was online in last, and he is expected where he was seen last.
_ROSTER: Final = """
    SELECT f.driver_id, f.starts_at, f.ends_at, f.break_from, f.break_to, ST_X(p.point), ST_Y(p.point),
           r.vehicle, r.capacity
    FROM dispatch_shift f
    JOIN accounts_driver r ON r.id = f.driver_id
    JOIN dispatch_driverposition p ON p.driver_id = f.driver_id
    JOIN LATERAL (SELECT s.zone_id, s.ended_at FROM dispatch_driversession s WHERE s.driver_id = f.driver_id
                  ORDER BY s.id DESC LIMIT 1) last ON true
    WHERE f.starts_at > %(after)s AND f.starts_at <= %(until)s
      AND last.zone_id = %(zone)s AND last.ended_at IS NOT NULL
      AND r.approved_at IS NOT NULL AND r.suspended_at IS NULL
    ORDER BY f.driver_id, f.starts_at"""


def coming_drivers(
    cursor: Any, *, zone_id: UUID, after: datetime, within: timedelta, place: Callable[[LngLat], int]
) -> list[Driver]:
    """Return drivers whose shift in this zone begins between `after` and so much later; one query.

    Each by his first shift. Who does not come is gone from the plans as soon as his shift begins.
    How they answer is left to the caller, who asks it of all drivers at once.
    """
    cursor.execute(_ROSTER, {"zone": zone_id, "after": after, "until": after + within})
    first = {row[0]: row for row in reversed(cursor.fetchall())}
    return [
        Driver(
            id=str(row[0]),
            state=DriverState.UPCOMING,
            place=place(LngLat(row[5], row[6])),
            free_s=row[1].timestamp(),
            on_s=row[1].timestamp(),
            off_s=row[2].timestamp(),
            break_s=break_of(row[3], row[4]),
            vehicle=row[7],
            capacity=row[8],
        )
        for _, row in sorted(first.items())
    ]


def break_of(begins: datetime | None, ends: datetime | None) -> tuple[float, float] | None:
    """Return a break as the engine reads it."""
    return (begins.timestamp(), ends.timestamp()) if begins and ends else None


def off_of(*ends: datetime | None) -> float:
    """Return the earliest of these ends of duty, for the engine; none: no end."""
    return min((end.timestamp() for end in ends if end is not None), default=math.inf)
