"""A driver's page: who he is, what he shows, when he works, where he was today, and whether he gets his share."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import TabularInline
from unfold.decorators import action

from accounts import services as accounts
from accounts.models import Driver, DriverDocument, User
from accounts.states import DocumentKind
from dispatch import services as dispatch
from dispatch.models import DriverSession, Shift
from dispatch.selectors.shares import WINDOW, driver_share
from fleetsync.admin_base import OpsAdmin, actor_of, shown_place
from fleetsync.admin_imports import SheetsAdmin
from fleetsync.admin_maps import MapMedia, shown_trail
from fleetsync.core import clock
from tracking.admin.resources import DriverResource
from tracking.selectors.trail import trail_of

SOON: Final = timedelta(days=30)
DASH: Final = "–"  # noqa: RUF001 (an en dash, as everywhere on our pages)


class Papers(admin.SimpleListFilter):
    """Whose documents need a look."""

    title = "documents"
    parameter_name = "papers"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the kinds of trouble."""
        return [("expired", "one expired"), ("soon", "one expires within 30 days"), ("none", "none on file")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the drivers, or the documents, with that trouble."""
        today, documents = clock.now().date(), queryset.model is DriverDocument
        rows = DriverDocument.objects.all() if documents else DriverDocument.objects.filter(driver=OuterRef("pk"))
        found = {
            "expired": rows.filter(expires_on__lt=today),
            "soon": rows.filter(expires_on__gte=today, expires_on__lte=today + SOON),
            "none": rows,
        }.get(self.value() or "")
        if found is None:
            return queryset
        if documents:
            return queryset.filter(pk__in=found.values("pk"))
        return queryset.filter(~Exists(found) if self.value() == "none" else Exists(found))


class DocumentInline(TabularInline):  # type: ignore[misc]
    """Licence, insurance and the like; a file once kept is not replaced, another one is added."""

    model = DriverDocument
    extra = 0
    fields = ["kind", "number", "expires_on", "file", "download"]
    readonly_fields = ["download"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Leave the upload out for those who look only."""
        may = self.has_change_permission(request, obj)
        return [name for name in self.fields if may or name != "file"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Use a plain file input: a private file has no address that a link could lead to."""
        if db_field.name == "file":
            kwargs["widget"] = forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="on file")
    def download(self, obj: DriverDocument) -> str:
        """Return the link to the file."""
        return download_link(obj)


def download_link(document: DriverDocument) -> str:
    """Return a link to a document's file, a dash where there is none yet."""
    if document._state.adding:
        return DASH
    return format_html('<a href="{}">Open</a>', reverse("admin:accounts_driverdocument_file", args=[document.pk]))


class ShiftForm(forms.ModelForm[Shift]):
    """A shift; one that overlaps another is refused beside it."""

    class Meta:
        model = Shift
        fields = ["starts_at", "ends_at"]

    def clean(self) -> dict[str, Any] | None:
        """Refuse an end before the start, and another shift in that time."""
        values = super().clean() or self.cleaned_data
        start, end = values.get("starts_at"), values.get("ends_at")
        if start and end and end <= start:
            raise ValidationError({"ends_at": "The shift ends before it begins."})
        return values


class ShiftFormSet(forms.BaseInlineFormSet[Shift, Driver, ShiftForm]):
    """A driver's shifts, none over another."""

    def clean(self) -> None:
        """Say at the row which other shift it runs into."""
        super().clean()
        kept = [form for form in self.forms if form.is_valid() and not form.cleaned_data.get("DELETE")]
        dropped = {form.instance.pk for form in self.forms if form.is_valid() and form.cleaned_data.get("DELETE")}
        taken: list[tuple[datetime, datetime]] = []
        for form in kept:
            start, end = form.cleaned_data.get("starts_at"), form.cleaned_data.get("ends_at")
            if not start or not end or not form.instance._state.adding:
                continue
            stored = Shift.objects.filter(driver=self.instance, starts_at__lt=end, ends_at__gt=start).exclude(
                pk__in=dropped
            )
            others = [
                *stored.values_list("starts_at", "ends_at")[:1],
                *((s, e) for s, e in taken if s < end and e > start),
            ]
            if others:
                begins, ends = others[0]
                form.add_error("starts_at", f"Overlaps the shift {begins:%Y-%m-%d %H:%M} to {ends:%H:%M}.")
            taken.append((start, end))


class ShiftInline(TabularInline):  # type: ignore[misc]
    """Today's shifts and those to come; a shift is taken off and planned anew, never moved under a driver."""

    model = Shift
    form = ShiftForm
    formset = ShiftFormSet
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shift]:
        """Leave the past to the roster's own list."""
        rows: QuerySet[Shift] = super().get_queryset(request)
        return rows.filter(ends_at__gt=clock.now()).order_by("starts_at", "pk")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody moves one."""
        return False


@admin.register(Driver)
class DriverAdmin(SimpleHistoryAdmin, SheetsAdmin, OpsAdmin):  # type: ignore[misc]
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
        rows = (
            ("Pay", found.pay_minor / 100, (found.typical_pay_minor or 0) / 100, ".2f"),
            ("Deliveries", found.deliveries, found.typical_deliveries or 0, ".1f"),
            ("Offers", found.offers, found.typical_offers or 0, ".1f"),
        )
        body = format_html_join(
            "",
            '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>',
            (
                (
                    name,
                    f"{all_:,.2f}" if kind == ".2f" else f"{all_:,}",
                    _rate(found.an_hour(all_), kind),
                    f"{typical:{kind}}",
                )
                for name, all_, typical, kind in rows
            ),
        )
        return format_html(
            '<p>{} hours online in {} days, took {} of {} offers.</p><table class="fs-figures"><thead><tr><th></th>'
            "<th>In all</th><th>An hour</th><th>Typical of {} drivers</th></tr></thead><tbody>{}</tbody></table>",
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
            if "file" in fields:
                raise ValidationError("Add another document instead of replacing a file.")
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


def _rate(value: float | None, kind: str) -> str:
    return DASH if value is None else f"{value:{kind}}"


def keep(request: HttpRequest, driver: Driver, row: DriverDocument) -> None:
    """Keep an uploaded document through the service."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    accounts.keep_document(
        driver=driver,
        kind=DocumentKind(row.kind),
        number=row.number,
        expires_on=row.expires_on,
        file=row.file.file,
        staff=request.user,
        now=clock.now(),
    )


@admin.register(DriverDocument)
class DriverDocumentAdmin(OpsAdmin):
    """Documents of all drivers, those that expire first on top; added on the driver's page."""

    id_kind = "document_id"
    id_searches = {"drv": "driver_id"}
    list_display = ["driver", "kind", "number", "expires_on", "added_at", "download"]
    list_select_related = ["driver__user"]
    search_fields = ["driver__user__name", "driver__user__email", "number"]
    list_filter = [Papers, "kind"]
    ordering = ["expires_on", "id"]
    fields = ["public_id", "driver", "kind", "number", "expires_on", "download", "added_at", "added_by"]
    readonly_fields = ["public_id", "driver", "download", "added_at", "added_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Documents are added on the driver's page."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the way to the file."""
        file = path("<uuid:pk>/file", self.admin_site.admin_view(self.file), name="accounts_driverdocument_file")
        return [file, *super().get_urls()]

    def file(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Hand out a file to those who may see documents, as a download that no browser runs."""
        document = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, document):
            raise PermissionDenied
        try:
            stored = document.file.open("rb")
        except FileNotFoundError as error:
            raise Http404("the file is gone") from error
        name = f"{document.kind.lower()}-{document.pk}{document.file.name[document.file.name.rindex('.') :]}"
        answer = FileResponse(stored, as_attachment=True, filename=name)
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        answer["Cache-Control"] = "private, no-store"
        return answer  # type: ignore[return-value]

    @admin.display(description="file")
    def download(self, obj: DriverDocument) -> str:
        """Return the link to the file."""
        return download_link(obj)

    def save_model(
        self, request: HttpRequest, obj: DriverDocument, form: forms.ModelForm[DriverDocument], change: bool
    ) -> None:
        """Save through the service."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        accounts.change_document(document=obj, changes=changes, now=clock.now(), actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: DriverDocument) -> None:
        """Drop it with its file."""
        accounts.drop_document(document=obj, now=clock.now(), actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[DriverDocument]) -> None:
        """Drop them through the service, one by one."""
        self.run(request, queryset, "documents dropped", lambda row: self.delete_model(request, row))
