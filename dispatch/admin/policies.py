"""How zones decide: versions, their rehearsals, and who let them hold; the rounds that were kept."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from dispatch import services
from dispatch.models import DispatchPolicy, RoundRecord
from dispatch.states import PolicyStatus
from fleetsync.admin_base import OpsAdmin, ReadOnlyAdmin, actor_of
from fleetsync.admin_maps import MapMedia
from fleetsync.core import clock

#: What a rehearsal gave, as people read it; the key of the figure and its form.
FIGURES = (
    ("click-to-door, min", "click_to_door", ".2f"),
    ("late, %", "late_pct", ".1f"),
    ("pay per order, minor", "pay_per_order", ".0f"),
    ("metres per order", "metres_per_order", ".0f"),
    ("offers per order", "offers_per_order", ".2f"),
    ("idle spread, min in an hour", "idle_spread", ".1f"),
)


@admin.register(DispatchPolicy)
class DispatchPolicyAdmin(OpsAdmin):
    """Versions of how a zone decides. They are drafted here, rehearsed by `manage.py whatif`, and never edited."""

    Media = MapMedia  # for its small tables
    id_kind = "policy_id"
    id_searches = {"zon": "zone_id"}
    list_display = ["zone", "version", "shown_status", "note", "rehearsal", "activated_at", "activated_by"]
    list_select_related = ["zone"]
    search_fields = ["zone__name", "note"]
    list_filter = ["status", "zone"]
    ordering = ["zone__name", "-version", "-id"]
    actions = ["activate", "activate_unrehearsed", "roll_back"]
    fields = ["zone", "parameters", "note"]
    read_fields = [
        "public_id", "zone", "version", "status", "parameters", "note", "created_at", "created_by",
        "simulated_at", "simulated_by", "result", "activated_at", "activated_by", "retired_at",
    ]  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: DispatchPolicy | None = None) -> list[str]:
        """Ask for little, show all."""
        return self.fields if obj is None else self.read_fields

    def has_change_permission(self, request: HttpRequest, obj: DispatchPolicy | None = None) -> bool:
        """A version is what it was when rounds decided by it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DispatchPolicy | None = None) -> bool:
        """Decisions name it."""
        return False

    def save_model(self, request: HttpRequest, obj: DispatchPolicy, form: forms.ModelForm[Any], change: bool) -> None:
        """Draft through the service."""
        made = services.draft_policy(
            zone_id=obj.zone_id,
            parameters=obj.parameters or {},
            note=obj.note,
            now=clock.now(),
            actor=actor_of(request),
        )
        obj.pk, obj.version = made.pk, made.version

    @display(  # type: ignore[untyped-decorator]
        description="status",
        ordering="status",
        label={
            PolicyStatus.ACTIVE: "success",
            PolicyStatus.SIMULATED: "info",
            PolicyStatus.DRAFT: "warning",
        },
    )
    def shown_status(self, obj: DispatchPolicy) -> str:
        """Return the status as a label."""
        return obj.status

    @admin.display(description="rehearsal")
    def rehearsal(self, obj: DispatchPolicy) -> str:
        """Return what the rehearsal changed, in one line."""
        change = (obj.simulation or {}).get("difference")
        if not change:
            return "none yet"
        return f"{change['click_to_door']:+.2f} min to the door, {change['late_pct']:+.1f} % late"

    @admin.display(description="result of the rehearsal")
    def result(self, obj: DispatchPolicy) -> str | SafeString:
        """Return the figures of both policies, side by side."""
        found = obj.simulation or {}
        if "before" not in found:
            return "None yet: manage.py whatif --policy " + str(obj.version)
        rows = [
            (
                title,
                f"{found['before'][key]:{form}}",
                f"{found['after'][key]:{form}}",
                f"{found['difference'][key]:+{form}}",
            )
            for title, key, form in FIGURES
            if found["before"].get(key) is not None and found["after"].get(key) is not None
        ]
        body = format_html_join("", '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>', rows)
        return format_html(
            '<p>{} of {} recorded rounds decide otherwise.</p><table class="fs-figures"><thead><tr><td></td>'
            '<th scope="col">as it was</th><th scope="col">this version</th><th scope="col">difference</th></tr>'
            "</thead><tbody>{}</tbody></table>",
            found.get("differing", "–"),  # noqa: RUF001  # an en dash, as everywhere
            found.get("rounds", "–"),  # noqa: RUF001
            body,
        )

    @action(description="Activate", permissions=["ops"])  # type: ignore[untyped-decorator]
    def activate(self, request: HttpRequest, queryset: QuerySet[DispatchPolicy]) -> None:
        """Let rehearsed versions hold, one per zone."""
        self._activate(request, queryset, unrehearsed=False)

    @action(description="Activate without rehearsal", permissions=["ops"])  # type: ignore[untyped-decorator]
    def activate_unrehearsed(self, request: HttpRequest, queryset: QuerySet[DispatchPolicy]) -> None:
        """Let versions hold that no rehearsal has tried."""
        self._activate(request, queryset, unrehearsed=True)

    @action(description="Roll back to the version before", permissions=["ops"])  # type: ignore[untyped-decorator]
    def roll_back(self, request: HttpRequest, queryset: QuerySet[DispatchPolicy]) -> None:
        """Let the version hold again that held before, in the zones of the chosen rows."""
        now, actor = clock.now(), actor_of(request)
        rows = queryset.select_related("zone").order_by("zone_id").distinct("zone_id")

        def back(row: DispatchPolicy) -> None:
            held = services.roll_back_policy(zone_id=row.zone_id, now=now, actor=actor)
            self.log_change(request, held, f"Rolled back to version {held.version}.")

        self.run(request, rows, "zones rolled back", back)

    def _activate(self, request: HttpRequest, queryset: QuerySet[DispatchPolicy], *, unrehearsed: bool) -> None:
        now, actor = clock.now(), actor_of(request)

        def begin(row: DispatchPolicy) -> None:
            services.activate_policy(policy_id=row.pk, now=now, actor=actor, unrehearsed=unrehearsed)
            self.log_change(request, row, f"Activated{' without rehearsal' if unrehearsed else ''}.")

        self.run(request, queryset.select_related("zone"), "policies activated", begin)


@admin.register(RoundRecord)
class RoundRecordAdmin(ReadOnlyAdmin):
    """Rounds that can be decided again."""

    id_kind = "round_id"
    id_searches = {"zon": "zone_id"}
    list_display = ["public_id", "zone", "at", "strategy", "policy_version", "jobs", "drivers", "offers", "solve_ms"]
    list_select_related = ["zone"]
    list_filter = ["strategy", "zone"]
    search_fields = ["zone__name", "engine"]
    ordering = ["-at", "-id"]
    exclude = ["data"]
