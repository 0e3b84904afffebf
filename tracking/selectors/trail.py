"""The way of one driver over a day, from the trail of positions."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tracking.models import PositionTrail

DAY: Final = timedelta(hours=24)
#: A day in the saddle is some 3,000 points; more are thinned out.
MOST_POINTS: Final = 3000


def trail_of(*, driver_id: UUID, since: datetime, until: datetime) -> list[tuple[float, float, datetime]]:
    """Return latitude, longitude and moment of a driver's points, oldest first; one query."""
    rows = PositionTrail.objects.filter(driver_id=driver_id, at__gte=since, at__lt=until).order_by("at", "id")
    points = [(point.y, point.x, at) for point, at in rows.values_list("point", "at")]
    step = -(-len(points) // MOST_POINTS) or 1
    return points[::step]
