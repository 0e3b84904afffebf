"""Deliveries and the search for a driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.gis.db.models import PointField
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Driver, User
from accounts.states import Role
from dispatch.conf import PIN_TRIES
from dispatch.models.sessions import DriverSession
from dispatch.states import ACTIVE, UNFINISHED, DeliveryStatus
from fleetsync.core.geo import ValidPoint
from fleetsync.core.models import PublicModel
from orders.models import Order
from restaurants.models import Restaurant, Zone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Verbs on sets of deliveries."""

    def visible_to(self, user: User | AnonymousUser) -> DeliveryQuerySet:
        """Return what this user may see: the driver's own, staff their kitchens', customers theirs, ops all."""
        if not user.is_authenticated:
            return self.none()
        if user.is_ops:
            return self
        if user.role == Role.DRIVER:
            return self.filter(driver__user=user)
        if user.role == Role.RESTAURANT:
            return self.filter(restaurant__staff__user=user)
        return self.filter(order__customer=user)

    def active(self) -> DeliveryQuerySet:
        """Return those a driver holds."""
        return self.filter(status__in=ACTIVE)


class Delivery(PublicModel):
    """The job of carrying one order. All moments are business time."""

    order = models.OneToOneField(Order, models.PROTECT, related_name="delivery")
    restaurant = models.ForeignKey(Restaurant, models.PROTECT, related_name="deliveries")
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="deliveries")
    status = models.CharField(max_length=20, choices=DeliveryStatus.choices, default=DeliveryStatus.CREATED)
    driver = models.ForeignKey(Driver, models.PROTECT, null=True, blank=True, related_name="deliveries")
    session = models.ForeignKey(DriverSession, models.PROTECT, null=True, blank=True, related_name="deliveries")
    batch_id = models.UUIDField(null=True, blank=True, help_text="Deliveries carried together share it.")
    drop_sequence = models.PositiveSmallIntegerField(default=0, help_text="Order of the drop-offs of a driver.")
    pickup_point = PointField(srid=4326, spatial_index=False)
    dropoff_point = PointField(srid=4326, spatial_index=False)
    ready_at = models.DateTimeField(
        help_text="When the food is expected; once the kitchen has said ready, when it was."
    )
    stated_ready_at = models.DateTimeField(
        null=True, blank=True, help_text="When the kitchen promised the food as it accepted."
    )
    ready_late_s = models.FloatField(default=0.0, help_text="How much later than stated this kitchen was expected.")
    ready_std_s = models.FloatField(
        default=0.0, help_text="Spread of that, seconds; 0 once the kitchen has said ready."
    )
    promised_at = models.DateTimeField()
    priority = models.SmallIntegerField(default=0, help_text="Ops: above 0 goes first.")
    held = models.BooleanField(default=False, help_text="Ops: not offered while held.")
    pickup_eta_at = models.DateTimeField(null=True, blank=True)
    dropoff_eta_at = models.DateTimeField(null=True, blank=True)
    eta_low_at = models.DateTimeField(null=True, blank=True)
    eta_high_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    assigned_at = models.DateTimeField(null=True, blank=True)
    arrived_at_pickup_at = models.DateTimeField(null=True, blank=True)
    picked_up_at = models.DateTimeField(null=True, blank=True)
    arrived_at_dropoff_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=120, blank=True)
    pin = models.CharField(
        max_length=4, blank=True, default="", help_text="What the customer tells the driver at the door; empty: none."
    )
    wrong_pins = ArrayField(
        models.CharField(max_length=4), default=list, blank=True, help_text="Digits tried in vain; the same count once."
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            ValidPoint(field="pickup_point", name="delivery_pickup_point"),
            ValidPoint(field="dropoff_point", name="delivery_dropoff_point"),
            models.CheckConstraint(
                condition=Q(driver=None) | ~Q(status__in=["CREATED", "SEARCHING", "NO_DRIVER_FOUND"]),
                name="delivery_searching_has_no_driver",
            ),
            models.CheckConstraint(
                condition=Q(driver__isnull=False) | ~Q(status__in=sorted(ACTIVE)), name="delivery_active_has_driver"
            ),
        ]
        indexes = [
            models.Index(
                fields=["zone", "id"], name="delivery_searching", condition=Q(status=DeliveryStatus.SEARCHING)
            ),
            models.Index(fields=["zone", "created_at"], name="delivery_of_zone"),
            models.Index(fields=["zone"], name="delivery_unfinished", condition=Q(status__in=sorted(UNFINISHED))),
            models.Index(
                fields=["restaurant", "-picked_up_at"],
                name="delivery_of_kitchen",
                condition=Q(picked_up_at__isnull=False),
            ),
            models.Index(fields=["driver"], name="delivery_active", condition=Q(status__in=sorted(ACTIVE))),
        ]
        permissions = [("operate_delivery", "Can assign, take away, hold, put first and search again")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.status}"

    @property
    def pin_tries_left(self) -> int:
        """Return how many other digits the driver may still try."""
        return max(0, PIN_TRIES - len(self.wrong_pins))


class DispatchJob(PublicModel):
    """The search for a driver: its attempts, radius and next look. All moments are business time."""

    delivery = models.OneToOneField(Delivery, models.CASCADE, related_name="job")
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="jobs")
    searching = models.BooleanField(default=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    radius_m = models.PositiveIntegerField(default=1500)
    next_attempt_at = models.DateTimeField(
        help_text="`nearest` looks again then, at a tick of its zone; no strategy asks other zones before."
    )
    due_at = models.DateTimeField(null=True, blank=True, help_text="When the engine says to offer it.")
    first_due_at = models.DateTimeField(null=True, blank=True)
    search_until = models.DateTimeField(null=True, blank=True, help_text="15 min after it first was due.")
    refusals = models.PositiveSmallIntegerField(default=0)
    mask_from = models.DateTimeField(null=True, blank=True, help_text="Refusals before this count no more: re-opened.")

    class Meta:
        indexes = [
            models.Index(fields=["zone"], name="job_of_zone", condition=Q(searching=True)),
            models.Index(fields=["search_until"], name="job_search_until", condition=Q(searching=True)),
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt} within {self.radius_m} m"
