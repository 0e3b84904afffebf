"""Geography: points are lng, lat inside, SRID 4326; distances are metres."""

import math
from typing import Any, Final, NamedTuple

from django.contrib.gis.db.models import PointField
from django.contrib.gis.geos import Point as GeosPoint
from django.db import models
from django.db.models import CheckConstraint
from django.db.models.expressions import RawSQL

EARTH_RADIUS_M: Final = 6_371_008.8
SRID: Final = 4326


class LngLat(NamedTuple):
    """A place in degrees, east and north positive."""

    lng: float
    lat: float

    def to_point(self) -> GeosPoint:
        """Return the GEOS point, SRID 4326."""
        return GeosPoint(self.lng, self.lat, srid=SRID)


def lng_lat(point: GeosPoint) -> LngLat:
    """Return the degrees of a stored point."""
    return LngLat(point.x, point.y)


def distance_m(a: LngLat, b: LngLat) -> float:
    """Return the great-circle distance in metres (haversine, mean Earth radius; within 0.5 %)."""
    phi_a, phi_b = math.radians(a.lat), math.radians(b.lat)
    half_phi, half_lambda = (phi_b - phi_a) / 2, math.radians(b.lng - a.lng) / 2
    h = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def moved(origin: LngLat, east_m: float, north_m: float) -> LngLat:
    """Return the place so many metres east and north, on a local plane; longitude wraps at 180."""
    lat = origin.lat + math.degrees(north_m / EARTH_RADIUS_M)
    lng = origin.lng + math.degrees(east_m / (EARTH_RADIUS_M * math.cos(math.radians(origin.lat))))
    return LngLat((lng + 180.0) % 360.0 - 180.0, lat)


def on_plane(origin: LngLat, place: LngLat) -> tuple[float, float]:
    """Return metres east and north of `origin`, on a local plane; the way back of `moved`."""
    east_deg = (place.lng - origin.lng + 180.0) % 360.0 - 180.0
    east = math.radians(east_deg) * EARTH_RADIUS_M * math.cos(math.radians(origin.lat))
    return east, math.radians(place.lat - origin.lat) * EARTH_RADIUS_M


class ValidPoint(CheckConstraint):
    """Keep NaN, infinity, out-of-range and EMPTY out of a point column.

    `geometry(Point, 4326)` alone accepts all four. Forms are checked by their own fields,
    so `validate` has nothing to add.
    """

    def __init__(self, *, field: str, name: str) -> None:
        self.field = field
        sql = (
            f'NOT ST_IsEmpty("{field}") AND ST_X("{field}") BETWEEN -180 AND 180 AND ST_Y("{field}") BETWEEN -90 AND 90'
        )
        condition = RawSQL(sql, [], output_field=models.BooleanField())  # noqa: S611 (field names of our own models)
        super().__init__(condition=condition, name=name)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return how a migration writes this constraint."""
        return "fleetsync.core.geo.ValidPoint", (), {"field": self.field, "name": self.name}

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Leave it to the field and the database."""


__all__ = ["SRID", "LngLat", "PointField", "ValidPoint", "distance_m", "lng_lat", "moved"]
