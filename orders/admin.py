"""Orders and quotes for the back office: read and searched; steps are actions that call services."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from fleetsync.core import clock, ids
from fleetsync.core.errors import DomainError
from orders import services
from orders.models import Order, OrderLine, Quote
from orders.states import CancelledBy, Reason


class ReadOnly:
    """Nothing is added, edited or deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse; looking is `view`."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


class OrderLineInline(ReadOnly, TabularInline):  # type: ignore[misc]
    """What was bought."""

    model = OrderLine
    extra = 0
    fields = ("name", "options", "unit_minor", "quantity", "total_minor")


@admin.register(Order)
class OrderAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """Orders; the kitchen's steps and the cancellation are actions."""

    list_display = ("code", "public_id", "status", "restaurant", "customer", "placed_at", "ready_at", "promised_at")
    list_filter = ("status", "zone")
    search_fields = ("=id", "=code", "customer__email", "restaurant__name")
    search_help_text = "Code, id (ord_…), customer's e-mail or restaurant."
    list_select_related = ("restaurant", "customer")
    date_hierarchy = "placed_at"
    ordering = ("-id",)
    inlines = (OrderLineInline,)
    actions = ("accept", "mark_ready", "reject", "cancel")

    @admin.display(description="id")
    def public_id(self, order: Order) -> str:
        """Return the id that everybody else uses."""
        return ids.public("order_id", order.pk)

    def has_step_permission(self, request: HttpRequest) -> bool:
        """Let ops take steps; whoever else may look only looks."""
        return bool(getattr(request.user, "is_ops", False))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Find public ids, too."""
        try:
            return queryset.filter(pk=ids.private("order_id", search_term.strip())), False
        except ids.BadId:
            found: tuple[QuerySet[Order], bool] = super().get_search_results(request, queryset, search_term)
            return found

    @admin.action(description="Accept for the kitchen", permissions=["step"])
    def accept(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Accept with the restaurant's usual time."""
        self._each(request, queryset, lambda order, **by: services.accept_order(order_id=order.pk, **by))

    @admin.action(description="Say that it is ready", permissions=["step"])
    def mark_ready(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Mark ready for the kitchen."""
        self._each(request, queryset, lambda order, **by: services.mark_ready(order_id=order.pk, **by))

    @admin.action(description="Reject for the kitchen", permissions=["step"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Reject what was not accepted yet."""
        self._each(
            request,
            queryset,
            lambda order, **by: services.reject_order(order_id=order.pk, reason=Reason.TOO_BUSY, **by),
        )

    @admin.action(description="Cancel", permissions=["step"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Cancel what was not picked up yet."""
        self._each(
            request,
            queryset,
            lambda order, **by: services.cancel_order(order_id=order.pk, by=CancelledBy.OPS, reason=Reason.OTHER, **by),
        )

    def _each(self, request: HttpRequest, queryset: QuerySet[Order], step: Callable[..., Order]) -> None:
        """Take the step for each order by itself; say how many went and why others did not."""
        done, actor = 0, ids.encode("usr", request.user.pk)
        for order in queryset.order_by("id"):
            try:
                step(order, now=clock.now(), actor=actor)
                done += 1
            except DomainError as error:
                self.message_user(request, f"{order.code}: {error.detail}", messages.WARNING)
        self.message_user(request, f"Done for {done}.", messages.SUCCESS)


@admin.register(Quote)
class QuoteAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """Promises made before a purchase."""

    list_display = ("id", "restaurant", "customer", "total_minor", "currency", "created_at", "expires_at")
    search_fields = ("=id", "customer__email", "restaurant__name")
    list_select_related = ("restaurant", "customer")
    ordering = ("-id",)
