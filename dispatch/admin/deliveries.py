"""Deliveries and the search for their drivers: to look at; statuses change through actions alone."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import Driver
from dispatch import services
from dispatch.admin.why import WhyPage
from dispatch.engine import STRATEGIES
from dispatch.models import DecisionRecord, Delivery, DispatchJob, Offer, Round
from fleetsync.admin_base import ReadOnlyAdmin, ReadOnlyInline, actor_of, shown_place
from fleetsync.admin_lists import said
from fleetsync.admin_maps import MapMedia
from fleetsync.core import clock


class AssignForm(forms.Form):
    """Who shall carry the chosen deliveries: somebody who is online."""

    driver = forms.ModelChoiceField(
        queryset=Driver.objects.filter(sessions__ended_at=None).select_related("user").order_by("user__name", "pk"),
        widget=UnfoldAdminSelectWidget,
    )


class OfferInline(ReadOnlyInline):
    """Who was asked, and what they said."""

    model = Offer
    fields = ["driver", "status", "distance_m", "offered_at", "expires_at", "answered_at", "reason"]
    readonly_fields = fields
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        """Fetch the drivers' names with them."""
        return super().get_queryset(request).select_related("driver__user").order_by("-id")  # type: ignore[no-any-return]


@admin.register(Delivery)
class DeliveryAdmin(WhyPage, ReadOnlyAdmin):
    """Deliveries; those with NO_DRIVER_FOUND are the ops queue."""

    Media = MapMedia
    id_kind = "delivery_id"
    id_searches = {"ord": "order_id", "drv": "driver_id", "rst": "restaurant_id", "zon": "zone_id"}
    list_display = ["order", "status", "restaurant", "driver", "ready_at", "dropoff_eta_at", "held", "priority"]
    list_select_related = ["order", "restaurant", "driver__user"]
    search_fields = ["order__code__iexact", "restaurant__name", "driver__user__email", "driver__user__name"]
    list_filter = ["status", "held", "zone"]
    ordering = ["-id"]
    inlines = [OfferInline]
    exclude = ["pickup_point", "dropoff_point"]
    readonly_fields = ["public_id", "pickup", "dropoff"]
    actions = ["assign", "unassign", "reopen", "hold", "release", "put_first"]

    @admin.display(description="pickup")
    def pickup(self, obj: Delivery) -> str:
        """Return where it is picked up, on a map."""
        return shown_place(obj.pickup_point)

    @admin.display(description="dropoff")
    def dropoff(self, obj: Delivery) -> str:
        """Return where it goes, on a map."""
        return shown_place(obj.dropoff_point)

    @action(description="Assign to a driver …", permissions=["ops"])  # type: ignore[untyped-decorator]
    def assign(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        """Ask for a driver, then give him the chosen deliveries."""
        form = AssignForm(request.POST if "driver" in request.POST else None)
        if form.is_bound and form.is_valid():
            now, actor, driver_id = clock.now(), actor_of(request), form.cleaned_data["driver"].pk
            self.run(
                request,
                queryset.select_related("order"),
                f"deliveries given to {form.cleaned_data['driver']}",
                lambda row: services.assign(delivery_id=row.pk, driver_id=driver_id, now=now, actor=actor),
            )
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Assign to a driver",
            "opts": self.opts,
            "form": form,
            "rows": queryset.select_related("order", "restaurant"),
        }
        return render(request, "admin/dispatch/assign.html", context)

    @action(description="Take away from its driver", permissions=["ops"])  # type: ignore[untyped-decorator]
    def unassign(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Let the search begin again, without the present driver."""
        self._each(request, queryset, "deliveries taken away", services.unassign, reason="ops")

    @action(description="Search again", permissions=["ops"])  # type: ignore[untyped-decorator]
    def reopen(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Open the search of deliveries for which nobody was found."""
        self._each(request, queryset, "searches opened again", services.reopen_delivery)

    @action(description="Hold", permissions=["ops"])  # type: ignore[untyped-decorator]
    def hold(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Offer them to nobody for now."""
        self._each(request, queryset, "deliveries held", services.hold_delivery, held=True)

    @action(description="Release", permissions=["ops"])  # type: ignore[untyped-decorator]
    def release(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Offer them again."""
        self._each(request, queryset, "deliveries released", services.hold_delivery, held=False)

    @action(description="Put first", permissions=["ops"])  # type: ignore[untyped-decorator]
    def put_first(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Let them go before others."""
        self._each(request, queryset, "deliveries put first", services.prioritize_delivery, priority=1)

    def _each(self, request: HttpRequest, queryset: QuerySet[Delivery], done: str, service: Any, **more: Any) -> None:
        now, actor = clock.now(), actor_of(request)
        rows = queryset.select_related("order")
        self.run(request, rows, done, lambda row: service(delivery_id=row.pk, now=now, actor=actor, **more))


@admin.register(DispatchJob)
class DispatchJobAdmin(ReadOnlyAdmin):
    """Searches: how often, how far, when next."""

    id_kind = "job_id"
    id_searches = {"dlv": "delivery_id", "zon": "zone_id", "ord": "delivery__order_id"}
    list_display = ["order", "zone", "searching", "attempt", "radius_m", "next_attempt_at", "search_until"]
    list_select_related = ["delivery__order", "zone"]
    search_fields = ["delivery__order__code__iexact"]
    list_filter = ["searching", "zone"]
    ordering = ["-id"]
    raw_id_fields = ["delivery"]

    @admin.display(description="order")
    def order(self, obj: DispatchJob) -> str:
        """Return which order it is about."""
        return str(obj.delivery.order)


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    """Questions to drivers, and their answers."""

    id_kind = "offer_id"
    currency_path = "delivery.order.currency"
    id_searches = {"dlv": "delivery_id", "drv": "driver_id", "bat": "batch_id", "ord": "delivery__order_id"}
    list_display = ["public_id", "driver", "order", "status", "distance_m", "offered_at", "answered_at", "reason"]
    list_select_related = ["driver__user", "delivery__order"]
    search_fields = ["delivery__order__code__iexact", "driver__user__email", "driver__user__name"]
    list_filter = ["status"]
    ordering = ["-id"]

    @admin.display(description="order")
    def order(self, obj: Offer) -> str:
        """Return which order it is about."""
        return str(obj.delivery.order)


@admin.register(Round)
class RoundAdmin(ReadOnlyAdmin):
    """The matching run of each zone: how it went last."""

    id_searches = {"zon": "zone_id"}
    list_display = ["zone", "fence", "strategy", "fallback", "solve_ms", "ran_at", "next_tick_at", "again"]
    list_select_related = ["zone"]
    search_fields = ["zone__name"]
    list_filter = [said("strategy", *STRATEGIES)]
    ordering = ["zone__name", "zone_id"]
    exclude = ["memo"]


@admin.register(DecisionRecord)
class DecisionRecordAdmin(ReadOnlyAdmin):
    """Why this driver: what a round weighed."""

    id_searches = {"dlv": "delivery_id", "drv": "driver_id", "ord": "delivery__order_id"}
    list_display = ["order", "driver", "strategy", "fallback", "solve_ms", "at"]
    list_select_related = ["delivery__order", "driver__user"]
    search_fields = ["delivery__order__code__iexact", "driver__user__email"]
    list_filter = [said("strategy", *STRATEGIES)]
    ordering = ["-id"]

    @admin.display(description="order")
    def order(self, obj: DecisionRecord) -> str:
        """Return which order it is about."""
        return str(obj.delivery.order)
