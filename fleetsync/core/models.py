"""Tables of the core: clock, event log, outbox, feeds, idempotency keys."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from fleetsync.core.ids import uuid7


class PublicModel(models.Model):
    """A row with a time-ordered UUID; outside it is the prefixed id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class ClockSetting(models.Model):
    """The one row that says how business time runs; read by every process, kept over restarts."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    origin_business = models.DateTimeField(help_text="Business time at the origin.")
    origin_real = models.DateTimeField(help_text="Database clock at the origin.")
    scale = models.FloatField(default=1.0, help_text="Business seconds per real second.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="clock_one_row"),
            models.CheckConstraint(condition=Q(scale__gt=0), name="clock_scale_positive"),
        ]

    def __str__(self) -> str:
        return f"x{self.scale:g} from {self.origin_business:%Y-%m-%d %H:%M}"


class StreamHead(models.Model):
    """The last sequence number of a stream; its row lock makes the numbers hole-free."""

    stream = models.CharField(max_length=64, primary_key=True)
    seq = models.PositiveBigIntegerField()
    floor = models.PositiveBigIntegerField(db_default=0, help_text="Forgotten up to here by retention.")

    def __str__(self) -> str:
        return f"{self.stream}@{self.seq}"


class Event(PublicModel):
    """A fact, append-only (a trigger refuses UPDATE and DELETE). Holds no personal data."""

    stream = models.CharField(max_length=64, help_text="order:<id>, driver:<id>, …: the event's home.")
    seq = models.PositiveBigIntegerField(help_text="1, 2, 3 … within the stream, no holes.")
    type = models.CharField(max_length=64, help_text="What happened, e.g. order.placed.")
    payload = models.JSONField(help_text="Public ids, states, moments and amounts.")
    actor = models.CharField(max_length=64, blank=True, help_text="Who caused it: usr_… or a part of the system.")
    at = models.DateTimeField(help_text="Business time.")

    class Meta:
        ordering = ["stream", "seq"]
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="event_once_per_seq")]
        indexes = [models.Index(fields=["type", "at"], name="event_type_at")]

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq} {self.type}"


class Outbox(models.Model):
    """One handler that must still hear of one event; written in the event's own transaction."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, models.CASCADE, related_name="outbox", db_constraint=False)
    stream = models.CharField(max_length=64)
    seq = models.PositiveBigIntegerField()
    rank = models.PositiveSmallIntegerField(default=0, help_text="Order of the handlers of one event.")
    handler = models.CharField(max_length=96)
    attempts = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField(null=True, help_text="Not before, machine time; empty: at once.")
    handled_at = models.DateTimeField(null=True, help_text="Machine time.")
    parked_at = models.DateTimeField(null=True, help_text="Given up after 8 tries: the ops queue.")
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "outbox"
        permissions = [("operate_outbox", "Can let given-up events be tried again")]
        indexes = [
            models.Index(
                fields=["stream", "seq", "rank"],
                name="outbox_due",
                condition=Q(handled_at=None, parked_at=None),
            ),
            models.Index(fields=["id"], name="outbox_parked", condition=Q(parked_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.handler} for {self.stream}#{self.seq}"


class FeedHead(models.Model):
    """The last sequence number of a feed; only the relay writes it."""

    feed = models.CharField(max_length=64, primary_key=True)
    seq = models.PositiveBigIntegerField()
    floor = models.PositiveBigIntegerField(db_default=0, help_text="Forgotten up to here by retention.")

    def __str__(self) -> str:
        return f"{self.feed}@{self.seq}"


class FeedEntry(models.Model):
    """An event seen from a restaurant or a zone, with that feed's own hole-free number."""

    id = models.BigAutoField(primary_key=True)
    feed = models.CharField(max_length=64)
    seq = models.PositiveBigIntegerField()
    event = models.ForeignKey(Event, models.CASCADE, related_name="feeds", db_constraint=False)

    class Meta:
        verbose_name_plural = "feed entries"
        constraints = [
            models.UniqueConstraint(fields=["feed", "seq"], name="feed_once_per_seq"),
            models.UniqueConstraint(fields=["feed", "event"], name="feed_once_per_event"),
        ]

    def __str__(self) -> str:
        return f"{self.feed}#{self.seq}"


class IdempotencyKey(models.Model):
    """The stored answer of one request, written in the transaction of its effect."""

    id = models.BigAutoField(primary_key=True)
    user_id = models.UUIDField(default=UUID(int=0), help_text="Nobody is all zeros.")
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(help_text="Machine time.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "route", "key"], name="idempotency_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"


class Heartbeat(models.Model):
    """A process of the platform that was alive a moment ago; `/readyz` tells which one is missing."""

    process = models.CharField(max_length=32)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    beat_at = models.DateTimeField(help_text="Machine time.")
    facts = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["process", "host", "pid"], name="heartbeat_once")]

    def __str__(self) -> str:
        return f"{self.process} on {self.host} ({self.pid})"
