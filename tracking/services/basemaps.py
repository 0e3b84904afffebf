"""What maps are drawn on."""

import hashlib
from typing import Any
from uuid import UUID

import orjson

from tracking.models import Basemap


def set_basemap(*, zone_id: UUID, geojson: dict[str, Any], attribution: str = "") -> Basemap:
    """Keep what the maps of a zone are drawn on; the same content keeps its version."""
    digest = hashlib.sha256(orjson.dumps([geojson, attribution], option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    basemap, _ = Basemap.objects.update_or_create(
        zone_id=zone_id, defaults={"geojson": geojson, "attribution": attribution, "version": digest}
    )
    return basemap
