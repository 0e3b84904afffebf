"""Shapes of restaurants, hours, closures and staff."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.states import Vehicle
from fleetsync.core.api import CoordinatesField, MomentField, PublicIdField, StrictSerializer
from fleetsync.core.geo import LngLat
from restaurants import conf, hours
from restaurants.models import Restaurant, validate_time_zone
from restaurants.selectors import Listed, schedule_of


class TimeZoneField(serializers.CharField):
    """An IANA name, e.g. America/New_York."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, validators=[validate_time_zone], **kwargs)


class ListedSerializer(serializers.Serializer[Any]):
    """A restaurant in a list; `distance_m` where a place was given."""

    id = PublicIdField("restaurant_id", read_only=True)
    name = serializers.CharField(read_only=True)
    cuisine = serializers.CharField(read_only=True)
    address = serializers.CharField(read_only=True)
    position = CoordinatesField(read_only=True)
    zone_id = PublicIdField("zone_id", read_only=True)
    currency = serializers.CharField(read_only=True)
    preparation_min = serializers.IntegerField(read_only=True)
    minimum_minor = serializers.IntegerField(read_only=True)
    delivery_radius_m = serializers.IntegerField(read_only=True)
    is_open = serializers.BooleanField(read_only=True)
    distance_m = serializers.IntegerField(read_only=True, allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return plain values; `instance` is a `Listed`, or a row with prefetched hours."""
        listed = isinstance(instance, Listed)
        place = LngLat(instance.lng, instance.lat) if listed else LngLat(instance.point.x, instance.point.y)
        return {
            "id": PublicIdField("restaurant_id").to_representation(instance.id),
            "name": instance.name,
            "cuisine": instance.cuisine,
            "address": instance.address,
            "position": {"lat": place.lat, "lng": place.lng},
            "zone_id": PublicIdField("zone_id").to_representation(instance.zone_id),
            "currency": instance.currency,
            "preparation_min": instance.preparation_min,
            "minimum_minor": instance.minimum_minor,
            "delivery_radius_m": instance.delivery_radius_m,
            "is_open": instance.is_open if listed else self._is_open(instance),
            "distance_m": instance.distance_m if listed else None,
        }

    def _is_open(self, row: Restaurant) -> bool:
        return row.published and hours.is_open(schedule=schedule_of(restaurant=row), at=self.context["now"])


class RestaurantPageSerializer(serializers.Serializer[Any]):
    """One page of restaurants; `next` continues it."""

    results = ListedSerializer(many=True, read_only=True)
    next = serializers.CharField(read_only=True, allow_null=True)


class RestaurantSerializer(serializers.Serializer[Any]):
    """A restaurant with its settings."""

    id = PublicIdField("restaurant_id", read_only=True)
    name = serializers.CharField(read_only=True)
    cuisine = serializers.CharField(read_only=True)
    address = serializers.CharField(read_only=True)
    phone = serializers.CharField(read_only=True)
    position = CoordinatesField(source="point", read_only=True)
    zone_id = PublicIdField("zone_id", read_only=True)
    time_zone = serializers.CharField(read_only=True)
    currency = serializers.CharField(read_only=True)
    preparation_min = serializers.IntegerField(read_only=True)
    auto_accept = serializers.BooleanField(read_only=True)
    accept_within_s = serializers.IntegerField(read_only=True)
    max_open_orders = serializers.IntegerField(read_only=True, allow_null=True)
    minimum_minor = serializers.IntegerField(read_only=True)
    delivery_radius_m = serializers.IntegerField(read_only=True)
    vehicles = serializers.ListField(child=serializers.ChoiceField(Vehicle.choices), read_only=True)
    published = serializers.BooleanField(read_only=True)
    always_open = serializers.BooleanField(read_only=True)
    paused_until = serializers.DateTimeField(read_only=True, allow_null=True)
    pause_reason = serializers.CharField(read_only=True)
    menu_version = serializers.IntegerField(read_only=True)
    is_open = serializers.SerializerMethodField()
    next_opening_at = serializers.SerializerMethodField()
    closes_at = serializers.SerializerMethodField()

    def get_is_open(self, row: Restaurant) -> bool:
        """Say whether it takes orders at the context's `now`."""
        return row.published and hours.is_open(schedule=schedule_of(restaurant=row), at=self.context["now"])

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_opening_at(self, row: Restaurant) -> str | None:
        """Return when it next takes orders; now if it does."""
        if not row.published:
            return None
        moment = hours.next_opening(schedule=schedule_of(restaurant=row), at=self.context["now"])
        return moment.isoformat() if moment else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_closes_at(self, row: Restaurant) -> str | None:
        """Return when the present opening ends."""
        moment = hours.closes_at(schedule=schedule_of(restaurant=row), at=self.context["now"])
        return moment.isoformat() if moment else None


class RestaurantSettings(StrictSerializer):
    """What may be changed; the zone follows from the position, the currency stays."""

    name = serializers.CharField(max_length=120)
    position = CoordinatesField()
    address = serializers.CharField(max_length=200, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=32, required=False, allow_blank=True)
    cuisine = serializers.CharField(max_length=60, required=False, allow_blank=True)
    time_zone = TimeZoneField(required=False, help_text="Default: the zone's.")
    preparation_min = serializers.IntegerField(min_value=1, max_value=240, required=False)
    auto_accept = serializers.BooleanField(required=False)
    accept_within_s = serializers.IntegerField(min_value=30, max_value=3_600, required=False)
    max_open_orders = serializers.IntegerField(
        min_value=1, max_value=500, required=False, allow_null=True, help_text="In the kitchen at once; null: no limit."
    )
    minimum_minor = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False)
    delivery_radius_m = serializers.IntegerField(min_value=100, max_value=100_000, required=False)
    vehicles = serializers.MultipleChoiceField(
        choices=Vehicle.choices, required=False, help_text="What may carry its orders; none: anything."
    )
    published = serializers.BooleanField(required=False)
    always_open = serializers.BooleanField(required=False)

    def validate_vehicles(self, chosen: set[str]) -> list[str]:
        """Return them each once, in a fixed order."""
        return sorted(chosen)


class OpeningSerializer(StrictSerializer):
    """One opening of a weekday, local time; `closes` at or before `opens` is on the next day."""

    weekday = serializers.IntegerField(min_value=0, max_value=6, help_text="Monday is 0.")
    opens = serializers.TimeField(format="%H:%M")
    closes = serializers.TimeField(format="%H:%M")


class HoursInput(StrictSerializer):
    """The whole week; what was there before is replaced."""

    always_open = serializers.BooleanField(required=False)
    hours = serializers.ListField(child=OpeningSerializer(), max_length=conf.MAX_OPENINGS)


class HoursAnswer(serializers.Serializer[Any]):
    """The week, and what it means now."""

    time_zone = serializers.CharField(read_only=True)
    always_open = serializers.BooleanField(read_only=True)
    is_open = serializers.BooleanField(read_only=True)
    next_opening_at = serializers.DateTimeField(read_only=True, allow_null=True)
    hours = OpeningSerializer(many=True, read_only=True)


class ClosureSerializer(serializers.Serializer[Any]):
    """A time when it is closed whatever its hours say."""

    id = PublicIdField("closure_id", read_only=True)
    starts_at = serializers.DateTimeField(read_only=True)
    ends_at = serializers.DateTimeField(read_only=True)
    reason = serializers.CharField(read_only=True)


class ClosureInput(StrictSerializer):
    """A closure; moments carry their offset."""

    starts_at = MomentField()
    ends_at = MomentField()
    reason = serializers.CharField(max_length=120, required=False, allow_blank=True)


class PauseInput(StrictSerializer):
    """For so many minutes, or until a moment; neither means an hour."""

    minutes = serializers.IntegerField(min_value=1, max_value=conf.MAX_PAUSE_DAYS * 1_440, required=False)
    until = MomentField(required=False)
    reason = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take one of the two."""
        if "minutes" in attrs and "until" in attrs:
            raise serializers.ValidationError({"until": "Give minutes or until, not both."})
        return attrs


class StaffSerializer(serializers.Serializer[Any]):
    """Somebody who works there."""

    user_id = PublicIdField("user_id", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)


class StaffInput(StrictSerializer):
    """Whom to add: a user with the role RESTAURANT."""

    email = serializers.EmailField(max_length=254)
