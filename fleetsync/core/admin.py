"""The core's tables in the back office: all to look at; given-up outbox rows may be tried again."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action

from fleetsync.admin_base import ReadOnlyAdmin
from fleetsync.core import events, ids, relay
from fleetsync.core.models import (
    ClockSetting,
    Event,
    FeedEntry,
    FeedHead,
    Heartbeat,
    IdempotencyKey,
    Outbox,
    StreamHead,
)


class Waiting(admin.SimpleListFilter):
    """Where an outbox row stands."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the states."""
        return [("parked", "given up"), ("waiting", "waiting"), ("handled", "handled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Outbox]) -> QuerySet[Outbox]:
        """Return the rows in the state."""
        if self.value() == "parked":
            return queryset.filter(parked_at__isnull=False, handled_at=None)
        if self.value() == "waiting":
            return queryset.filter(parked_at=None, handled_at=None)
        if self.value() == "handled":
            return queryset.filter(handled_at__isnull=False)
        return queryset


class OfType(admin.SimpleListFilter):
    """What kind of event."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the types this version knows."""
        return [(name, name) for name in sorted(events.known_types())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Return the events of the type."""
        return queryset.filter(type=self.value()) if self.value() else queryset


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Everything that people did in the back office: who, when, what."""

    list_display = ["action_time", "user", "kind", "object_repr", "said"]
    list_select_related = ["user", "content_type"]
    list_display_links = ["action_time"]
    search_fields = ["user__email", "object_repr", "object_id__exact"]
    search_help_text = "A person's e-mail, or what the object is called"
    list_filter = ["action_flag"]
    ordering = ["-id"]

    @admin.display(description="of", ordering="content_type")
    def kind(self, obj: LogEntry) -> str:
        """Return what kind of object it is about."""
        return obj.content_type.name if obj.content_type else "-"

    @admin.display(description="what")
    def said(self, obj: LogEntry) -> str:
        """Return what was done, with before and after."""
        return obj.get_change_message() or obj.get_action_flag_display()


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The log of everything that happened."""

    id_kind = "event_id"
    list_display = ["stream", "seq", "type", "actor", "at"]
    search_fields = ["stream__exact", "type__exact", "actor__exact"]
    list_filter = [OfType]
    ordering = ["-id"]


@admin.register(Outbox)
class OutboxAdmin(ReadOnlyAdmin):
    """Who must still hear of what; given-up rows are the ops queue."""

    list_display = ["stream", "seq", "handler", "attempts", "handled_at", "parked_at", "error"]
    search_fields = ["stream__exact", "handler__startswith"]
    list_filter = [Waiting]
    list_select_related = ["event"]
    ordering = ["-id"]
    actions = ["retry"]

    @action(description="Try again", permissions=["ops"])  # type: ignore[untyped-decorator]
    def retry(self, request: HttpRequest, queryset: QuerySet[Outbox]) -> None:
        """Let the relay try the chosen given-up rows again."""
        number = relay.retry_parked(outbox_ids=list(queryset.values_list("pk", flat=True)))
        self.message_user(request, f"{number} rows will be tried again.")


@admin.register(FeedEntry)
class FeedEntryAdmin(ReadOnlyAdmin):
    """What restaurants and zones hear, in their own order."""

    list_display = ["feed", "seq", "what", "at"]
    search_fields = ["feed__exact"]
    list_select_related = ["event"]
    ordering = ["-id"]

    @admin.display(description="type", ordering="event__type")
    def what(self, obj: FeedEntry) -> str:
        """Return the type of the event."""
        return obj.event.type

    @admin.display(description="at", ordering="event__at")
    def at(self, obj: FeedEntry) -> object:
        """Return the event's moment."""
        return obj.event.at


@admin.register(StreamHead)
class StreamHeadAdmin(ReadOnlyAdmin):
    """The last number of each stream."""

    list_display = ["stream", "seq", "floor"]
    search_fields = ["stream__startswith"]
    ordering = ["stream"]


@admin.register(FeedHead)
class FeedHeadAdmin(ReadOnlyAdmin):
    """The last number of each feed."""

    list_display = ["feed", "seq", "floor"]
    search_fields = ["feed__startswith"]
    ordering = ["feed"]


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Requests that were answered once and for all; the answers themselves stay hidden."""

    list_display = ["key", "route", "user", "status", "created_at"]
    search_fields = ["key__exact", "route__startswith"]
    ordering = ["-id"]
    exclude = ["body", "headers", "body_hash"]

    @admin.display(description="user")
    def user(self, obj: IdempotencyKey) -> str:
        """Return the user's public id."""
        return ids.encode("usr", obj.user_id)


@admin.register(ClockSetting)
class ClockSettingAdmin(ReadOnlyAdmin):
    """How business time runs; `manage.py set_clock` changes it."""

    list_display = ["id", "origin_business", "origin_real", "scale"]
    search_fields = ["id__exact"]
    ordering = ["id"]


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """Processes that were alive a moment ago."""

    list_display = ["process", "host", "pid", "beat_at"]
    search_fields = ["process", "host"]
    list_filter = ["process"]
    ordering = ["process", "host", "pid", "id"]
