"""Edits of a menu. Each counts the menu's version up in its own transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from fleetsync.core.errors import InvalidInput
from fleetsync.core.events import change
from restaurants import conf, errors
from restaurants.menus import MenuSpec
from restaurants.models import MenuCategory, MenuItem, Option, OptionGroup, Restaurant
from restaurants.services.restaurants import bump_menu

Row = TypeVar("Row", MenuCategory, MenuItem, OptionGroup, Option)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind(Generic[Row]):
    """One kind of menu row: what hangs on what, what staff may write, how many there may be."""

    model: type[Row]
    parent: str
    fields: tuple[str, ...]
    most: int


CATEGORIES: Final = Kind(model=MenuCategory, parent="restaurant", fields=("name", "position"), most=conf.MAX_CATEGORIES)
ITEMS: Final = Kind(
    model=MenuItem,
    parent="restaurant",
    fields=("name", "description", "price_minor", "available", "position"),
    most=conf.MAX_ITEMS,
)
GROUPS: Final = Kind(
    model=OptionGroup, parent="item", fields=("name", "least", "most", "position"), most=conf.MAX_GROUPS_PER_ITEM
)
OPTIONS: Final = Kind(
    model=Option,
    parent="group",
    fields=("name", "price_minor", "available", "position"),
    most=conf.MAX_OPTIONS_PER_GROUP,
)


def add_to_menu(
    *,
    kind: Kind[Row],
    restaurant: Restaurant,
    parent: Restaurant | MenuItem | OptionGroup,
    values: dict[str, Any],
    now: datetime,
    actor: str,
) -> Row:
    """Add a row below `parent`; only known names are read from `values`. Locks the restaurant row.

    Raises:
        MenuObjectNotFound: the category is not one of this restaurant's.
        InvalidInput: a group would have to take more options than it may.
        TooMany: the limit of this kind is reached.
    """
    row = kind.model(**{kind.parent: parent})
    with change(now=now, actor=actor) as emit:
        emit(bump_menu(restaurant=restaurant))
        if kind.model._default_manager.filter(**{kind.parent: parent}).count() >= kind.most:
            raise errors.TooMany
        _write(kind, restaurant, row, values)
        row.save(force_insert=True)
    return row


def write_menu(*, restaurant: Restaurant, menu: MenuSpec) -> None:
    """Write the whole menu of a restaurant that has none yet, inside the transaction that creates it."""
    items, groups, options = [], [], []
    for at, (section, dishes) in enumerate(menu):
        category = MenuCategory.objects.create(restaurant=restaurant, name=section, position=at)
        for place, dish in enumerate(dishes):
            item = MenuItem(
                restaurant=restaurant,
                category=category,
                name=dish.name,
                description=dish.description,
                price_minor=dish.price_minor,
                position=place,
            )
            items.append(item)
            for turn, choice in enumerate(dish.groups):
                group = OptionGroup(item=item, name=choice.name, least=choice.least, most=choice.most, position=turn)
                groups.append(group)
                options += [
                    Option(group=group, name=option.name, price_minor=option.price_minor, position=rank)
                    for rank, option in enumerate(choice.options)
                ]
    MenuItem.objects.bulk_create(items)
    OptionGroup.objects.bulk_create(groups)
    Option.objects.bulk_create(options)


def change_on_menu(
    *, kind: Kind[Row], restaurant: Restaurant, row: Row, changes: dict[str, Any], now: datetime, actor: str
) -> Row:
    """Change a row; only known names are read from `changes`. Locks the restaurant row.

    Raises:
        MenuObjectNotFound, InvalidInput: as `add_to_menu`.
    """
    with change(now=now, actor=actor) as emit:
        emit(bump_menu(restaurant=restaurant))
        row.save(update_fields=_write(kind, restaurant, row, changes))
    return row


def remove_from_menu(*, restaurant: Restaurant, row: Row, now: datetime, actor: str) -> None:
    """Remove a row and what hangs on it; orders keep their own copy. Locks the restaurant row."""
    with change(now=now, actor=actor) as emit:
        emit(bump_menu(restaurant=restaurant))
        row.delete()


def _write(kind: Kind[Row], restaurant: Restaurant, row: Row, values: dict[str, Any]) -> list[str]:
    """Set what may be set and return the names of it."""
    fields = [name for name in kind.fields if name in values]
    for name in fields:
        setattr(row, name, values[name])
    written: Any = row
    if kind.model is MenuItem and "category_id" in values:
        written.category = _category(restaurant, values["category_id"])
        fields.append("category")
    if kind.model is OptionGroup and written.most < written.least:
        raise InvalidInput("`most` must not be below `least`.", attr="most")
    return fields


def _category(restaurant: Restaurant, category_id: UUID) -> MenuCategory:
    found = MenuCategory.objects.filter(restaurant=restaurant, pk=category_id).first()
    if found is None:
        raise errors.MenuObjectNotFound(attr="category_id")
    return found
