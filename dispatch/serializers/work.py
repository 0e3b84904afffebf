"""Shapes of sessions, offers, deliveries and shifts, in and out."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.states import Role
from dispatch.conf import CANNED_TEXTS, conf_of
from dispatch.models import Delivery
from dispatch.states import DeliveryStatus, OfferStatus, SessionStatus
from fleetsync.core.api import CoordinatesField, DayField, MomentField, PublicIdField, StrictSerializer

REASON_HELP = "A word or a sentence; ops read it."


# --- in ------------------------------------------------------------------------


class SessionInput(StrictSerializer):
    """Where the driver stands, and until when he works."""

    position = CoordinatesField()
    off_at = MomentField(required=False, help_text="No pickup after this; default: the shift's end.")


class ReasonInput(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=64, help_text=REASON_HELP)


class DropOffInput(StrictSerializer):
    """What the customer told."""

    pin = serializers.RegexField(
        r"^[0-9]{4}$", required=False, help_text="The four digits that the customer sees; needed where `pin_required`."
    )


class EarningsQuery(StrictSerializer):
    """Which day."""

    day = DayField(required=False, help_text="In the city's time zone; default: today.")


class AssignInput(StrictSerializer):
    """Who shall carry it."""

    driver_id = PublicIdField("driver_id")


class PriorityInput(StrictSerializer):
    """How much it counts."""

    priority = serializers.IntegerField(min_value=-10, max_value=10, help_text="0 is usual; above goes first.")


class MessageInput(StrictSerializer):
    """What to tell a driver: own words, or the code of a ready text."""

    text = serializers.CharField(required=False, max_length=500)
    canned = serializers.ChoiceField(choices=list(CANNED_TEXTS.items()), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take one of the two, and return the text."""
        if len(attrs) != 1:
            raise serializers.ValidationError({"text": "Send either `text` or `canned`."})
        return {"text": attrs["text"] if "text" in attrs else CANNED_TEXTS[attrs["canned"]]}


class MessageQuery(StrictSerializer):
    """Which page of messages."""

    cursor = serializers.CharField(required=False)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100)


class OfferQuery(StrictSerializer):
    """Which offers."""

    status = serializers.ChoiceField(choices=OfferStatus.choices, required=False)
    cursor = serializers.CharField(required=False)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100)


class DeliveryQuery(StrictSerializer):
    """Which deliveries."""

    status = serializers.ChoiceField(choices=DeliveryStatus.choices, required=False)
    active = serializers.BooleanField(required=False, help_text="true: only those a driver holds.")
    cursor = serializers.CharField(required=False)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100)


class NearbyQuery(StrictSerializer):
    """Around which restaurant, how far, how many."""

    restaurant = PublicIdField("restaurant_id")
    radius_m = serializers.FloatField(required=False, min_value=1, max_value=50_000, default=3_000)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100, default=10)


class ShiftQuery(StrictSerializer):
    """Whose shifts."""

    driver = PublicIdField("driver_id", required=False)
    cursor = serializers.CharField(required=False)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100)


class ShiftInput(StrictSerializer):
    """Who works from when to when."""

    driver_id = PublicIdField("driver_id")
    starts_at = MomentField()
    ends_at = MomentField()
    break_from = MomentField(required=False, help_text="A planned break: no trip runs into it.")
    break_to = MomentField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Let time run forward."""
        if attrs["ends_at"] <= attrs["starts_at"]:
            raise serializers.ValidationError({"ends_at": "Must be later than starts_at."})
        return attrs


# --- out -----------------------------------------------------------------------


class SessionOutput(StrictSerializer):
    """A driver's online lease."""

    id = PublicIdField("session_id", source="pk")
    status = serializers.ChoiceField(choices=SessionStatus.choices)
    zone_id = PublicIdField("zone_id")
    load = serializers.IntegerField(help_text="Deliveries held now.")
    capacity = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    lease_until = serializers.DateTimeField(help_text="Silence past this ends the session; each ping renews it.")
    off_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField()


class PickupOutput(StrictSerializer):
    """The counter."""

    id = PublicIdField("restaurant_id", source="pk")
    name = serializers.CharField()
    position = CoordinatesField(source="point")
    address = serializers.CharField()


class OfferOutput(StrictSerializer):
    """One question to one driver. Offers that share `batch_id` are answered together."""

    id = PublicIdField("offer_id", source="pk")
    batch_id = PublicIdField("batch_id")
    status = serializers.ChoiceField(choices=OfferStatus.choices)
    delivery_id = PublicIdField("delivery_id")
    order_id = PublicIdField("order_id", source="delivery.order_id")
    driver_id = PublicIdField("driver_id")
    restaurant = PickupOutput(source="delivery.restaurant")
    dropoff = CoordinatesField(source="delivery.dropoff_point")
    distance_m = serializers.IntegerField(help_text="Straight line to the restaurant when offered.")
    drop_sequence = serializers.IntegerField()
    pickup_eta_at = serializers.DateTimeField()
    dropoff_eta_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(source="delivery.ready_at")
    pay_minor = serializers.IntegerField()
    tip_minor = serializers.IntegerField(source="delivery.order.tip_minor", help_text="Comes on top of the pay.")
    currency = serializers.CharField(source="delivery.order.currency")
    due_at = serializers.DateTimeField(allow_null=True)
    offered_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    reason = serializers.CharField()


class DoorOutput(StrictSerializer):
    """The door."""

    lat = serializers.FloatField()
    lng = serializers.FloatField()
    address = serializers.CharField()
    note = serializers.CharField()


class DeliveryOutput(StrictSerializer):
    """The job of carrying one order."""

    id = PublicIdField("delivery_id", source="pk")
    order_id = PublicIdField("order_id")
    code = serializers.CharField(source="order.code", help_text="What is said at the counter.")
    status = serializers.ChoiceField(choices=DeliveryStatus.choices)
    restaurant = PickupOutput()
    pickup = CoordinatesField(source="pickup_point")
    dropoff = serializers.SerializerMethodField()
    zone_id = PublicIdField("zone_id")
    driver_id = PublicIdField("driver_id", allow_null=True)
    batch_id = PublicIdField("batch_id", allow_null=True)
    drop_sequence = serializers.IntegerField()
    priority = serializers.IntegerField()
    held = serializers.BooleanField()
    ready_at = serializers.DateTimeField()
    promised_at = serializers.DateTimeField()
    pickup_eta_at = serializers.DateTimeField(allow_null=True)
    dropoff_eta_at = serializers.DateTimeField(allow_null=True)
    eta_low_at = serializers.DateTimeField(allow_null=True)
    eta_high_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    assigned_at = serializers.DateTimeField(allow_null=True)
    arrived_at_pickup_at = serializers.DateTimeField(allow_null=True)
    picked_up_at = serializers.DateTimeField(allow_null=True)
    arrived_at_dropoff_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    pin_required = serializers.SerializerMethodField()
    pin_tries_left = serializers.IntegerField(help_text="0: dispatch must help at the door.")

    def get_pin_required(self, row: Delivery) -> bool:
        """Say whether the drop-off needs the customer's PIN."""
        return bool(row.pin) and conf_of(row.zone.dispatch).require_pin

    @extend_schema_field({"allOf": [{"$ref": "#/components/schemas/DoorOutput"}]})
    def get_dropoff(self, row: Delivery) -> dict[str, Any]:
        """Return the door; the kitchen does not learn what stands on it."""
        request = self.context.get("request")
        kitchen = request is not None and getattr(request.user, "role", None) == Role.RESTAURANT
        return {
            "lat": row.dropoff_point.y,
            "lng": row.dropoff_point.x,
            "address": "" if kitchen else row.order.dropoff_address,
            "note": "" if kitchen else row.order.dropoff_note,
        }


class NearDriverOutput(StrictSerializer):
    """An available driver near a restaurant."""

    driver_id = PublicIdField("driver_id")
    distance_m = serializers.FloatField(help_text="Metres in a straight line.")
    age_s = serializers.FloatField(help_text="Age of the position, seconds.")
    position = CoordinatesField()


class TripOutput(StrictSerializer):
    """A delivery that was handed over, and what it paid."""

    delivery_id = PublicIdField("delivery_id")
    code = serializers.CharField()
    restaurant = serializers.CharField()
    delivered_at = serializers.DateTimeField()
    pay_minor = serializers.IntegerField()
    tip_minor = serializers.IntegerField()


class EarningsOutput(StrictSerializer):
    """A driver's day: what came in and what it came from, minor units."""

    day = serializers.DateField()
    time_zone = serializers.CharField(help_text="The day is the calendar's here.")
    currency = serializers.CharField()
    total_minor = serializers.IntegerField()
    pay_minor = serializers.IntegerField()
    tips_minor = serializers.IntegerField()
    deliveries = serializers.IntegerField()
    online_s = serializers.FloatField()
    offers_seen = serializers.IntegerField(help_text="Those that reached the phone.")
    offers_taken = serializers.IntegerField()
    offers_declined = serializers.IntegerField()
    trips = TripOutput(many=True, help_text="Newest first.")


class ShiftOutput(StrictSerializer):
    """A driver's planned time on duty."""

    id = PublicIdField("shift_id", source="pk")
    driver_id = PublicIdField("driver_id")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    break_from = serializers.DateTimeField(allow_null=True)
    break_to = serializers.DateTimeField(allow_null=True)


class MessageOutput(StrictSerializer):
    """Words of ops to one driver."""

    id = PublicIdField("message_id", source="pk")
    driver_id = PublicIdField("driver_id")
    text = serializers.CharField()
    sent_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True, help_text="When the driver said that he has read it.")


class CannedTextOutput(StrictSerializer):
    """A ready text."""

    code = serializers.CharField()
    text = serializers.CharField()
