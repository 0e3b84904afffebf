"""Reads the places to eat of an OpenStreetMap extract: names, cuisines, hours, points.

Tags as in the OpenStreetMap wiki, "Key:amenity", "Key:cuisine", "Key:opening_hours".
The data is © OpenStreetMap contributors, ODbL.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final

from fleetsync.core.geo import LngLat
from restaurants.hours import Opening

AMENITIES: Final = frozenset({"restaurant", "fast_food", "cafe", "ice_cream"})
#: What the licence asks to be shown wherever the data is.
ATTRIBUTION: Final = "© OpenStreetMap contributors, ODbL"
#: A week without a holiday: its Monday.
_MONDAY: Final = datetime(2024, 1, 8)  # noqa: DTZ001 - wall time of no place in particular
_WEEK: Final = timedelta(days=7)


class OsmPlacesError(ValueError):
    """The extract cannot be read, or has no named place to eat."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPlace:
    """One place to eat. `openings` is None where the map tells no usable hours; `hours` is what it tells."""

    ref: str
    amenity: str
    name: str
    point: LngLat
    cuisine: str
    address: str
    phone: str
    hours: str
    openings: tuple[Opening, ...] | None


def openings_of(text: str) -> tuple[Opening, ...] | None:
    """Return the weekly openings of an `opening_hours` tag, or None where it is not understood.

    Holidays and seasons are left out; `24/7` is seven openings from midnight to midnight.
    """
    from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]

    try:
        spans = list(OpeningHours(text).intervals(_MONDAY, _MONDAY + _WEEK))
    except ParserError:
        return None
    openings = []
    for start, end, state, _comment in spans:
        if state != State.OPEN:
            continue
        while end - start > timedelta(days=1):  # several days on end: one opening each
            openings.append(Opening(weekday=start.weekday(), opens=start.time(), closes=start.time()))
            start += timedelta(days=1)  # noqa: PLW2901
        openings.append(Opening(weekday=start.weekday(), opens=start.time(), closes=end.time()))
    return tuple(openings) or None


def find_places(path: Path) -> list[FoundPlace]:
    """Return the named places to eat of an extract, by name and reference.

    A building counts at the middle of its outline.

    Raises:
        OsmPlacesError: missing, unreadable, or nothing found.
    """
    import osmium

    if not path.is_file():
        raise OsmPlacesError(f"{path}: no such file; expected an OpenStreetMap extract such as city.osm.pbf")
    found: list[FoundPlace] = []
    try:
        for thing in osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations():
            tags = {tag.k: tag.v for tag in thing.tags}
            if tags.get("amenity") not in AMENITIES or not tags.get("name"):
                continue
            if isinstance(thing, osmium.osm.Node):
                point = LngLat(thing.location.lon, thing.location.lat)
            else:
                corners = [node.location for node in getattr(thing, "nodes", ()) if node.location.valid()]
                if not corners:
                    continue
                point = LngLat(sum(c.lon for c in corners) / len(corners), sum(c.lat for c in corners) / len(corners))
            found.append(_place(f"{type(thing).__name__.lower()}/{thing.id}", tags, point))
    except RuntimeError as error:
        raise OsmPlacesError(f"{path}: not readable as OpenStreetMap data ({error})") from error
    if not found:
        raise OsmPlacesError(f"{path}: no named place to eat in it")
    return sorted(found, key=lambda place: (place.name, place.ref))


def _place(ref: str, tags: Mapping[str, str], point: LngLat) -> FoundPlace:
    cuisine = re.split("[;,]", tags.get("cuisine", ""))[0].replace("_", " ").strip().capitalize()
    street = " ".join(filter(None, (tags.get("addr:housenumber"), tags.get("addr:street"))))
    return FoundPlace(
        ref=ref,
        amenity=tags["amenity"],
        name=tags["name"][:120],
        point=point,
        cuisine=(cuisine or {"cafe": "Coffee", "ice_cream": "Ice cream"}.get(tags["amenity"], ""))[:60],
        address=", ".join(filter(None, (street, tags.get("addr:city"))))[:200],
        phone=(tags.get("phone") or tags.get("contact:phone", ""))[:32],
        hours=tags.get("opening_hours", ""),
        openings=openings_of(tags["opening_hours"]) if tags.get("opening_hours") else None,
    )


#: Hours of a place whose map tells none: eleven in the morning to eleven at night.
USUAL_HOURS: Final = tuple(Opening(weekday=day, opens=time(11, 0), closes=time(23, 0)) for day in range(7))


def time_zone_at(point: LngLat) -> str:
    """Return the IANA time zone of a place; on the high seas that of its longitude."""
    import tzfpy

    return tzfpy.get_tz(point.lng, point.lat) or "UTC"
