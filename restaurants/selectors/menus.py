"""Menus as encoded bytes, kept in Redis by version.

The row's `menu_version` is read on every GET and counts up in the transaction of every
edit, so neither a cached menu nor a 304 is ever older than the last commit.
"""

from dataclasses import dataclass
from uuid import UUID

import orjson
from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch

from accounts.models import User
from fleetsync.core import ids, redis
from restaurants import conf, errors
from restaurants.models import MenuCategory, MenuItem, Option, OptionGroup, Restaurant


@dataclass(frozen=True, kw_only=True, slots=True)
class MenuHead:
    """What a GET must know before it answers: one cheap query."""

    restaurant_id: UUID
    version: int
    currency: str
    published: bool

    @property
    def etag(self) -> str:
        """Return the strong validator."""
        return f'"m{conf.MENU_FORMAT}-{self.version}"'


def menu_head(*, restaurant_id: UUID, user: User | AnonymousUser) -> MenuHead:
    """Return the version of a menu this user may see.

    Raises:
        RestaurantNotFound: there is none, or it is not published and not the user's.
    """
    row = (
        Restaurant.objects.visible_to(user)
        .filter(pk=restaurant_id)
        .values_list("menu_version", "currency", "published")
        .first()
    )
    if row is None:
        raise errors.RestaurantNotFound
    return MenuHead(restaurant_id=restaurant_id, version=row[0], currency=row[1], published=row[2])


def _key(head: MenuHead) -> str:
    return redis.key("menu", str(conf.MENU_FORMAT), head.restaurant_id.hex, str(head.version))


def menu_bytes(*, head: MenuHead) -> bytes:
    """Return the encoded menu, from Redis or from the tables; without Redis it only takes longer."""
    cached = redis.attempt(lambda client: client.get(_key(head)), None)
    if isinstance(cached, bytes):
        return cached
    data = orjson.dumps(menu_of(head=head))
    # kept only if no edit came between reading the version and reading the rows
    version = Restaurant.objects.values_list("menu_version", flat=True).filter(pk=head.restaurant_id).first()
    if version == head.version:
        redis.attempt(lambda client: client.set(_key(head), data, ex=conf.MENU_LIFE_S), None)
    return data


def menu_of(*, head: MenuHead) -> dict[str, object]:
    """Return the menu as plain JSON values: four queries, whatever its size."""
    groups = OptionGroup.objects.prefetch_related(Prefetch("options", Option.objects.order_by("position", "id")))
    items = MenuItem.objects.prefetch_related(Prefetch("option_groups", groups.order_by("position", "id")))
    categories = (
        MenuCategory.objects.filter(restaurant_id=head.restaurant_id)
        .prefetch_related(Prefetch("items", items.order_by("position", "id")))
        .order_by("position", "id")
    )
    return {
        "restaurant_id": ids.encode("rst", head.restaurant_id),
        "version": head.version,
        "currency": head.currency,
        "categories": [
            {
                "id": ids.encode("cat", category.pk),
                "name": category.name,
                "items": [_item(item) for item in category.items.all()],
            }
            for category in categories
        ],
    }


def _item(item: MenuItem) -> dict[str, object]:
    return {
        "id": ids.encode("itm", item.pk),
        "name": item.name,
        "description": item.description,
        "price_minor": item.price_minor,
        "available": item.available,
        "option_groups": [
            {
                "id": ids.encode("grp", group.pk),
                "name": group.name,
                "least": group.least,
                "most": group.most,
                "options": [
                    {
                        "id": ids.encode("opt", option.pk),
                        "name": option.name,
                        "price_minor": option.price_minor,
                        "available": option.available,
                    }
                    for option in group.options.all()
                ],
            }
            for group in item.option_groups.all()
        ],
    }
