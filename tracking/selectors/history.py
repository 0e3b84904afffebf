"""How many orders were open and late, looked at in even steps."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

#: What is under way for longer is lost; keeps the look back within an index.
LONGEST: Final = timedelta(hours=24)

#: No line on a screen has more points.
MOST_LOOKS: Final = 240

_MINUTES: Final = """
    SELECT moment, count(row.id), count(row.id) FILTER (WHERE row.promised_at < moment)
    FROM generate_series(%(first)s::timestamptz, %(last)s::timestamptz, make_interval(mins => %(step_min)s)) AS moment
    LEFT JOIN dispatch_delivery AS row
      ON row.zone_id = %(zone)s AND row.created_at > moment - make_interval(secs => %(longest_s)s) AND row.created_at <= moment
     AND coalesce(row.delivered_at, row.closed_at, 'infinity') > moment
    GROUP BY moment ORDER BY moment"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """One look: deliveries under way, and those of them past their promise."""

    at: datetime
    open: int
    late: int


def history(*, zone_id: UUID, minutes: int, now: datetime) -> list[Minute]:
    """Return the last `minutes` and now, oldest first; one query.

    Each minute up to `MOST_LOOKS`; beyond, as many whole minutes apart as keep them within it.
    """
    step_min = math.ceil(minutes / MOST_LOOKS)
    first = now - timedelta(minutes=minutes // step_min * step_min)
    wanted: dict[str, Any] = {
        "zone": zone_id,
        "first": first,
        "last": now,
        "step_min": step_min,
        "longest_s": LONGEST.total_seconds(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MINUTES, wanted)
        return [Minute(at=at, open=under_way, late=late) for at, under_way, late in cursor.fetchall()]
