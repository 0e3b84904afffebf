"""Restaurants that come from a map: created once, known again by their OpenStreetMap element."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.contrib.gis.geos import MultiPoint, Point, Polygon

from fleetsync.core.events import change
from fleetsync.core.geo import LngLat, moved, on_plane
from restaurants import errors
from restaurants.events import RestaurantCreated
from restaurants.hours import Opening
from restaurants.menus import MenuSpec
from restaurants.models import OpeningHours, Restaurant, Zone
from restaurants.osm import USUAL_HOURS, FoundPlace
from restaurants.services.menu import write_menu
from restaurants.services.opening import check_week, set_opening_hours
from restaurants.services.restaurants import update_restaurant

#: The words of the map that `refresh` brings.
MAPPED = ("name", "cuisine", "address", "phone")


class Fate(StrEnum):
    """What became of a place."""

    CREATED = "created"
    UPDATED = "updated"
    KEPT = "kept"


def import_place(
    *, place: FoundPlace, zone: Zone, menu: MenuSpec, now: datetime, actor: str, refresh: bool = False
) -> tuple[Restaurant, Fate]:
    """Create the restaurant of a place, with hours and menu; where it is there already, keep it.

    With `refresh` one that is there takes the map's name, place, cuisine, address, phone and hours,
    as far as the map has them; its menu and settings stay. Hours that the map does not tell are
    `USUAL_HOURS`.

    Raises:
        OutsideZones: the place is not in the zone.
        HoursOverlap: two openings of the map overlap.
    """
    point = place.point.to_point()
    if not zone.polygon.covers(point):
        raise errors.OutsideZones(attr="zone")
    there = Restaurant.objects.filter(osm_ref=place.ref).first()
    if there is not None:
        return there, _refresh(there, place, now, actor) if refresh else Fate.KEPT
    openings = place.openings or USUAL_HOURS
    check_week(openings=openings)
    with change(now=now, actor=actor) as emit:
        row = Restaurant.objects.create(
            zone=zone,
            point=point,
            time_zone=zone.time_zone,
            currency=zone.currency,
            created_at=now,
            osm_ref=place.ref,
            **{name: getattr(place, name) for name in MAPPED},
        )
        OpeningHours.objects.bulk_create(
            OpeningHours(restaurant=row, weekday=each.weekday, opens=each.opens, closes=each.closes)
            for each in openings
        )
        write_menu(restaurant=row, menu=menu)
        emit(RestaurantCreated(restaurant_id=row.pk, zone_id=zone.pk))
    return row, Fate.CREATED


def _refresh(row: Restaurant, place: FoundPlace, now: datetime, actor: str) -> Fate:
    changes: dict[str, Any] = {
        name: told for name in MAPPED if (told := getattr(place, name)) and told != getattr(row, name)
    }
    point = place.point.to_point()
    if not row.point.equals_exact(point, 1e-7):
        changes["position"] = point
    if changes:
        update_restaurant(restaurant=row, changes=changes, now=now, actor=actor)
    week = {Opening(weekday=each.weekday, opens=each.opens, closes=each.closes) for each in row.opening_hours.all()}
    other_week = place.openings is not None and set(place.openings) != week
    if place.openings is not None and other_week:
        set_opening_hours(restaurant=row, openings=place.openings, now=now, actor=actor)
    return Fate.UPDATED if changes or other_week else Fate.KEPT


def corners_around(*, points: Sequence[LngLat], margin_m: float) -> list[Point]:
    """Return the corners of an area that holds all the points with so many metres around them.

    The convex hull of the points on a plane through the first one, widened; good for a city.
    """
    origin = points[0]
    hull = MultiPoint([Point(*on_plane(origin, each)) for each in points]).convex_hull.buffer(margin_m, quadsegs=2)
    ring = hull.exterior_ring if isinstance(hull, Polygon) else ()
    return [moved(origin, east, north).to_point() for east, north in [*ring][:-1]]
