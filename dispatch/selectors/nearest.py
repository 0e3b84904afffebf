"""The nearest drivers: the index walks, the outside measures, and nothing is guessed.

The inner query takes `m` rows by the snapped cell from the partial index on available
drivers; metres, freshness and radius are judged outside it. `m` grows until no driver
beyond the m-th cell could be nearer than what was found. Judge its plan with literals,
as Django binds them: a prepared statement is planned blindly.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import connection

from dispatch.conf import CELL_DEG, DEFAULTS, LEASE_FLOOR_S
from fleetsync.core import clock
from fleetsync.core.geo import LngLat

LEAST_CANDIDATES: Final = 64
HALF_DIAGONAL_M: Final = 111_700.0 * CELL_DEG * 2**0.5 / 2  # a degree is longest along a meridian at the pole
SPHERE: Final = 0.994  # `<->` on geography measures on the sphere; a distance on the spheroid is at least this much

NEAREST: Final = """
    WITH near AS MATERIALIZED (
        SELECT driver_id, point, received_at,
               cell <-> ST_SetSRID(ST_MakePoint(%(lng)s, %(lat)s), 4326)::geography AS cell_m
        FROM dispatch_driverposition WHERE available
        ORDER BY cell <-> ST_SetSRID(ST_MakePoint(%(lng)s, %(lat)s), 4326)::geography LIMIT %(candidates)s
    ), edge AS (SELECT count(*) AS seen, coalesce(max(cell_m), 0) AS far_m FROM near)
    SELECT seen, far_m, driver_id, metres, received_at, lng, lat FROM edge LEFT JOIN LATERAL (
        SELECT driver_id, received_at, ST_X(point) AS lng, ST_Y(point) AS lat,
               ST_Distance(point::geography, ST_SetSRID(ST_MakePoint(%(lng)s, %(lat)s), 4326)::geography) AS metres
        FROM near WHERE received_at >= %(fresh_since)s
    ) AS measured ON metres <= %(radius_m)s
    ORDER BY metres, driver_id LIMIT %(limit)s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDriver:
    """A driver who may be asked, how far he is, and how old that knowledge is."""

    driver_id: UUID
    distance_m: float
    age_s: float
    position: LngLat


def nearest_drivers(
    *, origin: Point, radius_m: float, limit: int, now: datetime, freshness_s: float = DEFAULTS.freshness_s
) -> list[NearDriver]:
    """Return the `limit` available drivers nearest to `origin` within the radius, nearest first, in metres.

    Exact at any density and latitude. Silent phones are passed over, however many stand there.
    """
    fresh_since = now - clock.at_least(freshness_s, LEASE_FLOOR_S)
    candidates = max(LEAST_CANDIDATES, 4 * limit)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                NEAREST,
                {
                    "lng": origin.x,
                    "lat": origin.y,
                    "candidates": candidates,
                    "radius_m": radius_m,
                    "fresh_since": fresh_since,
                    "limit": limit,
                },
            )
            rows = cursor.fetchall()
        seen, far_m = rows[0][:2]
        found = [
            NearDriver(
                driver_id=row[2],
                distance_m=row[3],
                age_s=max(0.0, (now - row[4]).total_seconds()),
                position=LngLat(row[5], row[6]),
            )
            for row in rows
            if row[2] is not None
        ]
        beyond_m = far_m * SPHERE - HALF_DIAGONAL_M  # nobody who was not looked at is nearer than this
        enough = len(found) == limit and beyond_m > found[-1].distance_m
        if seen < candidates or enough or beyond_m > radius_m:
            return found
        candidates *= 4
