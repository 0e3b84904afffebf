"""A real city from an OpenStreetMap extract: its places to eat and its streets; menus and people stay made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median

from fleetsync.core.geo import LngLat
from restaurants.osm import USUAL_HOURS, FoundPlace, find_places, time_zone_at
from restaurants.services import corners_around
from simulation.city import DOORS_WITHIN_M, KITCHENS_WITHIN_M, CitySpec, RestaurantSpec
from simulation.clients.road import Place, distance_m
from simulation.kitchens import kitchen_of, menu_for
from simulation.roads import RealStreets

#: The zone reaches so far beyond what lies in it.
MARGIN_M = 150.0


def city_name(path: Path) -> str:
    """Return what the city of an extract is called: `new_york.osm.pbf` is New York."""
    return path.name.partition(".")[0].replace("_", " ").replace("-", " ").title()


def read_city(path: Path, streets: RealStreets, pattern: CitySpec, *, restaurants: int, seed: int) -> CitySpec:
    """Return the city of an extract: so many of its places to eat, around the middle of all of them.

    What the map does not say, menus and people above all, is made up as in `pattern`. The zone holds
    the streets around.

    Raises:
        restaurants.osm.OsmPlacesError: the file is missing, unreadable, or has no place to eat.
    """
    found = find_places(path)
    centre = Place(median(each.point.lat for each in found), median(each.point.lng for each in found))
    near = [each for each in found if distance_m(_place(each), centre) <= KITCHENS_WITHIN_M]
    chosen = Random(f"{seed}:places").sample(near, min(restaurants, len(near)))
    inside = [*map(_place, chosen), *streets.within(centre, DOORS_WITHIN_M)]
    corners = corners_around(points=[LngLat(place.lng, place.lat) for place in inside], margin_m=MARGIN_M)
    return replace(
        pattern,
        name=city_name(path),
        time_zone=time_zone_at(LngLat(centre.lng, centre.lat)),
        centre=centre,
        outline=tuple(Place(corner.y, corner.x) for corner in corners),
        restaurants=tuple(_restaurant(each, streets, pattern) for each in chosen),
    )


def _place(found: FoundPlace) -> Place:
    return Place(found.point.lat, found.point.lng)


def _restaurant(found: FoundPlace, streets: RealStreets, pattern: CitySpec) -> RestaurantSpec:
    like = Random(found.ref).choice(pattern.restaurants)
    hours = {
        (each.weekday, each.opens): (each.weekday, f"{each.opens:%H:%M}", f"{each.closes:%H:%M}")
        for each in found.openings or USUAL_HOURS
    }
    return replace(
        like,
        name=found.name,
        cuisine=found.cuisine or kitchen_of(found).name,
        place=_place(found),
        address=found.address or streets.address_at(_place(found)),
        phone=found.phone,
        hours=tuple(hours.values()),
        menu=menu_for(found),
        osm_ref=found.ref,
    )
