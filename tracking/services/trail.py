"""The history of positions: thinned, only while a driver is online, in partitions of a day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from dispatch.positions import MovedDriver
from fleetsync.core.geo import LngLat, distance_m
from tracking.conf import POSITIONS, TRAIL

TABLE: Final = "tracking_positiontrail"
_WRITE: Final = f"""
    INSERT INTO {TABLE} (driver_id, point, heading_deg, speed_mps, at)
    SELECT driver, ST_SetSRID(ST_MakePoint(lng, lat), 4326), heading, speed, at
    FROM unnest(%s::uuid[], %s::float8[], %s::float8[], %s::float8[], %s::float8[], %s::timestamptz[])
         AS point (driver, lng, lat, heading, speed, at)
    WHERE EXISTS (SELECT 1 FROM dispatch_driversession AS s WHERE s.driver_id = driver AND s.ended_at IS NULL)"""  # noqa: S608 - the table's name is ours
_MARK: Final = f"""
    INSERT INTO {TABLE} (driver_id, point, heading_deg, speed_mps, status, at)
    SELECT driver_id, point, heading_deg, speed_mps, %(status)s, %(at)s
    FROM dispatch_driverposition WHERE driver_id = %(driver)s"""  # noqa: S608 - the table's name is ours


class Thinner:
    """Remembers each driver's last point of the trail; lives as long as the flusher."""

    def __init__(self) -> None:
        self._last: dict[UUID, tuple[datetime, LngLat]] = {}

    def worth_keeping(self, moved: Sequence[MovedDriver]) -> list[MovedDriver]:
        """Return the points that are 10 s (business time) or 50 m after the driver's last one."""
        kept: list[MovedDriver] = []
        for each in moved:
            last = self._last.get(each.driver_id)
            here = LngLat(each.lng, each.lat)
            if last is not None:
                waited_s = (each.received_at - last[0]).total_seconds()
                if waited_s < POSITIONS.trail_every_s and distance_m(last[1], here) < POSITIONS.trail_every_m:
                    continue
            self._last[each.driver_id] = (each.received_at, here)
            kept.append(each)
        return kept


def write_trail(*, points: Sequence[MovedDriver], at_recorded: bool = False) -> None:
    """Append points of drivers who are online, in one statement; late ones under the phone's own moment."""
    if not points:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")
        cursor.execute(
            _WRITE,
            [
                [each.driver_id for each in points],
                [each.lng for each in points],
                [each.lat for each in points],
                [each.heading_deg for each in points],
                [each.speed_mps for each in points],
                [min(each.recorded_at, each.received_at) if at_recorded else each.received_at for each in points],
            ],
        )


def mark_trail(*, driver_id: UUID, status: str, at: datetime) -> None:
    """Append where a driver was when a delivery changed its status."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, {"driver": driver_id, "status": status, "at": at})


# --- partitions ---------------------------------------------------------------


def partition_of(day: date) -> str:
    """Return the name of a day's partition."""
    return f"{TABLE}_{day:%Y%m%d}"


def make_partitions(*, now: datetime) -> list[str]:
    """Create the partitions of today and the days ahead (UTC days of business time); return the new ones.

    Rows of such a day that already lie in the DEFAULT partition move over first, since
    PostgreSQL refuses a partition whose rows are elsewhere.
    """
    made: list[str] = []
    for ahead in range(TRAIL.ahead_days + 1):
        day = now.date() + timedelta(days=ahead)
        if _exists(partition_of(day)):
            continue
        _make(day)
        made.append(partition_of(day))
    return made


def drop_partitions(*, now: datetime) -> list[str]:
    """Drop the partitions older than the retention, and rows as old in DEFAULT; return the dropped ones."""
    oldest = now.date() - timedelta(days=TRAIL.keep_days)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1", [TABLE]
        )
        old = [
            name for (name,) in cursor.fetchall() if name[len(TABLE) + 1 :].isdigit() and name < partition_of(oldest)
        ]
        for name in old:
            cursor.execute(f'DROP TABLE "{name}"')
        cursor.execute(f"DELETE FROM {TABLE}_default WHERE at < %s", [oldest])  # noqa: S608 - our name
    return old


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        return bool(cursor.fetchone()[0])


def _make(day: date) -> None:
    name, start, end = partition_of(day), day.isoformat(), (day + timedelta(days=1)).isoformat()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f'CREATE TABLE "{name}" (LIKE {TABLE} INCLUDING DEFAULTS)')
        cursor.execute(
            f"""WITH moved AS (DELETE FROM {TABLE}_default WHERE at >= %(start)s AND at < %(end)s RETURNING *)
                INSERT INTO "{name}" SELECT * FROM moved""",  # noqa: S608 - names are ours
            {"start": f"{start}T00:00:00+00:00", "end": f"{end}T00:00:00+00:00"},
        )
        cursor.execute(
            f"""ALTER TABLE {TABLE} ATTACH PARTITION "{name}"
                FOR VALUES FROM ('{start}T00:00:00+00:00') TO ('{end}T00:00:00+00:00')"""
        )
