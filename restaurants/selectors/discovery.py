"""Which restaurants are near, open ones first: two levels, the index walks and the outside measures."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from django.contrib.gis.geos import Point
from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from fleetsync.core.errors import InvalidInput
from restaurants import conf

#: Whether the restaurant `{r}` is open at %(at)s. The same rules as `hours.is_open`, for many rows at once.
OPEN_SQL: Final = """(
    ({r}.paused_until IS NULL OR {r}.paused_until <= %(at)s)
    AND NOT EXISTS (SELECT 1 FROM restaurants_closure AS c
        WHERE c.restaurant_id = {r}.id AND c.starts_at <= %(at)s AND c.ends_at > %(at)s)
    AND ({r}.always_open OR EXISTS (
        SELECT 1 FROM restaurants_openinghours AS h
        CROSS JOIN LATERAL (SELECT (%(at)s AT TIME ZONE {r}.time_zone)::date + shift AS day
                            FROM (VALUES (-1), (0)) AS v(shift)) AS d
        WHERE h.restaurant_id = {r}.id AND h.weekday = extract(isodow FROM d.day) - 1
          AND (d.day + h.opens) AT TIME ZONE {r}.time_zone <= %(at)s
          AND (d.day + (h.closes <= h.opens)::int + h.closes) AT TIME ZONE {r}.time_zone > %(at)s)))"""

COLUMNS: Final = """r.id, r.name, r.cuisine, r.address, ST_X(r.point) AS lng, ST_Y(r.point) AS lat, r.zone_id,
    r.currency, r.preparation_min, r.minimum_minor, r.delivery_radius_m"""

# The inner query alone orders by `<->` and is cut before anything is measured: the radius in
# its WHERE would walk the whole index where nobody is near.
NEAREST_SQL: Final = """
    SELECT {columns}, m.metres, o.is_open FROM (
        SELECT id, ST_Distance(place, %(origin)s::geography) AS metres FROM (
            SELECT id, place FROM restaurants_restaurant
            WHERE published ORDER BY place <-> %(origin)s::geography LIMIT %(looked_at)s) AS near
    ) AS m JOIN restaurants_restaurant AS r ON r.id = m.id
    CROSS JOIN LATERAL (SELECT {open} AS is_open) AS o
    WHERE m.metres <= %(radius_m)s"""

# With a search word few match, so walking the index by distance could take for ever:
# the radius comes first.
MATCHING_SQL: Final = """
    SELECT {columns}, m.metres, o.is_open FROM (
        SELECT id, ST_Distance(place, %(origin)s::geography) AS metres FROM restaurants_restaurant
        WHERE published AND ST_DWithin(place, %(origin)s::geography, %(radius_m)s)
          AND (name ILIKE %(search)s OR cuisine ILIKE %(search)s)
        ORDER BY metres LIMIT %(looked_at)s
    ) AS m JOIN restaurants_restaurant AS r ON r.id = m.id
    CROSS JOIN LATERAL (SELECT {open} AS is_open) AS o
    WHERE TRUE"""


def open_at(now: datetime) -> RawSQL:
    """Return `OPEN_SQL` as an expression for querysets of restaurants."""
    own = OPEN_SQL.format(r="restaurants_restaurant").replace("%(at)s", "%s")
    return RawSQL(own, [now] * OPEN_SQL.count("%(at)s"), output_field=BooleanField())  # noqa: S611 - a constant text, one parameter


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One restaurant of a discovery."""

    id: UUID
    name: str
    cuisine: str
    address: str
    lng: float
    lat: float
    zone_id: UUID
    currency: str
    preparation_min: int
    minimum_minor: int
    delivery_radius_m: int
    distance_m: int
    is_open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Rows and the cursor that continues after them; empty where there is no more."""

    rows: list[Listed]
    cursor: str


def _read_cursor(text: str) -> tuple[datetime, bool, float, UUID]:
    try:
        at, is_open, metres, key = orjson.loads(urlsafe_b64decode(text.encode() + b"=="))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(is_open, bool):
            raise ValueError(text)
        return moment, is_open, float(metres), UUID(key)
    except (binascii.Error, ValueError, TypeError, UnicodeError, AttributeError) as error:
        raise InvalidInput("Not a cursor of this list.", attr="cursor") from error


def _write_cursor(at: datetime, is_open: bool, metres: float, key: UUID) -> str:
    return urlsafe_b64encode(orjson.dumps([at.isoformat(), is_open, metres, str(key)])).decode().rstrip("=")


def restaurants_near(
    *,
    origin: Point,
    radius_m: int,
    now: datetime,
    only_open: bool = False,
    search: str = "",
    limit: int = conf.PAGE,
    cursor: str = "",
) -> Page:
    """Return published restaurants within `radius_m`, open ones first, then nearest first.

    Only the nearest `conf.NEAREST_LOOKED_AT` are looked at. A cursor carries the moment of
    the first page, so that the list stays in order while kitchens open and close.

    Raises:
        InvalidInput: the cursor is not one of ours.
    """
    params: dict[str, Any] = {
        "origin": f"SRID=4326;POINT({origin.x!r} {origin.y!r})",
        "radius_m": radius_m,
        "at": now,
        "looked_at": conf.NEAREST_LOOKED_AT,
        "limit": limit + 1,
    }
    sql = NEAREST_SQL
    if search:
        sql = MATCHING_SQL
        escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        params["search"] = f"%{escaped}%"
    sql = sql.format(columns=COLUMNS, open=OPEN_SQL.format(r="r"))
    if only_open:
        sql += " AND o.is_open"
    if cursor:
        params["at"], after_open, params["after_m"], params["after_id"] = _read_cursor(cursor)
        params["after_closed"] = not after_open
        sql += " AND (NOT o.is_open, m.metres, r.id) > (%(after_closed)s, %(after_m)s::float8, %(after_id)s)"
    sql += " ORDER BY o.is_open DESC, m.metres, r.id LIMIT %(limit)s"
    with connection.cursor() as db:
        db.execute(sql, params)
        names = [column.name for column in db.description]
        found = [dict(zip(names, row, strict=True)) for row in db.fetchall()]
    rest = len(found) > limit
    rows = found[:limit]
    last = rows[-1] if rest else None
    return Page(
        rows=[_listed(row) for row in rows],
        cursor=_write_cursor(params["at"], last["is_open"], last["metres"], last["id"]) if last else "",
    )


def _listed(row: Mapping[str, Any]) -> Listed:
    values = dict(row)
    return Listed(distance_m=round(values.pop("metres")), **values)
