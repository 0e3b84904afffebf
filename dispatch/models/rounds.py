"""Rounds, what they decided, and the policies they decide by."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Driver
from dispatch.models.deliveries import Delivery
from dispatch.states import PolicyStatus
from fleetsync.core.models import PublicModel
from restaurants.models import Zone


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
