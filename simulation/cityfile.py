"""A real city from an OpenStreetMap extract: its places to eat; menus and people stay made up."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median

from restaurants.osm import FoundPlace, find_places
from simulation.city import CENTRE, KITCHENS_WITHIN_M, CitySpec, RestaurantSpec, address_at, offset
from simulation.clients.road import Place, distance_m

SAME_TIME_DEG = 5.0


def read_city(path: Path, pattern: CitySpec, *, restaurants: int, seed: int) -> CitySpec:
    """Return the city of an extract: so many of its places to eat, around the middle of all of them.

    What the map does not say, menus above all, is taken from `pattern`, moved to its place. The time
    zone is the pattern's near it, else the one of the longitude.

    Raises:
        restaurants.osm.OsmPlacesError: the file is missing, unreadable, or has no place to eat.
    """
    found = find_places(path)
    centre = Place(median(each.point.lat for each in found), median(each.point.lng for each in found))
    near = [each for each in found if distance_m(Place(each.point.lat, each.point.lng), centre) <= KITCHENS_WITHIN_M]
    names: set[str] = set()
    chosen: list[FoundPlace] = []
    for each in Random(f"{seed}:places").sample(near, len(near)):
        if each.name not in names and len(chosen) < restaurants:
            names.add(each.name)
            chosen.append(each)
    return replace(
        pattern,
        name=path.name.partition(".")[0].replace("_", " ").replace("-", " ").title(),
        time_zone=_time_zone(centre, pattern.time_zone),
        centre=centre,
        outline=tuple(_moved(corner, centre) for corner in pattern.outline),
        restaurants=tuple(_restaurant(each, pattern) for each in chosen),
        drivers=tuple(replace(person, place=_moved(person.place, centre)) for person in pattern.drivers),
        customers=tuple(replace(person, place=_moved(person.place, centre)) for person in pattern.customers),
    )


def _restaurant(found: FoundPlace, pattern: CitySpec) -> RestaurantSpec:
    chance = Random(found.ref)
    alike = [spec for spec in pattern.restaurants if spec.cuisine.lower() == found.cuisine.lower()]
    like = chance.choice(alike or list(pattern.restaurants))
    place = Place(found.point.lat, found.point.lng)
    openings = found.openings
    hours = tuple((each.weekday, f"{each.opens:%H:%M}", f"{each.closes:%H:%M}") for each in openings or ())
    return replace(
        like,
        name=found.name[:120],
        cuisine=found.cuisine[:60] or like.cuisine,
        place=place,
        address=(found.address or address_at(place))[:200],
        phone=found.phone[:32],
        hours=tuple({(day, opens): (day, opens, closes) for day, opens, closes in hours}.values()) or like.hours,
    )


def _moved(place: Place, centre: Place) -> Place:
    """Return the place as far from `centre` as it was from the pattern's."""
    north = math.radians(place.lat - CENTRE.lat) * 6_371_008.8
    east = math.radians(place.lng - CENTRE.lng) * 6_371_008.8 * math.cos(math.radians(CENTRE.lat))
    return offset(centre, east, north)


def _time_zone(centre: Place, usual: str) -> str:
    if abs(centre.lng - CENTRE.lng) <= SAME_TIME_DEG and abs(centre.lat - CENTRE.lat) <= SAME_TIME_DEG:
        return usual
    hours = round(centre.lng / 15.0)
    return "UTC" if hours == 0 else f"Etc/GMT{-hours:+d}"  # there, the sign is the other way round
