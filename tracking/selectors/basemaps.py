"""What maps are drawn on."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from restaurants.models import Zone
from tracking.models import Basemap


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMap:
    """An encoded FeatureCollection with its attribution and version."""

    body: bytes
    version: str


def basemap_version(*, zone_id: UUID) -> str | None:
    """Return the version of a zone's basemap, one cheap query; None where it has none."""
    return Basemap.objects.filter(pk=zone_id).values_list("version", flat=True).first()


def basemap_of(*, zone_id: UUID) -> DrawnMap | None:
    """Return what a zone's maps are drawn on: its basemap, else its outline alone; None without such a zone."""
    row = Basemap.objects.filter(pk=zone_id).first()
    if row is not None:
        return DrawnMap(body=orjson.dumps(row.geojson | {"attribution": row.attribution}), version=row.version)
    zone = Zone.objects.filter(pk=zone_id).first()
    if zone is None:
        return None
    rings: list[Any] = [list(map(list, ring)) for ring in zone.polygon.coords]
    outline = {
        "type": "Feature",
        "properties": {"kind": "zone", "name": zone.name},
        "geometry": {"type": "Polygon", "coordinates": rings},
    }
    body = orjson.dumps({"type": "FeatureCollection", "features": [outline], "attribution": ""})
    return DrawnMap(body=body, version="outline")
