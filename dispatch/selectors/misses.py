"""Who was passed over lately, from what the rounds wrote down of their decisions."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from dispatch.engine import Reason
from fleetsync.core import ids

REMEMBERED: Final = timedelta(hours=4)

# Counted from the driver's last offer, or from when he went online.
_MISSES: Final = """
    SELECT s.driver_id, count(DISTINCT left_out.delivery_id)
    FROM (
        SELECT r.delivery_id, r.at, each ->> 'driver_id' AS driver
        FROM dispatch_decisionrecord r CROSS JOIN LATERAL jsonb_array_elements(r.exclusions) AS each
        WHERE r.at > %(since)s AND r.at <= %(now)s AND r.zone_id = %(zone)s AND r.driver_id IS NOT NULL
          AND each ->> 'reason' = %(reason)s
    ) left_out
    JOIN unnest(%(names)s::text[], %(drivers)s::uuid[]) AS known (name, id) ON known.name = left_out.driver
    JOIN dispatch_driversession s ON s.driver_id = known.id AND s.ended_at IS NULL AND left_out.at >= s.started_at
    WHERE left_out.at > coalesce(
        (SELECT f.offered_at FROM dispatch_offer f WHERE f.driver_id = s.driver_id ORDER BY f.id DESC LIMIT 1),
        '-infinity')
    GROUP BY s.driver_id"""


def misses_in_a_row(cursor: Any, *, zone_id: UUID, driver_ids: list[UUID], now: datetime) -> Mapping[UUID, int]:
    """Return how many orders these drivers could have taken, and others got, since they were last asked; one query.

    Could have taken: among the nearest that a decision names, with nothing that kept him from it.
    """
    names = [ids.public("driver_id", each) for each in driver_ids]
    values = {
        "zone": zone_id,
        "since": now - REMEMBERED,
        "now": now,
        "reason": Reason.LATER.value,
        "names": names,
        "drivers": driver_ids,
    }
    cursor.execute(_MISSES, values)
    return dict(cursor.fetchall())
