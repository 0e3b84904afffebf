"""Restaurants, with maps; every edit goes through a service, so it is an event."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.models import User
from accounts.states import Role, Vehicle
from fleetsync.admin_base import OpsAdmin, ReadOnlyAdmin, RowsInline, actor_of, is_kitchen_staff
from fleetsync.admin_history import HistoryAdmin
from fleetsync.admin_money import PricedForm
from fleetsync.core import clock, ids
from fleetsync.core.errors import DomainError
from fleetsync.core.events import change as change_block
from restaurants import hours, selectors, services
from restaurants.events import RestaurantChanged
from restaurants.models import Closure, OpeningHours, Preparation, Restaurant, RestaurantStaff
from restaurants.permissions import KEPT_BY_OPS

MENU_LISTS = (("menucategory", "Sections with their items"), ("menuitem", "All items"))


class HoursInline(RowsInline):
    """The week; closing at or before opening means the next day."""

    model = OpeningHours


class ClosureForm(forms.ModelForm[Closure]):
    """A time off, checked as the API checks it."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse what is no time, or ends too far ahead."""
        values = super().clean() or self.cleaned_data
        starts_at, ends_at = values.get("starts_at"), values.get("ends_at")
        if starts_at and ends_at:
            try:
                services.check_closure(starts_at=starts_at, ends_at=ends_at, now=clock.now())
            except DomainError as error:
                self.add_error(error.attr, error.detail)
        return values


class ClosureInline(RowsInline):
    """Days off."""

    model = Closure
    form = ClosureForm


class StaffInline(RowsInline):
    """Who works here."""

    model = RestaurantStaff
    autocomplete_fields = ["user"]

    def formfield_for_foreignkey(
        self, db_field: "models.ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer users of restaurants alone."""
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(role=Role.RESTAURANT)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class RestaurantForm(PricedForm):
    """A restaurant; a new one takes the currency of the zone it lies in."""

    vehicles = forms.MultipleChoiceField(
        choices=Vehicle.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=Restaurant._meta.get_field("vehicles").help_text,
    )

    class Meta:
        model = Restaurant
        fields = "__all__"

    def currency(self) -> str:
        """Return the restaurant's currency, that of its place while it is new."""
        if not self.instance._state.adding:
            return str(self.instance.currency)
        point = getattr(self, "cleaned_data", {}).get("point")
        zone = selectors.zone_at(point=point) if point else None
        return zone.currency if zone else ""


@admin.register(Restaurant)
class RestaurantAdmin(HistoryAdmin, OpsAdmin):
    """Kitchens: place, week, days off, staff. Its zone follows from its place."""

    form = RestaurantForm
    kitchen_path = ""
    id_kind = "restaurant_id"
    id_searches = {"zon": "zone_id"}
    list_display = ["name", "zone", "cuisine", "published", "auto_accept", "paused_until"]
    list_select_related = ["zone"]
    search_fields = ["name", "address", "phone"]
    list_filter = ["published", "auto_accept", "zone", ("paused_until", admin.EmptyFieldListFilter)]
    ordering = ["name", "id"]
    fieldsets = [
        (None, {"fields": ["public_id", "name", "cuisine", "published", "address", "phone", "point", "zone"]}),
        (
            "Kitchen",
            {
                "fields": [
                    "preparation_min",
                    "auto_accept",
                    "accept_within_s",
                    "max_open_orders",
                    "always_open",
                    "time_zone",
                ]
            },
        ),
        ("Preparation, learned", {"fields": ["learned"]}),
        ("Orders", {"fields": ["minimum_minor", "currency", "delivery_radius_m", "vehicles"]}),
        ("Now", {"fields": ["paused_until", "pause_reason", "menu", "menu_version", "created_at"]}),
    ]
    readonly_fields = [
        "public_id", "zone", "currency", "learned", "paused_until", "pause_reason", "menu", "menu_version",
        "created_at",
    ]  # fmt: skip
    inlines = [HoursInline, ClosureInline, StaffInline]
    actions = ["pause", "resume"]

    @admin.display(description="menu")
    def menu(self, obj: Restaurant) -> str:
        """Return the ways to the sections and items of its menu."""
        if obj._state.adding:
            return "Save the restaurant first"
        kitchen = ids.public("restaurant_id", obj.pk)
        links = ((reverse(f"admin:restaurants_{name}_changelist"), kitchen, words) for name, words in MENU_LISTS)
        return format_html_join(" · ", '<a class="underline" href="{}?q={}">{}</a>', links)

    def get_readonly_fields(self, request: HttpRequest, obj: Restaurant | None = None) -> Sequence[str]:
        """Leave to dispatch staff where a restaurant is, how far it delivers, and whether it is shown."""
        fixed = KEPT_BY_OPS if is_kitchen_staff(request) else ()
        columns = ("point" if name == "position" else name for name in fixed)
        return [*super().get_readonly_fields(request, obj), *columns]

    def get_inlines(self, request: HttpRequest, obj: Restaurant | None) -> list[Any]:
        """Leave to dispatch staff who works here."""
        return [HoursInline, ClosureInline] if is_kitchen_staff(request) else [*super().get_inlines(request, obj)]

    @admin.display(description="ready, by hour")
    def learned(self, obj: Restaurant) -> str:
        """Return what the platform expects of the kitchen, beside what the kitchen states."""
        cells = selectors.learned_preparation(restaurant=obj)
        if not cells:
            return f"Nothing yet: {obj.preparation_min} min, as stated. It is learned from orders that are picked up."
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{} min</td><td>{} min</td><td>± {} min</td><td>{}</td></tr>",
            (
                (
                    "any" if cell.hour is None else f"{cell.hour:02}:00",
                    "any" if cell.pieces is None else f"about {cell.pieces}",
                    max(0, round(obj.preparation_min + cell.late_s / 60)),
                    f"{round(cell.late_s / 60):+}",  # escaped values are text: no sign in the format
                    round(cell.std_s / 60),
                    round(cell.orders),
                )
                for cell in cells
            ),
        )
        head = format_html_join(
            "",
            '<th scope="col">{}</th>',
            ((word,) for word in ("Accepted at", "Pieces", "Expected", "Than stated", "Spread", "Orders")),
        )
        return format_html(
            '<div class="fs-scroll" tabindex="0" role="region" aria-label="Preparation, learned">'
            '<table class="fs-figures"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
            head,
            rows,
        )

    def save_model(
        self, request: HttpRequest, obj: Restaurant, form: forms.ModelForm[Restaurant], change: bool
    ) -> None:
        """Save through the services."""
        names = form.changed_data if change else list(form.cleaned_data)
        values = {name: form.cleaned_data[name] for name in names}
        if "point" in values:
            values["position"] = values.pop("point")
        if change:
            services.update_restaurant(restaurant=obj, changes=values, now=clock.now(), actor=actor_of(request))
        else:
            made = services.create_restaurant(settings=values, now=clock.now(), actor=actor_of(request))
            obj.pk, obj.zone, obj.place = made.pk, made.zone, made.place

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows, then let the service check and tell what they make together."""
        super().save_formset(request, form, formset, change)
        if not formset.has_changed():
            return
        restaurant, now, actor = form.instance, clock.now(), actor_of(request)
        if formset.model is OpeningHours:
            week = [
                hours.Opening(weekday=row.weekday, opens=row.opens, closes=row.closes)
                for row in OpeningHours.objects.filter(restaurant=restaurant)
            ]
            services.set_opening_hours(restaurant=restaurant, openings=week, now=now, actor=actor)
        else:
            with change_block(now=now, actor=actor) as emit:
                what = "closures" if formset.model is Closure else "staff"
                emit(RestaurantChanged(restaurant_id=restaurant.pk, fields=(what,)))

    def delete_model(self, request: HttpRequest, obj: Restaurant) -> None:
        """Delete through the service."""
        services.delete_restaurant(restaurant=obj, now=clock.now(), actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Restaurant]) -> None:
        """Delete through the service, one by one."""
        self.run(request, queryset, "restaurants deleted", lambda row: self.delete_model(request, row))

    @action(description="Pause for an hour", permissions=["ops"])  # type: ignore[untyped-decorator]
    def pause(self, request: HttpRequest, queryset: QuerySet[Restaurant]) -> None:
        """Take no orders for an hour."""
        now, actor = clock.now(), actor_of(request)
        self.run(
            request,
            queryset,
            "restaurants paused",
            lambda row: services.pause_restaurant(restaurant=row, now=now, actor=actor, minutes=60, reason="ops"),
        )

    @action(description="Resume", permissions=["ops"])  # type: ignore[untyped-decorator]
    def resume(self, request: HttpRequest, queryset: QuerySet[Restaurant]) -> None:
        """Take orders again."""
        now, actor = clock.now(), actor_of(request)
        self.run(
            request,
            queryset,
            "restaurants resumed",
            lambda row: services.resume_restaurant(restaurant=row, now=now, actor=actor),
        )


@admin.register(Preparation)
class PreparationAdmin(ReadOnlyAdmin):
    """What was learned of kitchens; shown by hour on the restaurant's page."""

    id_searches = {"rst": "restaurant_id"}
    list_display = ["restaurant", "orders", "learned_at"]
    list_select_related = ["restaurant"]
    search_fields = ["restaurant__name"]
    ordering = ["restaurant__name", "pk"]


@admin.register(RestaurantStaff)
class RestaurantStaffAdmin(ReadOnlyAdmin):
    """Who works where; edited on the restaurant's page."""

    kitchen_path = "restaurant"
    id_searches = {"rst": "restaurant_id", "usr": "user_id"}
    list_display = ["user", "restaurant"]
    list_select_related = ["user", "restaurant"]
    search_fields = ["user__email", "restaurant__name"]
    ordering = ["restaurant__name", "user__email", "id"]


@admin.register(OpeningHours)
class OpeningHoursAdmin(ReadOnlyAdmin):
    """Weeks; edited on the restaurant's page."""

    kitchen_path = "restaurant"
    id_searches = {"rst": "restaurant_id"}
    list_display = ["restaurant", "weekday", "opens", "closes"]
    list_select_related = ["restaurant"]
    search_fields = ["restaurant__name"]
    list_filter = ["weekday"]
    ordering = ["restaurant__name", "weekday", "opens", "id"]


@admin.register(Closure)
class ClosureAdmin(ReadOnlyAdmin):
    """Days off; edited on the restaurant's page."""

    kitchen_path = "restaurant"
    id_kind = "closure_id"
    id_searches = {"rst": "restaurant_id"}
    list_display = ["restaurant", "starts_at", "ends_at", "reason"]
    list_select_related = ["restaurant"]
    search_fields = ["restaurant__name", "reason"]
    ordering = ["-starts_at", "-id"]
