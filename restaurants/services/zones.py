"""Zones: their area, time zone and dispatch settings."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.contrib.gis.geos import GEOSException, Point, Polygon
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from fleetsync.core.errors import InvalidInput
from fleetsync.core.events import change
from fleetsync.core.geo import SRID, LngLat, distance_m
from restaurants import conf, errors
from restaurants.events import ZoneChanged
from restaurants.models import Zone

FIELDS: Final[tuple[str, ...]] = ("name", "time_zone", "currency", "active", "dispatch")

#: Who reads the dispatch settings and refuses those it cannot use: an app to the right, which says so as it starts.
_readers: list[Callable[[Mapping[str, Any]], object]] = []


def read_settings_by(reader: Callable[[Mapping[str, Any]], object]) -> None:
    """Let `reader` refuse, by a DomainError, the dispatch settings of zones that it cannot use."""
    _readers.append(reader)


def check_settings(*, settings: Any) -> None:
    """Refuse dispatch settings that nobody could use: they would be dropped as a whole, and defaults hold.

    Raises:
        InvalidInput: they are no object.
        What the reader raises, with the attr `dispatch`.
    """
    if not isinstance(settings, dict):
        raise InvalidInput("Dispatch settings are an object.", attr="dispatch")
    for reader in _readers:
        reader(settings)


def polygon_of(*, corners: Sequence[Point]) -> Polygon:
    """Return the area inside the corners; the last one joins the first by itself.

    Raises:
        BadPolygon: fewer than three corners, an edge that crosses another, or too large.
    """
    ring = [(corner.x, corner.y) for corner in corners]
    if ring and ring[0] != ring[-1]:
        ring.append(ring[0])
    if len(set(ring)) < 3:
        raise errors.BadPolygon("An area has at least three different corners.", attr="polygon")
    if len(ring) > conf.MAX_CORNERS + 1:
        raise errors.BadPolygon(f"An area has at most {conf.MAX_CORNERS} corners.", attr="polygon")
    try:
        area = Polygon(ring, srid=SRID)
        valid, why = area.valid, area.valid_reason
    except (GEOSException, ValueError) as error:
        raise errors.BadPolygon(attr="polygon") from error
    if not valid:
        raise errors.BadPolygon(f"The area is not valid: {why}.", attr="polygon")
    west, south, east, north = area.extent
    if east - west > 180:
        raise errors.BadPolygon("An area must not cross the 180th meridian; make two zones.", attr="polygon")
    nearest_equator = 0.0 if south <= 0 <= north else min(abs(south), abs(north))
    width_m = distance_m(LngLat(west, nearest_equator), LngLat(east, nearest_equator))
    height_m = distance_m(LngLat(west, south), LngLat(west, north))
    if max(width_m, height_m) > conf.MAX_ZONE_SIDE_M:
        raise errors.BadPolygon(
            f"The area is too large: {conf.MAX_ZONE_SIDE_M // 1000} km a side at most.", attr="polygon"
        )
    return area


def create_zone(*, values: dict[str, Any], now: datetime, actor: str) -> Zone:
    """Create a zone; only known names are read from `values`.

    Raises:
        BadPolygon: the corners make no usable area.
        ZoneNameTaken: another zone has the name.
        What `check_settings` raises.
    """
    check_settings(settings=values.get("dispatch", {}))
    zone = Zone(polygon=polygon_of(corners=values["polygon"]))
    for name in FIELDS:
        if name in values:
            setattr(zone, name, values[name])
    return _store(zone, tuple(name for name in (*FIELDS, "polygon") if name in values), None, now, actor)


def update_zone(*, zone: Zone, changes: dict[str, Any], now: datetime, actor: str) -> Zone:
    """Change a zone; restaurants stay in it whatever its new area.

    Raises:
        BadPolygon, ZoneNameTaken, what `check_settings` raises: as `create_zone`.
    """
    if "dispatch" in changes:
        check_settings(settings=changes["dispatch"])
    fields = [name for name in FIELDS if name in changes]
    for name in fields:
        setattr(zone, name, changes[name])
    if "polygon" in changes:
        zone.polygon = polygon_of(corners=changes["polygon"])
        fields.append("polygon")
    return _store(zone, tuple(fields), fields, now, actor) if fields else zone


def _store(zone: Zone, told: tuple[str, ...], fields: list[str] | None, now: datetime, actor: str) -> Zone:
    with change(now=now, actor=actor) as emit:
        try:
            with transaction.atomic():
                zone.save(force_insert=fields is None, update_fields=fields)
        except IntegrityError as error:
            raise errors.ZoneNameTaken(attr="name") from error
        emit(ZoneChanged(zone_id=zone.pk, fields=told))
    return zone


def delete_zone(*, zone: Zone, now: datetime, actor: str) -> None:
    """Delete a zone that nothing stands on.

    Raises:
        ZoneInUse: restaurants, orders or drivers refer to it.
    """
    key = zone.pk
    with change(now=now, actor=actor) as emit:
        try:
            zone.delete()
        except ProtectedError as error:
            raise errors.ZoneInUse from error
        emit(ZoneChanged(zone_id=key, fields=("deleted",)))
