"""A driver belongs to the zone he stands in, changed only while he holds nothing."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import connection

_FOLLOW: Final = """
    WITH away AS (
        SELECT s.id, p.point
        FROM dispatch_driversession s
        JOIN dispatch_driverposition p ON p.driver_id = s.driver_id
        JOIN restaurants_zone here ON here.id = s.zone_id
        WHERE s.driver_id = ANY(%(drivers)s) AND s.ended_at IS NULL AND s.load = 0
          AND NOT ST_Covers(here.polygon, p.point)
        ORDER BY s.id FOR NO KEY UPDATE OF s
    )
    UPDATE dispatch_driversession s SET zone_id = there.id
    FROM away CROSS JOIN LATERAL (
        SELECT z.id FROM restaurants_zone z WHERE z.active AND ST_Covers(z.polygon, away.point)
        ORDER BY ST_Area(z.polygon), z.id LIMIT 1
    ) there
    WHERE s.id = away.id
    RETURNING s.driver_id, s.zone_id"""


def follow_zones(*, driver_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Move idle drivers who left their zone to the active one where they stand; return the new ones by driver.

    The smallest counts where several overlap, as where a driver goes online. Who stands in
    none keeps his. Locks sessions, by id, and no position: begin with it, or with the session.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, {"drivers": list(driver_ids)})
        return dict(cursor.fetchall())
