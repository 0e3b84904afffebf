"""Quotes, orders and their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.gis.db.models import PointField
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from accounts.states import Role
from fleetsync.core import money
from fleetsync.core.geo import ValidPoint
from fleetsync.core.models import PublicModel
from orders.conf import MOST_STARS
from orders.states import IN_KITCHEN, OrderStatus
from restaurants.models import MenuItem, Restaurant, Zone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Quote(PublicModel):
    """The price and time promised before an order; priced lines are frozen in it."""

    customer = models.ForeignKey(User, models.CASCADE, related_name="+")
    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="+")
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="+")
    dropoff_point = PointField(srid=4326, spatial_index=False)
    lines = models.JSONField(help_text="Items and options asked for, priced.")
    fees = models.JSONField(help_text="Fee lines: code, name, amount in minor units.")
    currency = models.CharField(max_length=3)
    subtotal_minor = models.PositiveIntegerField()
    fees_minor = models.PositiveIntegerField(default=0)
    tip_minor = models.PositiveIntegerField(default=0)
    total_minor = models.PositiveIntegerField()
    eta_low_at = models.DateTimeField()
    eta_high_at = models.DateTimeField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            ValidPoint(field="dropoff_point", name="quote_point"),
            models.CheckConstraint(
                condition=Q(total_minor=F("subtotal_minor") + F("fees_minor") + F("tip_minor")),
                name="quote_total_adds_up",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="quote_expiry")]

    def __str__(self) -> str:
        return f"{money.words(self.total_minor, self.currency)} until {self.expires_at:%H:%M} UTC"


class OrderQuerySet(models.QuerySet["Order"]):
    """Verbs on sets of orders."""

    def visible_to(self, user: User | AnonymousUser) -> OrderQuerySet:
        """Return what this user may see: customers their own, staff their kitchens', ops all."""
        if not user.is_authenticated:
            return self.none()
        if user.is_ops:
            return self
        if user.role == Role.RESTAURANT:
            return self.filter(restaurant__staff__user=user)
        if user.role == Role.DRIVER:
            return self.filter(delivery__driver__user=user)
        return self.filter(customer=user)

    def unanswered(self) -> OrderQuerySet:
        """Return those the kitchen has not answered."""
        return self.filter(status=OrderStatus.PLACED)


class Order(PublicModel):
    """A sale, and what the kitchen does with it. All moments are business time."""

    customer = models.ForeignKey(User, models.PROTECT, related_name="orders")
    restaurant = models.ForeignKey(Restaurant, models.PROTECT, related_name="orders")
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="orders")
    quote = models.OneToOneField(Quote, models.SET_NULL, null=True, blank=True, related_name="order")
    status = models.CharField(max_length=16, choices=OrderStatus.choices, default=OrderStatus.PLACED)
    code = models.CharField(max_length=8, help_text="Short number that people say at the counter.")

    dropoff_point = PointField(srid=4326, spatial_index=False)
    dropoff_address = models.CharField(max_length=200)
    dropoff_note = models.CharField(max_length=200, blank=True)
    kitchen_note = models.CharField(max_length=200, blank=True)

    currency = models.CharField(max_length=3)
    subtotal_minor = models.PositiveIntegerField()
    fees = models.JSONField(default=list, help_text="Fee lines: code, name, amount in minor units.")
    fees_minor = models.PositiveIntegerField(default=0)
    tip_minor = models.PositiveIntegerField(default=0)
    discount_minor = models.PositiveIntegerField(default=0)
    total_minor = models.PositiveIntegerField()

    placed_at = models.DateTimeField()
    accept_by = models.DateTimeField(help_text="The kitchen's silence past this rejects the order.")
    accepted_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True, help_text="When the kitchen promises it ready.")
    food_ready_at = models.DateTimeField(null=True, blank=True, help_text="When the kitchen said it was.")
    picked_up_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Rejected, cancelled or returned.")
    promised_at = models.DateTimeField(help_text="Latest arrival promised to the customer.")
    reason = models.CharField(max_length=120, blank=True, help_text="Why rejected, cancelled or returned.")

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            ValidPoint(field="dropoff_point", name="order_point"),
            models.CheckConstraint(
                condition=Q(total_minor=F("subtotal_minor") + F("fees_minor") + F("tip_minor") - F("discount_minor")),
                name="order_total_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="order_of_customer"),
            models.Index(fields=["restaurant", "-id"], name="order_of_restaurant"),
            models.Index(fields=["restaurant"], name="order_in_kitchen", condition=Q(status__in=sorted(IN_KITCHEN))),
            models.Index(fields=["accept_by"], name="order_unanswered", condition=Q(status=OrderStatus.PLACED)),
            models.Index(fields=["status", "placed_at"], name="order_status_placed"),
            models.Index(fields=["placed_at"], name="order_placed"),
        ]
        permissions = [("operate_order", "Can accept, ready, reject and cancel orders")]

    def __str__(self) -> str:
        return f"{self.code} {self.status}"


class OrderLine(models.Model):
    """Something bought, at the price of that moment."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    item = models.ForeignKey(MenuItem, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=120)
    options = models.JSONField(default=list, help_text="Options taken: id, group, name, price in minor units.")
    unit_minor = models.PositiveIntegerField(help_text="Item and options, one piece.")
    quantity = models.PositiveSmallIntegerField()
    total_minor = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_quantity"),
            models.CheckConstraint(condition=Q(total_minor=F("unit_minor") * F("quantity")), name="line_adds_up"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"


class Review(models.Model):
    """What the customer said of it and gave the driver afterwards. The words stand here alone."""

    order = models.OneToOneField(Order, models.CASCADE, primary_key=True, related_name="review")
    stars = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 to 5; empty: not rated.")
    tags = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    comment = models.CharField(max_length=500, blank=True)
    rated_at = models.DateTimeField(null=True, blank=True)
    tip_minor = models.PositiveIntegerField(default=0, help_text="Given after the delivery, on top of the order's.")
    tipped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stars=None) | Q(stars__gte=1, stars__lte=MOST_STARS), name="review_stars"
            ),
            models.CheckConstraint(condition=Q(tip_minor=0) | Q(tipped_at__isnull=False), name="review_tipped"),
        ]

    def __str__(self) -> str:
        return f"{self.stars or 'no'} stars"
