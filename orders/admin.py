"""Orders in the back office: to look at; what happens to them goes through actions."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.decorators import action

from accounts.models import User
from fleetsync.admin_base import ReadOnlyAdmin, ReadOnlyInline, actor_of, is_kitchen_staff, shown_place
from fleetsync.admin_maps import MapMedia
from fleetsync.core import clock, events, ids, money
from fleetsync.core.models import Event
from orders import services
from orders.models import Order, OrderLine, Quote, Review
from orders.states import CancelledBy

MOST_EVENTS = 200
#: Who buys and where the door is: the API does not tell kitchens either, nor who else had a hand in it.
PRIVATE = frozenset({"customer", "dropoff_address", "dropoff_note", "dropoff_point"})
DOOR = "At the door"


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Return what each actor of the log is called: people by name, parts of the system as they are; one query."""
    wanted = set(actors)
    keys = {actor: ids.decode("usr", actor) for actor in wanted if actor.startswith("usr_")}
    people = {user.pk: user.get_full_name() for user in User.objects.filter(pk__in=keys.values()).only("name", "email")}
    return {actor: people.get(keys[actor], actor) if actor in keys else actor for actor in wanted}


class OrderLineInline(ReadOnlyInline):
    """What was bought."""

    model = OrderLine
    fields = ["quantity", "name", "unit_minor", "total_minor"]
    readonly_fields = fields
    currency_path = "order.currency"

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        """Fetch the order, which knows the currency."""
        return super().get_queryset(request).select_related("order")  # type: ignore[no-any-return]


class ReviewInline(ReadOnlyInline):
    """What the customer said and gave afterwards."""

    model = Review
    fields = ["stars", "tags", "comment", "rated_at", "tip_minor", "tipped_at"]
    readonly_fields = fields
    currency_path = "order.currency"


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders, newest first."""

    kitchen_path = "restaurant"
    Media = MapMedia
    id_kind = "order_id"
    id_searches = {"usr": "customer_id", "rst": "restaurant_id", "zon": "zone_id", "dlv": "delivery__pk"}
    list_display = ["code", "status", "restaurant", "customer", "total_minor", "placed_at", "promised_at"]
    list_select_related = ["restaurant", "customer"]
    search_fields = ["code__iexact", "customer__email", "restaurant__name"]
    list_filter = ["status", "zone", "placed_at"]
    ordering = ["-id"]
    inlines = [OrderLineInline, ReviewInline]
    fieldsets = [
        (None, {"fields": ["status", "reason", "restaurant", "customer", "driver", "placed_at", "promised_at"]}),
        ("What happened", {"fields": ["timeline"]}),
        (DOOR, {"fields": ["dropoff_address", "dropoff_note", "dropoff", "zone"]}),
        (
            "In the kitchen",
            {"fields": ["code", "kitchen_note", "accept_by", "accepted_at", "ready_at", "food_ready_at"]},
        ),
        (
            "Money",
            {"fields": ["subtotal_minor", "fee_lines", "tip_minor", "discount_minor", "total_minor", "quote"]},
        ),
        ("For the record", {"fields": ["public_id", "picked_up_at", "delivered_at", "closed_at"]}),
    ]
    readonly_fields = ["public_id", "driver", "fee_lines", "dropoff", "timeline", "steps"]
    actions = ["accept", "mark_ready", "reject", "cancel"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Leave the customer out for kitchens."""
        names = super().get_list_display(request)
        return [name for name in names if name != "customer"] if is_kitchen_staff(request) else names

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Let kitchens find nobody by his address."""
        names = list(super().get_search_fields(request))
        return [name for name in names if not name.startswith("customer")] if is_kitchen_staff(request) else names

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Leave the customer and his door out for kitchens."""
        sets = super().get_fieldsets(request, obj)
        if not is_kitchen_staff(request):
            return sets
        return [
            (title, more | {"fields": [_as_kitchen(name) for name in more["fields"] if name not in PRIVATE]})
            for title, more in sets
            if title != DOOR
        ]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Let kitchens not guess from the address bar, either, what they are not shown."""
        if request is not None and is_kitchen_staff(request) and lookup.partition("__")[0] in PRIVATE:
            return False
        return super().lookup_allowed(lookup, value, request)

    @admin.display(description="driver")
    def driver(self, obj: Order) -> str:
        """Return who carries it or did."""
        found = getattr(getattr(obj, "delivery", None), "driver", None)
        return str(found or "nobody yet")

    @admin.display(description="fees")
    def fee_lines(self, obj: Order) -> str:
        """Return the fees by name."""
        lines = (
            (fee.get("name", fee.get("code", "")), money.words(fee["amount_minor"], obj.currency)) for fee in obj.fees
        )
        return format_html_join("", "<div>{}: {}</div>", lines)

    @admin.display(description="dropoff")
    def dropoff(self, obj: Order) -> str:
        """Return where it goes, on a map."""
        return shown_place(obj.dropoff_point)

    @admin.display(description="timeline")
    def timeline(self, obj: Order) -> str:
        """Return everything that happened to it, in order, with who did it."""
        rows = _happened(obj)
        names = names_of(row.actor for row in rows)
        return _table(("#", "When (UTC)", "What", "Who"), [(*_said(row), names[row.actor]) for row in rows])

    @admin.display(description="timeline")
    def steps(self, obj: Order) -> str:
        """Return everything that happened to it, in order."""
        return _table(("#", "When (UTC)", "What"), [_said(row) for row in _happened(obj)])

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Order], done: str, service: Callable[..., Any], **more: Any
    ) -> None:
        now, actor = clock.now(), actor_of(request)
        self.run(request, queryset, done, lambda row: service(order_id=row.pk, now=now, actor=actor, **more))

    @action(description="Accept for the kitchen", permissions=["ops"])  # type: ignore[untyped-decorator]
    def accept(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Accept with the kitchen's usual time."""
        self._each(request, queryset, "orders accepted", services.accept_order)

    @action(description="Say that it is ready", permissions=["ops"])  # type: ignore[untyped-decorator]
    def mark_ready(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Say so for the kitchen."""
        self._each(request, queryset, "orders ready", services.mark_ready)

    @action(description="Reject for the kitchen", permissions=["ops"])  # type: ignore[untyped-decorator]
    def reject(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Refuse for the kitchen."""
        self._each(request, queryset, "orders rejected", services.reject_order, reason="ops")

    @action(description="Cancel", permissions=["ops"])  # type: ignore[untyped-decorator]
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Call the chosen orders off."""
        by = CancelledBy.RESTAURANT if is_kitchen_staff(request) else CancelledBy.OPS
        self._each(request, queryset, "orders cancelled", services.cancel_order, by=by, reason=by.lower())


def _as_kitchen(name: Any) -> Any:
    return "steps" if name == "timeline" else name


def _happened(order: Order) -> list[Event]:
    return list(Event.objects.filter(stream=events.topic_of("order", order.pk)).order_by("seq")[:MOST_EVENTS])


def _said(row: Event) -> tuple[int, str, str]:
    return row.seq, f"{row.at:%Y-%m-%d %H:%M:%S}", row.type.replace(".", " ").replace("_", " ")


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    top = format_html_join("", '<th scope="col">{}</th>', ((word,) for word in head))
    cells = ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    return format_html(
        '<table class="fs-figures fs-timeline"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        top,
        format_html_join("", "<tr>{}</tr>", cells),
    )


@admin.register(OrderLine)
class OrderLineAdmin(ReadOnlyAdmin):
    """Everything that was ever bought."""

    kitchen_path = "order__restaurant"
    currency_path = "order.currency"
    id_searches = {"ord": "order_id"}
    list_display = ["order", "quantity", "name", "unit_minor", "total_minor"]
    list_select_related = ["order"]
    search_fields = ["name", "order__code__iexact"]
    ordering = ["-id"]


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    """What customers said and gave afterwards."""

    kitchen_path = "order__restaurant"
    currency_path = "order.currency"
    id_searches = {"ord": "order_id", "rst": "order__restaurant_id"}
    list_display = ["order", "stars", "tags", "comment", "rated_at", "tip_minor"]
    list_select_related = ["order"]
    list_filter = ["stars"]
    search_fields = ["order__code__iexact", "comment"]
    ordering = ["-order"]


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    """Prices and times that were promised before orders."""

    id_kind = "quote_id"
    id_searches = {"usr": "customer_id", "rst": "restaurant_id"}
    list_display = ["public_id", "customer", "restaurant", "total_minor", "expires_at"]
    list_select_related = ["customer", "restaurant"]
    search_fields = ["customer__email", "restaurant__name"]
    ordering = ["-id"]
    exclude = ["dropoff_point"]
