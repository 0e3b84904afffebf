"""Menus: what is edited here counts the menu's version up, as the API does."""

from operator import attrgetter
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from import_export import fields, resources

from fleetsync.admin_base import OpsAdmin, PricedInline, actor_of, is_kitchen_staff
from fleetsync.admin_history import HistoryAdmin
from fleetsync.admin_imports import SheetsAdmin, WholeNumber
from fleetsync.admin_money import PricedForm
from fleetsync.core import clock
from fleetsync.core.events import change as change_block
from restaurants import conf, services
from restaurants.models import MenuCategory, MenuItem, Option, OptionGroup, Restaurant


def bump(restaurant_id: UUID, actor: str) -> None:
    """Count the menu's version up, in a block that joins the page's transaction."""
    with change_block(now=clock.now(), actor=actor) as emit:
        emit(services.bump_menu(restaurant=Restaurant.objects.get(pk=restaurant_id)))


class MenuAdmin(OpsAdmin):
    """Base of all that hangs on a menu; `menu_path` leads from the row to its restaurant's id.

    What a row hangs on, its `parent`, is chosen once: a row that moved would leave below the old one
    what hangs on it, and the old menu would not know that it changed.
    """

    menu_path: ClassVar[str]
    parent: ClassVar[str]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Keep a row where it is."""
        names = list(super().get_readonly_fields(request, obj))
        return names if obj is None else [*names, self.parent]

    def menu_of(self, obj: Any) -> UUID:
        """Return whose menu the row is on."""
        for step in self.menu_path.split("."):
            obj = getattr(obj, step)
        return obj  # type: ignore[no-any-return]

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm[Any], change: bool) -> None:
        """Lock and count the menu first, then save: edits of one menu go in a row."""
        bump(self.menu_of(obj), actor_of(request))
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete through the service."""
        restaurant = Restaurant.objects.get(pk=self.menu_of(obj))
        services.remove_from_menu(restaurant=restaurant, row=obj, now=clock.now(), actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete through the service, one by one."""
        for row in queryset:
            self.delete_model(request, row)


class InlineForm(PricedForm):
    """A row below another one, which gives the currency."""

    given: ClassVar[str] = ""

    def currency(self) -> str:
        """Return what the page says."""
        return self.given


class MenuInline(PricedInline):
    """Rows of a menu; `parent_currency_path` leads from the row above to their currency."""

    form = InlineForm
    parent_currency_path: ClassVar[str]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Tell the rows their currency once, so that none has to ask."""
        formset = super().get_formset(request, obj, **kwargs)
        if obj is not None:
            formset.form.given = attrgetter(self.parent_currency_path)(obj)
        return formset


class ItemInline(MenuInline):
    """The section's items in a row each; their texts and choices stand on the item's own page."""

    model = MenuItem
    parent_currency_path = "restaurant.currency"
    currency_path = "restaurant.currency"
    fields = ["name", "price_minor", "available", "position"]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[MenuItem]:
        """Fetch the restaurant, which knows the currency."""
        return super().get_queryset(request).select_related("restaurant")  # type: ignore[no-any-return]


@admin.register(MenuCategory)
class MenuCategoryAdmin(MenuAdmin):
    """Sections of menus."""

    kitchen_path = "restaurant"
    menu_path = "restaurant_id"
    parent = "restaurant"
    id_kind = "category_id"
    id_searches = {"rst": "restaurant_id"}
    list_display = ["name", "restaurant", "position"]
    list_select_related = ["restaurant"]
    search_fields = ["name", "restaurant__name"]
    ordering = ["restaurant__name", "position", "id"]
    autocomplete_fields = ["restaurant"]
    inlines = [ItemInline]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Put items on the menu of the section's restaurant; the section's own saving has counted it up."""
        changed = formset.save(commit=False)
        for row in formset.deleted_objects:
            restaurant = Restaurant.objects.get(pk=row.restaurant_id)
            services.remove_from_menu(restaurant=restaurant, row=row, now=clock.now(), actor=actor_of(request))
        for row in changed:
            row.restaurant_id = form.instance.restaurant_id
            row.save()


class OptionGroupInline(PricedInline):
    """The item's choices; their options stand on the group's own page."""

    model = OptionGroup
    show_change_link = True


class MenuItemForm(PricedForm):
    """An item, in a category of its own restaurant."""

    class Meta:
        model = MenuItem
        fields = ["restaurant", "category", "name", "description", "price_minor", "available", "position"]

    def currency(self) -> str:
        """Return that of the restaurant: the chosen one, else the item's."""
        chosen = getattr(self, "cleaned_data", {}).get("restaurant")
        if chosen is None and self.instance.restaurant_id:
            chosen = self.instance.restaurant
        return chosen.currency if chosen else ""

    def clean(self) -> dict[str, Any] | None:
        """Refuse a category of another restaurant."""
        values = super().clean() or self.cleaned_data
        category, restaurant = values.get("category"), values.get("restaurant")
        owner = restaurant.pk if restaurant else self.instance.restaurant_id
        if category and owner and category.restaurant_id != owner:
            raise ValidationError({"category": "This category belongs to another restaurant."})
        return values


class MenuItemResource(resources.ModelResource):  # type: ignore[misc]
    """Items as a table, all rows or none; restaurant and category by their ids."""

    price_minor = fields.Field(attribute="price_minor", column_name="price_minor", widget=WholeNumber())
    position = fields.Field(attribute="position", column_name="position", widget=WholeNumber(), default=0)

    class Meta:
        model = MenuItem
        fields = ("id", "restaurant", "category", "name", "description", "price_minor", "available", "position")
        clean_model_instances = True
        use_transactions = True
        skip_unchanged = True

    def __init__(self, actor: str = "system", only: QuerySet[Restaurant] | None = None, **kwargs: Any) -> None:
        """Take who acts, and whose menus alone may change; None: every restaurant's."""
        super().__init__(**kwargs)
        self.actor = actor
        self.only = None if only is None else set(only.values_list("pk", flat=True))
        self.touched: set[UUID] = set()
        self.room: dict[UUID, int] = {}

    def import_instance(self, instance: MenuItem, row: Any, **kwargs: Any) -> None:
        """Read a row; an item stays with its restaurant."""
        owner = None if instance._state.adding else instance.restaurant_id
        super().import_instance(instance, row, **kwargs)
        if owner is not None and instance.restaurant_id != owner:
            raise ValidationError({"restaurant": "An item stays with its restaurant: add it to the other one anew."})

    def before_save_instance(self, instance: MenuItem, row: Any, **kwargs: Any) -> None:
        """Refuse a category of another restaurant, another's menu and a full one; remember whose menu changes."""
        if self.only is not None and instance.restaurant_id not in self.only:
            raise ValidationError({"restaurant": "This is not a restaurant of yours."})
        if instance.category.restaurant_id != instance.restaurant_id:
            raise ValidationError({"category": "This category belongs to another restaurant."})
        if instance._state.adding:
            self._take_room(instance.restaurant_id)
        self.touched.add(instance.restaurant_id)

    def _take_room(self, restaurant_id: UUID) -> None:
        if restaurant_id not in self.room:
            self.room[restaurant_id] = conf.MAX_ITEMS - MenuItem.objects.filter(restaurant=restaurant_id).count()
        self.room[restaurant_id] -= 1
        if self.room[restaurant_id] < 0:
            raise ValidationError({"restaurant": f"A restaurant has {conf.MAX_ITEMS} items at most."})

    def get_queryset(self) -> QuerySet[MenuItem]:
        """Know only items of the menus that may change: another's id is nobody's."""
        rows: QuerySet[MenuItem] = super().get_queryset()
        return rows if self.only is None else rows.filter(restaurant__in=self.only)

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """Count the changed menus up; a dry run rolls it back with the rest."""
        for restaurant_id in sorted(self.touched):
            bump(restaurant_id, self.actor)


@admin.register(MenuItem)
class MenuItemAdmin(HistoryAdmin, SheetsAdmin, MenuAdmin):
    """What is sold; in and out as CSV and XLSX."""

    kitchen_path = "restaurant"
    menu_path = "restaurant_id"
    parent = "restaurant"
    form = MenuItemForm
    id_kind = "item_id"
    id_searches = {"rst": "restaurant_id", "cat": "category_id"}
    resource_classes = [MenuItemResource]
    list_display = ["name", "restaurant", "category", "price_minor", "available"]
    list_editable = ["price_minor", "available"]
    search_fields = ["name", "restaurant__name", "category__name"]
    list_filter = ["available"]
    ordering = ["restaurant__name", "category__position", "position", "id"]
    autocomplete_fields = ["restaurant", "category"]
    inlines = [OptionGroupInline]
    currency_path = "restaurant.currency"

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Let prices be typed in the list as on the item's page."""
        return super().get_changelist_form(request, **{"form": self.form, **kwargs})

    def get_queryset(self, request: HttpRequest) -> QuerySet[MenuItem]:
        """Fetch the restaurants, which know the currency, also for a list that is saved, and the categories."""
        return super().get_queryset(request).select_related("restaurant", "category")

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        """Hand the resource who acts, and for staff of restaurants which menus are theirs."""
        own = Restaurant.objects.filter(staff__user=request.user.pk) if is_kitchen_staff(request) else None
        return {**super().get_import_resource_kwargs(request, **kwargs), "actor": actor_of(request), "only": own}


class OptionInline(MenuInline):
    """The options of a group."""

    model = Option
    fields = ["name", "price_minor", "available", "position"]
    parent_currency_path = "item.restaurant.currency"
    currency_path = "group.item.restaurant.currency"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Option]:
        """Fetch what knows the currency."""
        return super().get_queryset(request).select_related("group__item__restaurant")  # type: ignore[no-any-return]


@admin.register(OptionGroup)
class OptionGroupAdmin(MenuAdmin):
    """Choices that go with items."""

    kitchen_path = "item__restaurant"
    menu_path = "item.restaurant_id"
    parent = "item"
    id_kind = "group_id"
    id_searches = {"itm": "item_id"}
    list_display = ["name", "item", "least", "most", "position"]
    list_select_related = ["item"]
    search_fields = ["name", "item__name"]
    ordering = ["item__name", "position", "id"]
    autocomplete_fields = ["item"]
    inlines = [OptionInline]


class OptionForm(PricedForm):
    """An option of a group."""

    class Meta:
        model = Option
        fields = ["group", "name", "price_minor", "available", "position"]

    def currency(self) -> str:
        """Return that of the group's restaurant: of the chosen group, else of the option's own."""
        group = getattr(self, "cleaned_data", {}).get("group")
        if group is None and self.instance.group_id:
            group = self.instance.group
        return group.item.restaurant.currency if group else ""


@admin.register(Option)
class OptionAdmin(MenuAdmin):
    """Single options."""

    kitchen_path = "group__item__restaurant"
    menu_path = "group.item.restaurant_id"
    parent = "group"
    id_kind = "option_id"
    id_searches = {"grp": "group_id"}
    form = OptionForm
    currency_path = "group.item.restaurant.currency"
    list_display = ["name", "group", "price_minor", "available"]
    list_select_related = ["group__item__restaurant"]
    search_fields = ["name", "group__name", "group__item__name"]
    list_filter = ["available"]
    ordering = ["group__name", "position", "id"]
    autocomplete_fields = ["group"]
