"""Offers to drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.models import Driver, User
from dispatch.models.deliveries import Delivery
from dispatch.models.sessions import DriverSession
from dispatch.states import OfferStatus
from fleetsync.core.ids import uuid7
from fleetsync.core.models import PublicModel

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


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
