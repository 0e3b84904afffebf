"""Drivers at work: shifts, sessions, positions."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action

from dispatch import services
from dispatch.models import DriverMessage, DriverPosition, DriverSession, Shift
from fleetsync.admin_base import OpsAdmin, ReadOnlyAdmin, actor_of, shown_place
from fleetsync.admin_lists import said
from fleetsync.admin_maps import MapMedia
from fleetsync.core import clock


@admin.register(Shift)
class ShiftAdmin(OpsAdmin):
    """The roster."""

    id_kind = "shift_id"
    id_searches = {"drv": "driver_id"}
    list_display = ["driver", "starts_at", "ends_at", "break_from", "break_to"]
    list_select_related = ["driver__user"]
    search_fields = ["driver__user__email", "driver__user__name"]
    list_filter = ["starts_at"]
    ordering = ["-starts_at", "-id"]
    autocomplete_fields = ["driver"]

    def has_change_permission(self, request: HttpRequest, obj: Shift | None = None) -> bool:
        """A shift is taken off and planned anew, never moved under a driver."""
        return False

    def save_model(self, request: HttpRequest, obj: Shift, form: forms.ModelForm[Shift], change: bool) -> None:
        """Plan through the service."""
        made = services.plan_shift(
            driver_id=obj.driver_id,
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
            break_from=obj.break_from,
            break_to=obj.break_to,
        )
        obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: Shift) -> None:
        """Drop through the service."""
        services.drop_shift(shift_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Shift]) -> None:
        """Drop through the service, one by one."""
        for row in queryset:
            services.drop_shift(shift_id=row.pk)


@admin.register(DriverSession)
class DriverSessionAdmin(ReadOnlyAdmin):
    """Who is or was online."""

    id_kind = "session_id"
    id_searches = {"drv": "driver_id", "zon": "zone_id"}
    list_display = ["driver", "zone", "status", "load", "capacity", "started_at", "lease_until", "ended_at"]
    list_select_related = ["driver__user", "zone"]
    search_fields = ["driver__user__email", "driver__user__name"]
    list_filter = ["status", "zone", said("end_reason", "driver", "ops", "silent", "suspended")]
    ordering = ["-id"]
    actions = ["end"]

    @action(description="End session", permissions=["ops"])  # type: ignore[untyped-decorator]
    def end(self, request: HttpRequest, queryset: QuerySet[DriverSession]) -> None:
        """Put the chosen drivers offline."""
        now, actor = clock.now(), actor_of(request)
        self.run(
            request,
            queryset.filter(ended_at=None).select_related("driver__user"),
            "sessions ended",
            lambda row: services.end_session(session_id=row.pk, reason="ops", now=now, actor=actor),
        )


@admin.register(DriverPosition)
class DriverPositionAdmin(ReadOnlyAdmin):
    """Where drivers were last seen."""

    Media = MapMedia
    id_searches = {"drv": "driver_id"}
    list_display = ["driver", "available", "received_at", "recorded_at", "speed_mps", "accuracy_m"]
    list_select_related = ["driver__user"]
    search_fields = ["driver__user__email", "driver__user__name"]
    list_filter = ["available"]
    ordering = ["-received_at", "driver_id"]
    exclude = ["point", "cell"]
    readonly_fields = ["place"]

    @admin.display(description="place")
    def place(self, obj: DriverPosition) -> Any:
        """Return the point on a map."""
        return shown_place(obj.point)


@admin.register(DriverMessage)
class DriverMessageAdmin(ReadOnlyAdmin):
    """What ops wrote to drivers, and when it was read."""

    id_kind = "message_id"
    id_searches = {"drv": "driver_id", "zon": "zone_id"}
    list_display = ["driver", "text", "sender", "sent_at", "read_at"]
    list_select_related = ["driver__user", "sender"]
    search_fields = ["driver__user__email", "driver__user__name", "text"]
    list_filter = ["zone"]
    ordering = ["-sent_at", "-id"]
