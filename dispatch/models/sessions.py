"""Shifts, sessions, where drivers were seen, what ops wrote to them."""

from __future__ import annotations

from django.contrib.gis.db.models import PointField
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q

from accounts.models import Driver, User
from dispatch.states import SessionStatus
from fleetsync.core.geo import ValidPoint
from fleetsync.core.models import PublicModel
from restaurants.models import Zone


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
    handed_over_at = models.DateTimeField(
        null=True, blank=True, help_text="The last bag, at a door or back at the counter."
    )
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
