"""Menu rows, found only where the user may change them."""

from typing import TypeVar
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from restaurants import errors
from restaurants.models import Closure, MenuCategory, MenuItem, Option, OptionGroup, Restaurant

Row = TypeVar("Row", MenuCategory, MenuItem, OptionGroup, Option)


def _one(rows: QuerySet[Row], key: UUID) -> Row:
    found = rows.filter(pk=key).first()
    if found is None:
        raise errors.MenuObjectNotFound
    return found


def categories_of(*, restaurant: Restaurant) -> QuerySet[MenuCategory]:
    """Return the sections of a menu in order."""
    return MenuCategory.objects.filter(restaurant=restaurant).order_by("position", "id")


def items_of(*, restaurant: Restaurant) -> QuerySet[MenuItem]:
    """Return the items of a menu in order, with groups and options."""
    return (
        MenuItem.objects.filter(restaurant=restaurant)
        .prefetch_related("option_groups__options")
        .order_by("category__position", "category_id", "position", "id")
    )


def groups_of(*, item: MenuItem) -> QuerySet[OptionGroup]:
    """Return the choices of an item in order, with options."""
    return OptionGroup.objects.filter(item=item).prefetch_related("options").order_by("position", "id")


def options_of(*, group: OptionGroup) -> QuerySet[Option]:
    """Return the options of a choice in order."""
    return Option.objects.filter(group=group).order_by("position", "id")


def menu_row(*, rows: QuerySet[Row], key: UUID) -> Row:
    """Return one of the rows.

    Raises:
        MenuObjectNotFound: it is not among them.
    """
    return _one(rows, key)


def item_managed_by(*, item_id: UUID, user: User) -> MenuItem:
    """Return an item, with its restaurant, that this user may change.

    Raises:
        MenuObjectNotFound: there is none, or it is another restaurant's.
    """
    own = Restaurant.objects.managed_by(user).values("pk")
    return _one(MenuItem.objects.filter(restaurant__in=own).select_related("restaurant"), item_id)


def group_managed_by(*, group_id: UUID, user: User) -> OptionGroup:
    """Return a choice, with item and restaurant, that this user may change.

    Raises:
        MenuObjectNotFound: there is none, or it is another restaurant's.
    """
    own = Restaurant.objects.managed_by(user).values("pk")
    return _one(OptionGroup.objects.filter(item__restaurant__in=own).select_related("item__restaurant"), group_id)


def closure_of(*, restaurant: Restaurant, closure_id: UUID) -> Closure:
    """Return one closure of the restaurant.

    Raises:
        ClosureNotFound: it has no such closure.
    """
    found = Closure.objects.filter(restaurant=restaurant, pk=closure_id).first()
    if found is None:
        raise errors.ClosureNotFound
    return found
