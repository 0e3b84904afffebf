"""Sessions, positions, deliveries, jobs, offers, policies, rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.gis.db.models import PointField
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q

from accounts.models import Driver, User
from accounts.states import Role
from dispatch.conf import PIN_TRIES
from dispatch.states import ACTIVE, UNFINISHED, DeliveryStatus, OfferStatus, PolicyStatus, SessionStatus
from fleetsync.core.geo import ValidPoint
from fleetsync.core.ids import uuid7
from fleetsync.core.models import PublicModel
from orders.models import Order
from restaurants.models import Restaurant, Zone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class _Range(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Shift(PublicModel):
    """A driver's planned time on duty; no pickup after `ends_at`."""

    driver = models.ForeignKey(Driver, models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    break_from = models.DateTimeField(null=True, blank=True, help_text="No trip runs into the break.")
    break_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_forward"),
            models.CheckConstraint(
                condition=Q(break_from=None, break_to=None)
                | Q(break_from__gte=F("starts_at"), break_to__gt=F("break_from"), break_to__lte=F("ends_at")),
                name="shift_break_inside",
            ),
            ExclusionConstraint(
                name="shift_no_overlap",
                expressions=[
                    (_Range("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("driver", RangeOperators.EQUAL),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%H:%M}"


class DriverSession(PublicModel):
    """An online lease: renewed by pings, ends by itself. Carries the driver's load."""

    driver = models.ForeignKey(Driver, models.PROTECT, related_name="sessions")
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="sessions")
    status = models.CharField(max_length=16, choices=SessionStatus.choices, default=SessionStatus.AVAILABLE)
    load = models.PositiveSmallIntegerField(default=0, help_text="Deliveries held now.")
    capacity = models.PositiveSmallIntegerField()
    off_at = models.DateTimeField(null=True, blank=True, help_text="No pickup after this: the shift's end.")
    started_at = models.DateTimeField()
    lease_until = models.DateTimeField(help_text="Business time; silence past it ends the session.")
    idle_since = models.DateTimeField(null=True, help_text="Without a job since then.")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(load__gte=0, load__lte=F("capacity")), name="session_load"),
            models.UniqueConstraint(fields=["driver"], condition=Q(ended_at=None), name="session_one_live_per_driver"),
        ]
        indexes = [
            models.Index(fields=["lease_until"], name="session_lease", condition=Q(ended_at=None)),
            models.Index(fields=["zone"], name="session_live", condition=Q(ended_at=None)),
        ]
        permissions = [("operate_driversession", "Can put drivers offline")]

    def __str__(self) -> str:
        return f"{self.driver_id} {self.status}"


class DriverPosition(models.Model):
    """Where a driver was last seen. `cell` is the point snapped to a grid.

    The index sits on `cell`, only where `available`: a ping inside its cell changes no
    indexed value, so PostgreSQL updates in place.
    """

    driver = models.OneToOneField(Driver, models.CASCADE, primary_key=True, related_name="position")
    point = PointField(srid=4326, spatial_index=False)
    cell = PointField(geography=True, spatial_index=False)
    available = models.BooleanField(default=False, help_text="Online, fresh, with room: may be matched.")
    heading_deg = models.FloatField(null=True)
    speed_mps = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)
    recorded_at = models.DateTimeField(help_text="The phone's clock; orders one device's pings, nothing else.")
    seq = models.PositiveBigIntegerField(default=0)
    received_at = models.DateTimeField(help_text="Business time; freshness.")
    near_stop = models.PositiveSmallIntegerField(
        default=0, help_text="Points in a row inside the next stop's geofence."
    )

    class Meta:
        constraints = [ValidPoint(field="point", name="position_point")]
        indexes = [GistIndex(fields=["cell"], name="position_available", condition=Q(available=True))]

    def __str__(self) -> str:
        return f"{self.driver_id} at {self.point.y:.5f},{self.point.x:.5f}"


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
    next_attempt_at = models.DateTimeField(help_text="`nearest` looks again then; the relay kicks a round.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="When the engine says to offer it.")
    first_due_at = models.DateTimeField(null=True, blank=True)
    search_until = models.DateTimeField(null=True, blank=True, help_text="15 min after it first was due.")
    refusals = models.PositiveSmallIntegerField(default=0)
    mask_from = models.DateTimeField(null=True, blank=True, help_text="Refusals before this count no more: re-opened.")

    class Meta:
        indexes = [
            models.Index(fields=["zone"], name="job_of_zone", condition=Q(searching=True)),
            models.Index(fields=["next_attempt_at"], name="job_next_attempt", condition=Q(searching=True)),
            models.Index(fields=["search_until"], name="job_search_until", condition=Q(searching=True)),
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt} within {self.radius_m} m"


class OfferQuerySet(models.QuerySet["Offer"]):
    """Verbs on sets of offers."""

    def visible_to(self, user: User | AnonymousUser) -> OfferQuerySet:
        """Return what this user may see: drivers their own, ops all."""
        if not user.is_authenticated:
            return self.none()
        if user.is_ops:
            return self
        return self.filter(driver__user=user)


class Offer(PublicModel):
    """One delivery proposed to one driver. Those of a batch share `batch_id` and are answered together."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="offers")
    driver = models.ForeignKey(Driver, models.PROTECT, related_name="offers")
    session = models.ForeignKey(DriverSession, models.PROTECT, related_name="offers")
    batch_id = models.UUIDField(default=uuid7)
    status = models.CharField(max_length=16, choices=OfferStatus.choices, default=OfferStatus.OPEN)
    drop_sequence = models.PositiveSmallIntegerField(default=0)
    distance_m = models.PositiveIntegerField(help_text="Driver to restaurant when offered, straight line.")
    pickup_eta_at = models.DateTimeField()
    dropoff_eta_at = models.DateTimeField()
    pay_minor = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text="When the job was due.")
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ack_by = models.DateTimeField(help_text="Machine time; not on the phone by then: asked elsewhere.")
    acked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=64, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["delivery"], condition=Q(status=OfferStatus.ACCEPTED), name="offer_one_accepted_per_delivery"
            ),
            models.UniqueConstraint(
                fields=["delivery", "driver"], condition=Q(status=OfferStatus.OPEN), name="offer_one_open_per_pair"
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="offer_expiry", condition=Q(status=OfferStatus.OPEN)),
            models.Index(fields=["ack_by"], name="offer_unacked", condition=Q(status=OfferStatus.OPEN, acked_at=None)),
            models.Index(fields=["driver", "-id"], name="offer_of_driver"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} to {self.driver_id}: {self.status}"


class DriverMessage(PublicModel):
    """Words of ops to one driver. They stand here alone: the log tells of them by id."""

    driver = models.ForeignKey(Driver, models.CASCADE, related_name="messages")
    sender = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    zone = models.ForeignKey(Zone, models.SET_NULL, null=True, related_name="+", help_text="Whose ops hear of it.")
    text = models.CharField(max_length=500)
    sent_at = models.DateTimeField(help_text="Business time.")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["driver", "-id"], name="message_of_driver")]

    def __str__(self) -> str:
        return f"to {self.driver_id} at {self.sent_at:%Y-%m-%d %H:%M}"


class Round(models.Model):
    """The one matching run of a zone: a lease with a fence, and what the last run left behind."""

    zone = models.OneToOneField(Zone, models.CASCADE, primary_key=True, related_name="round")
    lease_until = models.DateTimeField(null=True, help_text="Machine time.")
    fence = models.PositiveBigIntegerField(default=0, help_text="Grows with every holder; a stale one writes nothing.")
    again = models.BooleanField(default=False, help_text="Run once more: something changed meanwhile.")
    next_tick_at = models.DateTimeField(help_text="Business time.")
    ran_at = models.DateTimeField(null=True)
    strategy = models.CharField(max_length=16, blank=True, help_text="Which one decided last.")
    fallback = models.CharField(max_length=120, blank=True, help_text="Why a simpler one took over; empty: none did.")
    solve_ms = models.FloatField(default=0.0)
    memo = models.BinaryField(null=True, help_text="The engine's plan, its warm start; never trusted.")

    def __str__(self) -> str:
        return f"round {self.fence} of {self.zone_id}"


class DispatchPolicy(PublicModel):
    """One version of how a zone decides: the engine's parameters that differ from its defaults."""

    zone = models.ForeignKey(Zone, models.CASCADE, related_name="policies")
    version = models.PositiveIntegerField(help_text="1, 2, 3 … within the zone; 0 stands for the engine's defaults.")
    status = models.CharField(max_length=16, choices=PolicyStatus.choices, default=PolicyStatus.DRAFT)
    parameters = models.JSONField(default=dict, blank=True, help_text="Parameters that differ from the defaults.")
    note = models.CharField(max_length=200, blank=True, help_text="What it is meant to change.")
    created_at = models.DateTimeField(help_text="Business time.")
    created_by = models.CharField(max_length=64, help_text="usr_… or a part of the system.")
    simulation = models.JSONField(null=True, blank=True, help_text="What the rehearsal on recorded demand gave.")
    simulated_at = models.DateTimeField(null=True, blank=True)
    simulated_by = models.CharField(max_length=64, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True, help_text="The last time it began to hold.")
    activated_by = models.CharField(max_length=64, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True, help_text="The last time another took its place.")

    class Meta:
        verbose_name_plural = "dispatch policies"
        permissions = [("operate_dispatchpolicy", "Can activate and roll back")]
        constraints = [
            models.UniqueConstraint(fields=["zone", "version"], name="policy_version"),
            models.UniqueConstraint(
                fields=["zone"], condition=Q(status=PolicyStatus.ACTIVE), name="policy_one_active_per_zone"
            ),
            models.CheckConstraint(
                condition=~Q(status=PolicyStatus.SIMULATED) | Q(simulation__isnull=False),
                name="policy_simulated_has_result",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[PolicyStatus.ACTIVE, PolicyStatus.RETIRED]) | Q(activated_at__isnull=False),
                name="policy_active_was_activated",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"


class RoundRecord(PublicModel):
    """One round that decided something, with all it depended on: it can be decided again, bit for bit."""

    zone = models.ForeignKey(Zone, models.CASCADE, related_name="+")
    fence = models.PositiveBigIntegerField(help_text="Which round of the zone.")
    at = models.DateTimeField(help_text="Business time.")
    strategy = models.CharField(max_length=16, help_text="The one that decided.")
    fallback = models.CharField(max_length=120, blank=True, help_text="Why a simpler one took over; empty: none did.")
    policy_version = models.PositiveIntegerField(default=0, help_text="Of the zone; 0: the engine's defaults.")
    engine = models.CharField(max_length=12, help_text="Fingerprint of the engine's source.")
    machine = models.CharField(max_length=120, help_text="Its kind, and the libraries that calculate.")
    travel = models.CharField(max_length=80, help_text="Where travel times came from.")
    solve_ms = models.FloatField(help_text="Real time of the engine, milliseconds.")
    jobs = models.PositiveIntegerField()
    drivers = models.PositiveIntegerField()
    offers = models.PositiveIntegerField()
    data = models.BinaryField(help_text="Snapshot, policy and plan, see dispatch/engine/codec.py.")

    class Meta:
        indexes = [
            models.Index(fields=["zone", "at"], name="round_record_of_zone"),
            models.Index(fields=["at"], name="round_record_at"),
        ]

    def __str__(self) -> str:
        return f"round {self.fence} at {self.at:%Y-%m-%d %H:%M:%S}"


class DecisionRecord(PublicModel):
    """Why this driver: what one round weighed for one delivery. Ids, seconds and metres only."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="decisions")
    zone = models.ForeignKey(Zone, models.CASCADE, related_name="+")
    fence = models.PositiveBigIntegerField(help_text="Which round of the zone.")
    at = models.DateTimeField(help_text="Business time.")
    strategy = models.CharField(max_length=16, help_text="The one that decided.")
    fallback = models.CharField(max_length=120, blank=True, help_text="Why a simpler one took over; empty: none did.")
    solve_ms = models.FloatField(help_text="Real time of the engine, milliseconds.")
    driver = models.ForeignKey(Driver, models.CASCADE, null=True, related_name="+", help_text="Who was asked.")
    score = models.JSONField(default=dict, help_text="Parts of the cost, seconds; smaller is better.")
    exclusions = models.JSONField(default=list, help_text="Near drivers who were not asked: driver, reason, value.")
    conf = models.CharField(max_length=12, help_text="Fingerprint of the zone's settings.")
    policy_version = models.PositiveIntegerField(default=0, help_text="Of the zone; 0: the engine's defaults.")
    round_id = models.UUIDField(null=True, help_text="The recorded round; it is forgotten earlier than this.")

    class Meta:
        indexes = [
            models.Index(fields=["delivery", "-id"], name="decision_of_delivery"),
            models.Index(fields=["at"], name="decision_at"),
        ]

    def __str__(self) -> str:
        return f"{self.strategy} for {self.delivery_id}"
