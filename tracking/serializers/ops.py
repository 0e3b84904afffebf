"""Shapes of what ops ask about a zone: its map now and then, figures, heat, search."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.states import Vehicle
from dispatch.serializers import DeliveryOutput
from fleetsync.core import ids
from fleetsync.core.api import CoordinatesField, MomentField, PublicIdField, StrictSerializer
from tracking.selectors import Found, LiveZone
from tracking.services import map_row

MOST_MINUTES: Final = 7 * 24 * 60


# --- in -----------------------------------------------------------------------


class MomentQuery(StrictSerializer):
    """A moment of the past, or now."""

    at = MomentField(required=False, help_text="Business time; default: now.")


class HappeningOutput(serializers.Serializer[Any]):
    """One thing that happened; `code` is its order's, empty where it is about none."""

    id = PublicIdField("event_id", source="pk")
    type = serializers.CharField()
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    code = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]


class HappenedOutput(serializers.Serializer[Any]):
    """The last of them, newest first."""

    results = HappeningOutput(many=True)


class PastQuery(StrictSerializer):
    """A moment of the past."""

    at = MomentField(help_text="Business time; a moment to come counts as now.")


class HistoryQuery(StrictSerializer):
    """How far to look back."""

    minutes = serializers.IntegerField(required=False, default=30, min_value=1, max_value=MOST_MINUTES)


class SearchQuery(StrictSerializer):
    """A few letters."""

    q = serializers.CharField(max_length=60, help_text="An order's code, a driver's or a kitchen's name.")


# --- the map --------------------------------------------------------------------


class PersonOutput(serializers.Serializer[Any]):
    """Who is online."""

    id = PublicIdField("driver_id", source="driver_id")
    name = serializers.CharField(source="driver.user.get_full_name")
    vehicle = serializers.ChoiceField(choices=Vehicle.choices, source="driver.vehicle")
    load = serializers.IntegerField()
    capacity = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    off_at = serializers.DateTimeField(allow_null=True)


class OpenOfferOutput(serializers.Serializer[Any]):
    """A question that waits for its answer."""

    id = PublicIdField("offer_id", source="pk")
    delivery_id = PublicIdField("delivery_id")
    driver_id = PublicIdField("driver_id")
    distance_m = serializers.IntegerField()
    offered_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class SearchStateOutput(serializers.Serializer[Any]):
    """How the search for a driver goes."""

    delivery_id = PublicIdField("delivery_id")
    attempt = serializers.IntegerField()
    radius_m = serializers.IntegerField()
    refusals = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)
    search_until = serializers.DateTimeField(allow_null=True)


class KitchenOutput(serializers.Serializer[Any]):
    """A kitchen on the map."""

    id = PublicIdField("restaurant_id", source="pk")
    name = serializers.CharField()
    address = serializers.CharField()
    position = CoordinatesField(source="point")
    paused_until = serializers.DateTimeField(allow_null=True)


class PlacedOutput(serializers.Serializer[Any]):
    """An order that its kitchen has not answered yet."""

    order_id = PublicIdField("order_id", source="pk")
    code = serializers.CharField()
    restaurant_id = PublicIdField("restaurant_id")
    placed_at = serializers.DateTimeField()
    accept_by_at = serializers.DateTimeField(source="accept_by")
    promised_at = serializers.DateTimeField()


class LiveZoneOutput(serializers.Serializer[LiveZone]):
    """The map of ops; the snapshot of `zone:{id}`."""

    seq = serializers.IntegerField(help_text="The last event that is in it; 0 for a moment of the past.")
    now = serializers.DateTimeField()
    zone_id = PublicIdField("zone_id")
    drivers = serializers.SerializerMethodField(help_text="[driver_id, lng, lat, heading_deg, age_s, status] each.")
    people = PersonOutput(many=True, source="sessions")
    deliveries = DeliveryOutput(many=True)
    offers = OpenOfferOutput(many=True)
    searches = SearchStateOutput(many=True)
    restaurants = KitchenOutput(many=True)
    placed = PlacedOutput(many=True)
    causes = serializers.SerializerMethodField(help_text="Why the arrival of an order moved last, by order id.")
    counters = serializers.DictField(child=serializers.IntegerField())

    @extend_schema_field({"type": "array", "items": {"type": "array", "items": {}}})
    def get_drivers(self, live: LiveZone) -> list[list[Any]]:
        """Return the online drivers as short rows, as in `positions` frames."""
        return [map_row(each) for each in live.drivers]

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_causes(self, live: LiveZone) -> dict[str, str]:
        """Return the last cause by order."""
        return {ids.public("order_id", key): cause for key, cause in live.causes.items()}


# --- figures, heat, search --------------------------------------------------------


class RoundOutput(serializers.Serializer[Any]):
    """The last matching run of the zone."""

    ran_at = serializers.DateTimeField(allow_null=True)
    strategy = serializers.CharField()
    fallback = serializers.CharField(help_text="Why a simpler strategy took over; empty: none did.")
    solve_ms = serializers.FloatField(help_text="Real milliseconds.")


class FiguresOutput(serializers.Serializer[Any]):
    """How it goes: two hours of business time."""

    delivered = serializers.IntegerField()
    kept_percent = serializers.FloatField(allow_null=True, help_text="Handed over before the promise.")
    assign_typical_s = serializers.FloatField(
        allow_null=True, help_text="Half of the orders had a driver so soon after they were due."
    )
    assign_slowest_s = serializers.FloatField(allow_null=True, help_text="All but the slowest 5 %.")
    round = RoundOutput(allow_null=True, help_text="Of the past: the last one that decided something.")


class MinuteOutput(serializers.Serializer[Any]):
    """One look."""

    at = serializers.DateTimeField()
    open = serializers.IntegerField()
    late = serializers.IntegerField()


class HistoryOutput(serializers.Serializer[Any]):
    """Minute by minute, oldest first."""

    minutes = MinuteOutput(many=True)


class HeatCellOutput(serializers.Serializer[Any]):
    """An H3 cell."""

    cell = serializers.CharField()
    supply = serializers.IntegerField(help_text="Free drivers.")
    demand = serializers.IntegerField(help_text="Orders of its kitchens that look for a driver.")
    outline = CoordinatesField(many=True)


class HeatOutput(serializers.Serializer[Any]):
    """Supply and demand by cell."""

    at = serializers.DateTimeField()
    cells = HeatCellOutput(many=True)


class FoundOutput(serializers.Serializer[Any]):
    """One hit."""

    kind = serializers.ChoiceField(choices=["order", "driver", "restaurant"])
    id = serializers.SerializerMethodField()
    title = serializers.CharField(help_text="The code, or the name.")
    detail = serializers.CharField()
    state = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field({"type": "string"})
    def get_id(self, found: Found) -> str:
        """Return the public id of its kind."""
        return ids.public(f"{found.kind}_id", found.key)


class SearchOutput(serializers.Serializer[Any]):
    """Orders, then drivers, then kitchens."""

    results = FoundOutput(many=True)


__all__ = [
    "FiguresOutput", "HeatOutput", "HistoryOutput", "HistoryQuery", "LiveZoneOutput", "MomentQuery", "PastQuery",
    "SearchOutput", "SearchQuery",
]  # fmt: skip
