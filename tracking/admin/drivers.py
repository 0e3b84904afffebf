"""A driver's page: who he is, what he shows, when he works, where he was today, and whether he gets his share."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.decorators import action

from accounts import services as accounts
from accounts.models import Driver
from dispatch import services as dispatch
from dispatch.models import DriverSession, Shift
from dispatch.selectors.shares import WINDOW, driver_share
from fleetsync.admin_base import OpsAdmin, actor_of, shown_place
from fleetsync.admin_history import HistoryAdmin
from fleetsync.admin_imports import SheetsAdmin
from fleetsync.admin_maps import MapMedia, shown_trail
from fleetsync.core import clock, money
from tracking.admin.documents import DASH, DocumentInline, Papers, keep
from tracking.admin.resources import DriverResource
from tracking.admin.shifts import ShiftInline
from tracking.selectors.trail import trail_of


@admin.register(Driver)
class DriverAdmin(HistoryAdmin, SheetsAdmin, OpsAdmin):
    """Drivers: vehicle and capacity are edited, approval goes by actions; in and out as CSV and XLSX."""

    Media = MapMedia
    id_kind = "driver_id"
    id_searches = {"usr": "user_id"}
    resource_classes = [DriverResource]
    list_display = ["name", "user", "vehicle", "capacity", "plate", "approved_at", "suspended_at"]
    list_select_related = ["user"]
    search_fields = ["user__email", "user__name", "plate"]
    list_filter = [
        "vehicle",
        Papers,
        ("approved_at", admin.EmptyFieldListFilter),
        ("suspended_at", admin.EmptyFieldListFilter),
    ]
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["public_id", "user", "vehicle", "capacity", "plate", "approved_at", "suspended_at"]}),
        ("At work", {"fields": ["session", "share", "today"]}),
    ]
    readonly_fields = ["public_id", "user", "approved_at", "suspended_at", "session", "share", "today"]
    inlines = [DocumentInline, ShiftInline]
    actions = ["approve", "suspend", "reinstate"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Drivers come by invitation."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Driver | None = None) -> bool:
        """Deliveries need their drivers; suspend instead."""
        return False

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Let few take people's data out."""
        return bool(request.user.has_perm("accounts.export_driver"))

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Driver]:
        """Fetch people with their profiles."""
        rows: QuerySet[Driver] = super().get_export_queryset(request)
        return rows.select_related("user")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Show where he was to those who act on drivers."""
        if request.user.has_perm("accounts.operate_driver"):
            return super().get_fieldsets(request, obj)
        person, (title, work) = self.fieldsets
        return [person, (title, work | {"fields": [name for name in work["fields"] if name != "today"]})]

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        """Hand the resource who acts."""
        return {**super().get_import_resource_kwargs(request, **kwargs), "staff": request.user}

    # --- at work

    @admin.display(description="name", ordering="user__name")
    def name(self, obj: Driver) -> str:
        """Return what he is called."""
        return str(obj)

    @admin.display(description="session")
    def session(self, obj: Driver) -> str:
        """Return whether he is online, since when and with what."""
        row = DriverSession.objects.filter(driver=obj).select_related("zone").order_by("-started_at", "-id").first()
        if row is None:
            return "Was never online"
        if row.ended_at:
            return f"Offline since {row.ended_at:%Y-%m-%d %H:%M} UTC ({row.end_reason or 'no reason'})"
        status = row.get_status_display().lower()
        return (
            f"Online in {row.zone.name} since {row.started_at:%H:%M} UTC, {status}, "
            f"carries {row.load} of {row.capacity}, lease until {row.lease_until:%H:%M:%S}"
        )

    @admin.display(description="share of the work")
    def share(self, obj: Driver) -> str:
        """Return his last seven days beside those of the typical driver of his zone."""
        found = driver_share(driver_id=obj.pk, now=clock.now())
        if not found.hours:
            return f"Was not online in the last {WINDOW.days} days"

        def pay(minor: float | None) -> str:
            return DASH if minor is None else money.words(round(minor), found.currency)

        def number(rate: float | None) -> str:
            return DASH if rate is None else f"{rate:.1f}"

        an_hour = found.an_hour
        rows = (
            ("Pay", pay(found.pay_minor), pay(an_hour(found.pay_minor)), pay(found.typical_pay_minor)),
            ("Deliveries", found.deliveries, number(an_hour(found.deliveries)), number(found.typical_deliveries)),
            ("Offers", found.offers, number(an_hour(found.offers)), number(found.typical_offers)),
        )
        body = format_html_join("", '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>', rows)
        return format_html(
            '<p>{} hours online in {} days, took {} of {} offers.</p><div class="fs-scroll" tabindex="0" role="region"'
            ' aria-label="Share of the work"><table class="fs-figures"><thead><tr><td></td><th scope="col">In all</th>'
            '<th scope="col">An hour</th><th scope="col">Typical of {} drivers, an hour</th></tr></thead>'
            "<tbody>{}</tbody></table></div>",
            f"{found.hours:.1f}",
            WINDOW.days,
            found.taken,
            found.offers,
            found.drivers,
            body,
        )

    @admin.display(description="today")
    def today(self, obj: Driver) -> str:
        """Return his way since midnight of his zone on the map, with a slider for the time."""
        now = clock.now()
        last = DriverSession.objects.filter(driver=obj).select_related("zone").order_by("-started_at", "-id").first()
        place = ZoneInfo(last.zone.time_zone if last else "UTC")
        midnight = datetime.combine(now.astimezone(place).date(), time.min, tzinfo=place)
        points = trail_of(driver_id=obj.pk, since=midnight, until=now)
        if points:
            return shown_trail([(lat, lng, at.astimezone(place)) for lat, lng, at in points])
        position: Any = getattr(obj, "position", None)
        return shown_place(position.point) if position else "Nowhere seen today"

    # --- saving

    def save_model(self, request: HttpRequest, obj: Driver, form: forms.ModelForm[Driver], change: bool) -> None:
        """Save through the service, so that the change is an event."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        accounts.update_driver(driver=obj, changes=changes, now=clock.now(), actor=actor_of(request))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save documents and shifts through their services."""
        formset.save(commit=False)
        now, actor, driver = clock.now(), actor_of(request), form.instance
        if formset.model is Shift:
            for row in formset.deleted_objects:
                dispatch.drop_shift(shift_id=row.pk)
            for row in formset.new_objects:
                dispatch.plan_shift(driver_id=driver.pk, starts_at=row.starts_at, ends_at=row.ends_at)
            return
        for row in formset.deleted_objects:
            accounts.drop_document(document=row, now=now, actor=actor)
        for row, fields in formset.changed_objects:
            changes = {name: getattr(row, name) for name in fields}
            accounts.change_document(document=row, changes=changes, now=now, actor=actor)
        for row in formset.new_objects:
            keep(request, driver, row)

    # --- actions

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Driver], done: str, service: Callable[..., Any], **more: Any
    ) -> None:
        now, actor = clock.now(), actor_of(request)
        rows = queryset.select_related("user")
        self.run(request, rows, done, lambda row: service(driver=row, now=now, actor=actor, **more))

    @action(description="Approve", permissions=["ops"])  # type: ignore[untyped-decorator]
    def approve(self, request: HttpRequest, queryset: QuerySet[Driver]) -> None:
        """Let the chosen drivers go online."""
        self._decide(request, queryset, "drivers approved", accounts.approve_driver)

    @action(description="Suspend", permissions=["ops"])  # type: ignore[untyped-decorator]
    def suspend(self, request: HttpRequest, queryset: QuerySet[Driver]) -> None:
        """Keep the chosen drivers offline."""
        self._decide(request, queryset, "drivers suspended", accounts.suspend_driver, reason="ops")

    @action(description="Reinstate", permissions=["ops"])  # type: ignore[untyped-decorator]
    def reinstate(self, request: HttpRequest, queryset: QuerySet[Driver]) -> None:
        """End the suspension of the chosen drivers."""
        self._decide(request, queryset, "drivers reinstated", accounts.reinstate_driver)
