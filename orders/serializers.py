"""Shapes of quotes and orders, in and out."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.states import OPS, Role
from fleetsync.core.api import CoordinatesField, MomentField, PublicIdField, StrictSerializer
from orders import links
from orders.conf import MOST_LINES, MOST_PIECES, MOST_STARS, MOST_TIP_MINOR, REVIEW_TAGS, REVIEW_WITHIN
from orders.models import Order, Quote, Review
from orders.pricing import Basket, BasketItem
from orders.services import Door
from orders.states import OPEN, OrderStatus

REASON_HELP = "One of the words in the docs, or a sentence."


# --- in ------------------------------------------------------------------------


class BasketItemInput(StrictSerializer):
    """So many of one item, each with the same options."""

    item_id = PublicIdField("item_id")
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_PIECES, default=1)
    options = serializers.ListField(child=PublicIdField("option_id"), required=False, default=list, max_length=50)


class TipField(serializers.IntegerField):
    """A tip for the driver, minor units."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MOST_TIP_MINOR, required=False, **kwargs)


def basket_from(data: dict[str, Any]) -> Basket:
    """Return the basket of checked input."""
    return Basket(
        restaurant_id=data["restaurant_id"],
        items=tuple(
            BasketItem(item_id=item["item_id"], quantity=item["quantity"], option_ids=tuple(item["options"]))
            for item in data["items"]
        ),
    )


class QuoteInput(StrictSerializer):
    """A basket and where it goes."""

    restaurant_id = PublicIdField("restaurant_id")
    items = serializers.ListField(child=BasketItemInput(), min_length=1, max_length=MOST_LINES)
    dropoff = CoordinatesField()
    tip_minor = TipField(default=0)


class DropoffInput(StrictSerializer):
    """The door: where it is and what stands on it."""

    lat = serializers.FloatField(min_value=-90, max_value=90)
    lng = serializers.FloatField(min_value=-180, max_value=180)
    address = serializers.CharField(max_length=200)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")

    def to_internal_value(self, data: Any) -> Door:
        """Return the door; the coordinates are checked as strictly as everywhere."""
        if not isinstance(data, dict):
            self.fail("invalid", datatype=type(data).__name__)
        point = CoordinatesField().run_validation({name: data[name] for name in ("lat", "lng") if name in data})
        place = super().to_internal_value(data)
        return Door(point=point, address=place["address"], note=place["note"])


class OrderInput(StrictSerializer):
    """A quote, or a restaurant and a basket; and the door."""

    quote_id = PublicIdField("quote_id", required=False)
    restaurant_id = PublicIdField("restaurant_id", required=False)
    items = serializers.ListField(child=BasketItemInput(), required=False, min_length=1, max_length=MOST_LINES)
    dropoff = DropoffInput()
    kitchen_note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    tip_minor = TipField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take either a quote or a basket."""
        basket = {"restaurant_id", "items"} & set(attrs)
        if "quote_id" in attrs and basket:
            raise serializers.ValidationError(dict.fromkeys(sorted(basket), "A quote says this already."))
        if "quote_id" not in attrs and len(basket) < 2:
            missing = sorted({"restaurant_id", "items"} - basket)
            raise serializers.ValidationError(dict.fromkeys(missing, "Needed where there is no quote_id."))
        return attrs


def minutes_of(data: dict[str, Any], name: str) -> timedelta | None:
    """Return minutes of checked input as a span, None where they were left out."""
    return timedelta(minutes=data[name]) if name in data else None


class OrderAcceptInput(StrictSerializer):
    """When it will be ready: a moment, minutes from now, or neither for the usual time."""

    ready_at = MomentField(required=False)
    preparation_min = serializers.IntegerField(required=False, min_value=0, max_value=240)


class OrderDelayInput(StrictSerializer):
    """The new moment, or how many minutes later."""

    ready_at = MomentField(required=False)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=240)
    reason = serializers.CharField(max_length=120, required=False, allow_blank=True, default="", help_text=REASON_HELP)


class OrderReasonInput(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=120, help_text=REASON_HELP)


class StatusesField(serializers.CharField):
    """One or several states, separated by commas."""

    def to_internal_value(self, data: Any) -> list[str]:  # type: ignore[override]
        """Return the states, or refuse unknown ones."""
        wanted = [part.strip().upper() for part in super().to_internal_value(data).split(",") if part.strip()]
        unknown = sorted(set(wanted) - set(OrderStatus.values))
        if unknown:
            raise serializers.ValidationError(f"There is no status {unknown[0]}.")
        return wanted


class OrderQuery(serializers.Serializer[Any]):
    """What a list of orders is narrowed by."""

    status = StatusesField(required=False, help_text="PLACED, ACCEPTED …: one or several, separated by commas.")
    restaurant = PublicIdField("restaurant_id", required=False)
    open = serializers.BooleanField(required=False, help_text="true: still under way.")


# --- out -----------------------------------------------------------------------


class FeeOutput(serializers.Serializer[Any]):
    """A fee line."""

    code = serializers.CharField()
    name = serializers.CharField()
    amount_minor = serializers.IntegerField()


class OptionTakenOutput(serializers.Serializer[Any]):
    """An option as it was bought."""

    option_id = serializers.CharField()
    group = serializers.CharField()
    name = serializers.CharField()
    price_minor = serializers.IntegerField()


class LineOutput(serializers.Serializer[Any]):
    """A line as it was bought; `item_id` is null once the item is gone from the menu."""

    item_id = PublicIdField("item_id", allow_null=True)
    name = serializers.CharField()
    options = OptionTakenOutput(many=True)
    unit_minor = serializers.IntegerField()
    quantity = serializers.IntegerField()
    total_minor = serializers.IntegerField()


class QuotedLineOutput(LineOutput):
    """A line as it is quoted."""

    item_id = serializers.CharField()  # type: ignore[assignment]


class QuoteOutput(serializers.Serializer[Quote]):
    """A price and an arrival range, promised until `expires_at`."""

    id = PublicIdField("quote_id", source="pk")
    restaurant_id = PublicIdField("restaurant_id")
    lines = QuotedLineOutput(many=True)
    fees = FeeOutput(many=True)
    currency = serializers.CharField()
    subtotal_minor = serializers.IntegerField()
    fees_minor = serializers.IntegerField()
    tip_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    eta_low_at = serializers.DateTimeField()
    eta_high_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class OrderHead(serializers.Serializer[Order]):
    """What every answer about an order begins with."""

    id = PublicIdField("order_id", source="pk")
    code = serializers.CharField(help_text="What is said at the counter.")
    status = serializers.ChoiceField(choices=OrderStatus.choices)
    currency = serializers.CharField()
    subtotal_minor = serializers.IntegerField()
    fees = FeeOutput(many=True)
    fees_minor = serializers.IntegerField()
    tip_minor = serializers.IntegerField()
    discount_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    placed_at = serializers.DateTimeField()
    accept_by_at = serializers.DateTimeField(source="accept_by")
    ready_at = serializers.DateTimeField(allow_null=True)
    promised_at = serializers.DateTimeField()


class OrderPlacedOutput(OrderHead):
    """What the customer needs right after placing; the rest is behind `status_url`."""

    status_url = serializers.SerializerMethodField()
    tracking_url = serializers.SerializerMethodField()

    def get_status_url(self, order: Order) -> str:
        """Return where the state is read."""
        return links.status_url(order.pk)

    def get_tracking_url(self, order: Order) -> str:
        """Return the public page."""
        return links.tracking_url(order.pk)


class RestaurantOfOrderOutput(serializers.Serializer[Any]):
    """Who cooks."""

    id = PublicIdField("restaurant_id", source="pk")
    name = serializers.CharField()
    address = serializers.CharField()
    position = CoordinatesField(source="point")


class DropoffOutput(serializers.Serializer[Any]):
    """The door."""

    lat = serializers.FloatField()
    lng = serializers.FloatField()
    address = serializers.CharField()
    note = serializers.CharField()


class OrderOutput(OrderHead):
    """Sale and kitchen. Who carries it stands in `/orders/{id}/live` and in the delivery.

    The door is for the customer, ops, and the driver while the order is open; the
    tracking link for the customer and ops.
    """

    restaurant = RestaurantOfOrderOutput()
    lines = LineOutput(many=True)
    kitchen_note = serializers.CharField()
    dropoff = serializers.SerializerMethodField()
    tracking_url = serializers.SerializerMethodField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    food_ready_at = serializers.DateTimeField(allow_null=True)
    picked_up_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()

    @property
    def _role(self) -> str:
        return str(self.context["request"].user.role)

    @extend_schema_field(DropoffOutput(allow_null=True))
    def get_dropoff(self, order: Order) -> dict[str, Any] | None:
        """Return the door to those who need it."""
        riding = self._role == Role.DRIVER and order.status in OPEN
        if not (riding or self._role in OPS or self._role == Role.CUSTOMER):
            return None
        return {
            "lat": order.dropoff_point.y,
            "lng": order.dropoff_point.x,
            "address": order.dropoff_address,
            "note": order.dropoff_note,
        }

    def get_tracking_url(self, order: Order) -> str | None:
        """Return the public page to those who may hand it on."""
        return links.tracking_url(order.pk) if self._role in OPS or self._role == Role.CUSTOMER else None


class TimelineEntryOutput(serializers.Serializer[Any]):
    """Something that happened; `actor` is for ops only."""

    seq = serializers.IntegerField()
    type = serializers.CharField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]


class TimelineOutput(serializers.Serializer[Any]):
    """All of it, oldest first."""

    results = TimelineEntryOutput(many=True)


class RatingInput(StrictSerializer):
    """How it was."""

    stars = serializers.IntegerField(min_value=1, max_value=MOST_STARS)
    tags = serializers.ListField(
        child=serializers.ChoiceField(choices=REVIEW_TAGS), required=False, default=list, max_length=len(REVIEW_TAGS)
    )
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class TipInput(StrictSerializer):
    """Something more for the driver."""

    tip_minor = serializers.IntegerField(min_value=1, max_value=MOST_TIP_MINOR)


class ReviewOutput(serializers.Serializer[Any]):
    """What was said and given after the delivery, and until when it may be."""

    stars = serializers.IntegerField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    comment = serializers.CharField()
    tip_minor = serializers.IntegerField(help_text="Given afterwards; 0: nothing yet.")
    currency = serializers.CharField()
    open_until = serializers.DateTimeField()


def review_of(order: Order) -> dict[str, Any] | None:
    """Return the review of a delivered order, empty where none was written; None before."""
    if order.status != OrderStatus.DELIVERED or order.delivered_at is None:
        return None
    row = getattr(order, "review", None) or Review(order=order)
    members = {name: getattr(row, name) for name in ("stars", "tags", "comment", "tip_minor")}
    more = {"currency": order.currency, "open_until": order.delivered_at + REVIEW_WITHIN}
    return dict(ReviewOutput(members | more).data)
