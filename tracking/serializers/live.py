"""Shapes of the live views: what a GET answers and what a socket's snapshot carries."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.states import Vehicle
from dispatch.models import Delivery
from dispatch.serializers import DeliveryOutput, MessageOutput, OfferOutput, SessionOutput
from dispatch.states import FINISHED, DeliveryStatus
from fleetsync.core import clock
from fleetsync.core.api import PublicIdField
from orders.serializers import LineOutput, RestaurantOfOrderOutput, ReviewOutput, review_of
from orders.states import OPEN, OrderStatus
from tracking.audience import CUSTOMERS, OPS_AUDIENCES, Audience
from tracking.selectors import LiveOrder

#: How the search goes on inside is nothing a customer can act on.
_SEARCHING = frozenset({DeliveryStatus.CREATED, DeliveryStatus.NO_DRIVER_FOUND})


class PlaceOutput(serializers.Serializer[Any]):
    """A place in degrees."""

    lat = serializers.FloatField()
    lng = serializers.FloatField()


class LiveDoorOutput(PlaceOutput):
    """The door; what stands on it only for those who must find it."""

    address = serializers.CharField(allow_null=True)
    note = serializers.CharField(allow_null=True)


class LiveSaleOutput(serializers.Serializer[Any]):
    """The order's own part."""

    id = PublicIdField("order_id", source="pk")
    code = serializers.CharField()
    status = serializers.ChoiceField(choices=OrderStatus.choices)
    restaurant = RestaurantOfOrderOutput()
    placed_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    ready_at = serializers.DateTimeField(allow_null=True)
    food_ready_at = serializers.DateTimeField(allow_null=True)
    picked_up_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    promised_at = serializers.DateTimeField()
    reason = serializers.CharField()


class LiveCarriageOutput(serializers.Serializer[Any]):
    """The delivery's part."""

    id = PublicIdField("delivery_id", source="pk")
    status = serializers.ChoiceField(choices=DeliveryStatus.choices)
    pickup_eta_at = serializers.DateTimeField(allow_null=True)
    assigned_at = serializers.DateTimeField(allow_null=True)
    arrived_at_pickup_at = serializers.DateTimeField(allow_null=True)
    picked_up_at = serializers.DateTimeField(allow_null=True)
    arrived_at_dropoff_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    pin = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_pin(self, row: Delivery) -> str | None:
        """Return the four digits that the customer tells at the door, until then and to customers alone."""
        return (row.pin or None) if self.context.get("customer") and row.status not in FINISHED else None


class LivePositionOutput(PlaceOutput):
    """Where the driver was seen last, and how long ago."""

    heading_deg = serializers.FloatField(allow_null=True)
    speed_mps = serializers.FloatField(allow_null=True)
    age_s = serializers.FloatField()


class LivePersonOutput(serializers.Serializer[Any]):
    """Who carries it. `doors_before`: other doors he goes to first, while his position is not shown."""

    first_name = serializers.CharField()
    vehicle = serializers.ChoiceField(choices=Vehicle.choices)
    doors_before = serializers.IntegerField()
    position = LivePositionOutput(allow_null=True)


class EtaOutput(serializers.Serializer[Any]):
    """The arrival is between these moments."""

    low_at = serializers.DateTimeField()
    high_at = serializers.DateTimeField()
    cause = serializers.CharField(help_text="Why it moved last; empty while it never did.")


class LiveOrderOutput(serializers.Serializer[LiveOrder]):
    """One order with its delivery, as this viewer may see it; the snapshot of `order:{id}`."""

    seq = serializers.IntegerField(help_text="The last event that is in it: subscribe with `after_seq`.")
    now = serializers.DateTimeField()
    order = serializers.SerializerMethodField()
    dropoff = serializers.SerializerMethodField()
    delivery = serializers.SerializerMethodField()
    driver = serializers.SerializerMethodField()
    eta = serializers.SerializerMethodField()
    review = serializers.SerializerMethodField()

    @extend_schema_field(LiveSaleOutput)
    def get_order(self, live: LiveOrder) -> dict[str, Any]:
        """Return sale and kitchen; why it was rejected or cancelled is between the parties."""
        data = dict(LiveSaleOutput(live.order).data)
        return data | {"reason": ""} if live.viewer.audience is Audience.LINK else data

    @extend_schema_field(LiveDoorOutput(allow_null=True))
    def get_dropoff(self, live: LiveOrder) -> dict[str, Any] | None:
        """Return the door: to the kitchen never, to a driver while it is open, by link only the place."""
        audience, order = live.viewer.audience, live.order
        if audience is Audience.RESTAURANT or (audience is Audience.DRIVER and order.status not in OPEN):
            return None
        text = audience is not Audience.LINK
        return {
            "lat": order.dropoff_point.y,
            "lng": order.dropoff_point.x,
            "address": order.dropoff_address if text else None,
            "note": order.dropoff_note if text else None,
        }

    @extend_schema_field(LiveCarriageOutput(allow_null=True))
    def get_delivery(self, live: LiveOrder) -> dict[str, Any] | None:
        """Return the delivery; to customers every kind of search is a search."""
        if live.delivery is None:
            return None
        customer = live.viewer.audience in CUSTOMERS
        data = dict(LiveCarriageOutput(live.delivery, context={"customer": customer}).data)
        if customer and data["status"] in _SEARCHING:
            data["status"] = DeliveryStatus.SEARCHING.value
        return data

    @extend_schema_field(LivePersonOutput(allow_null=True))
    def get_driver(self, live: LiveOrder) -> dict[str, Any] | None:
        """Return the driver while he holds the order."""
        seen = live.driver
        if seen is None:
            return None
        position = seen.position
        return {
            "first_name": seen.driver.user.get_short_name() if seen.driver.user.name else "",
            "vehicle": seen.driver.vehicle,
            "doors_before": seen.doors_before,
            "position": None
            if position is None
            else {
                "lat": position.point.y,
                "lng": position.point.x,
                "heading_deg": position.heading_deg,
                "speed_mps": position.speed_mps,
                "age_s": round(seen.age_s or 0.0, 1),
            },
        }

    @extend_schema_field(EtaOutput(allow_null=True))
    def get_eta(self, live: LiveOrder) -> dict[str, Any] | None:
        """Return the arrival range: the delivery's, before it exists the promise alone."""
        row = live.delivery
        if row is None or row.eta_low_at is None or row.eta_high_at is None or row.delivered_at is not None:
            return None
        return dict(EtaOutput({"low_at": row.eta_low_at, "high_at": row.eta_high_at, "cause": live.cause}).data)

    @extend_schema_field(ReviewOutput(allow_null=True))
    def get_review(self, live: LiveOrder) -> dict[str, Any] | None:
        """Return rating and tip of what was delivered, to who may write them and to ops."""
        audience = live.viewer.audience
        return review_of(live.order) if audience in CUSTOMERS or audience in OPS_AUDIENCES else None


class KitchenOrderOutput(LiveOrderOutput):
    """An order on the kitchen's screen."""

    seq = None  # type: ignore[assignment]
    now = None  # type: ignore[assignment]
    dropoff = None  # type: ignore[assignment]
    eta = None  # type: ignore[assignment]
    review = None  # type: ignore[assignment]
    lines = LineOutput(many=True, source="order.lines")
    kitchen_note = serializers.CharField(source="order.kitchen_note")
    total_minor = serializers.IntegerField(source="order.total_minor")
    currency = serializers.CharField(source="order.currency")
    accept_by_at = serializers.DateTimeField(source="order.accept_by")


class LiveRestaurantOutput(serializers.Serializer[Any]):
    """A kitchen's screen; the snapshot of `restaurant:{id}`."""

    seq = serializers.IntegerField()
    now = serializers.DateTimeField()
    restaurant_id = PublicIdField("restaurant_id")
    orders = KitchenOrderOutput(many=True)


class ClockOutput(serializers.Serializer[Any]):
    """Business time and its speed."""

    now = serializers.DateTimeField()
    scale = serializers.FloatField()


class LiveDriverOutput(serializers.Serializer[Any]):
    """A driver's own screen; the snapshot of `driver:me`."""

    seq = serializers.IntegerField()
    now = serializers.DateTimeField()
    driver_id = PublicIdField("driver_id")
    session = SessionOutput(allow_null=True)
    offers = OfferOutput(many=True)
    deliveries = DeliveryOutput(many=True)
    messages = MessageOutput(many=True, help_text="Unread, oldest first; read them with POST.")
    clock = serializers.SerializerMethodField()

    @extend_schema_field(ClockOutput)
    def get_clock(self, _live: Any) -> dict[str, Any]:
        """Return the clock that deadlines are counted with."""
        return {"now": clock.now().isoformat(), "scale": clock.scale()}


class PositionInput(serializers.Serializer[Any]):
    """One point of a driver's way (for the documentation; msgspec reads it)."""

    lat = serializers.FloatField(min_value=-90, max_value=90)
    lng = serializers.FloatField(min_value=-180, max_value=180)
    recorded_at = serializers.DateTimeField(help_text="The phone's clock, with an offset.")
    seq = serializers.IntegerField(min_value=0, help_text="Counts up; orders points of one moment.")
    heading_deg = serializers.FloatField(min_value=0, max_value=360, required=False, allow_null=True)
    speed_mps = serializers.FloatField(min_value=0, max_value=150, required=False, allow_null=True)
    accuracy_m = serializers.FloatField(min_value=0, max_value=100_000, required=False, allow_null=True)


class PositionsInput(serializers.Serializer[Any]):
    """Up to a hundred points, in any order."""

    points = PositionInput(many=True)


class PositionsOutput(serializers.Serializer[Any]):
    """How many were taken."""

    accepted = serializers.IntegerField()


__all__ = [
    "LiveDriverOutput", "LiveOrderOutput", "LiveRestaurantOutput", "PlaceOutput", "PositionsInput", "PositionsOutput",
]  # fmt: skip
