"""What every endpoint shares: strict serializers, public ids, coordinates, cursor lists, views."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.contrib.gis.geos import Point
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet, ViewSet

from fleetsync.core import clock, ids
from fleetsync.core.geo import LngLat
from fleetsync.core.idempotency import IdempotentPosts
from fleetsync.core.pagination import Cursor

#: A moment that a client gives lies at most so far from now: nobody plans or looks back farther, and the
#: arithmetic around it (a day more, another time zone) stays inside the calendar.
FAR: Final = timedelta(days=3_653)
TOO_FAR: Final = "Expected a moment within ten years of now."


class StrictSerializer(serializers.Serializer[Any]):
    """A declared serializer that refuses unknown fields instead of ignoring them."""

    def to_internal_value(self, data: Any) -> Any:
        """Check the shape, then that nothing else was sent."""
        if isinstance(data, dict):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            unknown = sorted(set(data) - writable)
            if unknown:
                raise serializers.ValidationError(
                    {name: [serializers.ErrorDetail("Unknown field.", code="unknown-field")] for name in unknown}
                )
        return super().to_internal_value(data)


class PublicIdField(serializers.Field[UUID, str, str, Any]):
    """A prefixed public id outside, a UUID inside. `PublicIdField("order_id", source="pk")`."""

    default_error_messages = {"invalid": "Not a valid id here: expected {prefix}_ and 26 letters or digits."}

    def __init__(self, kind: str, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(**kwargs)

    def to_representation(self, value: Any) -> str:
        """Return the public id of a UUID or of a row."""
        return ids.public(self.kind, getattr(value, "pk", value))

    def to_internal_value(self, data: Any) -> UUID:
        """Return the UUID, or refuse."""
        try:
            return ids.private(self.kind, data if isinstance(data, str) else "")
        except ids.BadId:
            self.fail("invalid", prefix=ids.PREFIXES[self.kind])


class MomentField(serializers.DateTimeField):
    """A moment that a client gives: within ten years of now."""

    default_error_messages = {"far": TOO_FAR}

    def to_internal_value(self, value: Any) -> datetime:
        """Return the moment, or refuse."""
        moment = super().to_internal_value(value)
        if abs(moment - clock.now()) > FAR:
            self.fail("far")
        return moment


class DayField(serializers.DateField):
    """A day that a client names: within ten years of now."""

    default_error_messages = {"far": TOO_FAR}

    def to_internal_value(self, value: Any) -> date:
        """Return the day, or refuse."""
        day = super().to_internal_value(value)
        if abs(day - clock.now().date()) > FAR:
            self.fail("far")
        return day


class CoordinatesField(StrictSerializer):
    """`{"lat": 52.1, "lng": 4.3}`: numbers in degrees; no WKT, no GeoJSON, no NaN, no booleans."""

    lat = serializers.DecimalField(
        max_digits=None, decimal_places=None, min_value=Decimal(-90), max_value=Decimal(90), coerce_to_string=False
    )
    lng = serializers.DecimalField(
        max_digits=None, decimal_places=None, min_value=Decimal(-180), max_value=Decimal(180), coerce_to_string=False
    )

    def to_internal_value(self, data: Any) -> Any:
        """Return a GEOS point, SRID 4326."""
        if isinstance(data, dict):
            for name in ("lat", "lng"):
                if name in data and (isinstance(data[name], (bool, str)) or data[name] is None):
                    raise serializers.ValidationError({name: "A number of degrees is expected."})
        place = super().to_internal_value(data)
        return Point(float(place["lng"]), float(place["lat"]), srid=4326)

    def to_representation(self, instance: Any) -> dict[str, float]:
        """Return degrees of a stored point or a `LngLat`."""
        if isinstance(instance, LngLat):
            return {"lat": instance.lat, "lng": instance.lng}
        return {"lat": instance.y, "lng": instance.x}


class ApiView(IdempotentPosts, APIView):
    """Base of single endpoints."""


class ApiViewSet(IdempotentPosts, GenericViewSet[Any]):
    """Base of viewsets over a queryset. `visible_to(user)` of the model decides what exists."""

    pagination_class = Cursor
    lookup_field = "pk"


class ApiActions(IdempotentPosts, ViewSet):
    """Base of viewsets without a queryset."""


def checked(shape: type[serializers.BaseSerializer[Any]], data: Any, *, partial: bool = False) -> dict[str, Any]:
    """Return the validated body or query parameters, or refuse with 400."""
    serializer = shape(data=data, partial=partial)
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values


def accepted(data: Any, *, location: str) -> Response:
    """Return 202: taken on, not yet done; `location` says where to look."""
    return Response(data, status=202, headers={"Location": location, "Retry-After": "1"})


def actor_of(request: Request) -> str:
    """Return who acts, for the event log."""
    return ids.encode("usr", request.user.pk) if request.user.is_authenticated else "anonymous"
