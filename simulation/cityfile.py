"""A city of one's own from a JSON file: where it lies and which kitchens it has; people stay made up."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from simulation.city import CENTRE, CitySpec, RestaurantSpec, address_at, offset
from simulation.clients.road import Place, distance_m


class CityFileError(ValueError):
    """The file cannot be used; the message names the file, the field and what was expected."""


def read_city(path: Path, pattern: CitySpec) -> CitySpec:
    """Return the city of a file; what it does not say is taken from `pattern`, moved to its place.

    The file: `{"name", "time_zone", "currency", "center": {"lat", "lng"}, "restaurants":
    [{"name", "cuisine", "lat", "lng"}]}`; everything but `name` and `center` may be left out.

    Raises:
        CityFileError: it cannot be read, or a field is wrong.
    """
    try:
        data = orjson.loads(path.read_bytes())
    except OSError as error:
        raise CityFileError(f"{path}: cannot be read ({error.strerror})") from None
    except orjson.JSONDecodeError as error:
        raise CityFileError(f"{path}, line {error.lineno}: expected JSON ({error.msg})") from None
    if not isinstance(data, dict):
        raise CityFileError(f"{path}: expected an object with name and center")
    centre = _place(path, "center", data.get("center"))
    zone_name = data.get("time_zone", pattern.time_zone)
    try:
        ZoneInfo(str(zone_name))
    except (ZoneInfoNotFoundError, ValueError):
        raise CityFileError(f"{path}, field time_zone: expected an IANA name, got {zone_name!r}") from None
    restaurants = _restaurants(path, data, pattern, centre)
    return replace(
        pattern,
        name=_text(path, "name", data.get("name")),
        time_zone=str(zone_name),
        currency=_text(path, "currency", data.get("currency", pattern.currency)),
        outline=tuple(_moved(corner, centre) for corner in pattern.outline),
        restaurants=restaurants,
        drivers=tuple(replace(person, place=_moved(person.place, centre)) for person in pattern.drivers),
        customers=tuple(replace(person, place=_moved(person.place, centre)) for person in pattern.customers),
    )


def _restaurants(path: Path, data: dict[str, Any], pattern: CitySpec, centre: Place) -> tuple[RestaurantSpec, ...]:
    given = data.get("restaurants")
    if given is None:
        return tuple(replace(spec, place=_moved(spec.place, centre)) for spec in pattern.restaurants)
    if not isinstance(given, list) or not given:
        raise CityFileError(f"{path}, field restaurants: expected a list of at least one")
    found: list[RestaurantSpec] = []
    for number, each in enumerate(given):
        field = f"restaurants[{number}]"
        if not isinstance(each, dict):
            raise CityFileError(f"{path}, field {field}: expected an object")
        cuisine = each.get("cuisine")
        alike = [spec for spec in pattern.restaurants if spec.cuisine == cuisine] or list(pattern.restaurants)
        like = Random(f"{number}").choice(alike)
        place = _place(path, field, each)
        if distance_m(place, centre) > 4000:
            raise CityFileError(f"{path}, field {field}: expected a place within 4 km of the center")
        name = _text(path, f"{field}.name", each.get("name"))
        found.append(
            replace(like, name=name, cuisine=str(cuisine or like.cuisine), place=place, address=address_at(place))
        )
    return tuple(found)


def _moved(place: Place, centre: Place) -> Place:
    """Return the place as far from `centre` as it was from the pattern's."""
    north = math.radians(place.lat - CENTRE.lat) * 6_371_008.8
    east = math.radians(place.lng - CENTRE.lng) * 6_371_008.8 * math.cos(math.radians(CENTRE.lat))
    return offset(centre, east, north)


def _place(path: Path, field: str, value: Any) -> Place:
    try:
        place = Place(float(value["lat"]), float(value["lng"]))
    except (TypeError, KeyError, ValueError):
        raise CityFileError(f"{path}, field {field}: expected lat and lng in degrees, got {value!r}") from None
    if not (-85 <= place.lat <= 85 and -180 <= place.lng <= 180):
        raise CityFileError(f"{path}, field {field}: expected -85 to 85 and -180 to 180, got {value!r}")
    return place


def _text(path: Path, field: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 80:
        raise CityFileError(f"{path}, field {field}: expected a name, got {value!r}")
    return value.strip()
