"""Reads: the menu as it is sold now, orders as their viewer may see them, the timeline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from accounts.states import OPS, Role
from fleetsync.core.events import topic_of
from fleetsync.core.ids import public
from fleetsync.core.models import Event
from orders.audience import as_heard, may_hear
from orders.models import Order
from orders.pricing import GroupSold, ItemSold, OptionSold
from orders.states import OPEN
from restaurants.models import MenuItem, OptionGroup


def sold_items(*, restaurant_id: UUID, item_ids: Iterable[UUID]) -> dict[UUID, ItemSold]:
    """Return these items of a restaurant as its menu has them now, in two queries; others are left out."""
    wanted = set(item_ids)
    items = list(
        MenuItem.objects.filter(restaurant_id=restaurant_id, pk__in=wanted).values_list(
            "id", "name", "price_minor", "available"
        )
    )
    groups = _groups_of([item_id for item_id, *_ in items])
    return {
        item_id: ItemSold(
            id=item_id, name=name, price_minor=price, available=available, groups=tuple(groups.get(item_id, ()))
        )
        for item_id, name, price, available in items
    }


def _groups_of(item_ids: Sequence[UUID]) -> dict[UUID, list[GroupSold]]:
    """Return the option groups of items with their options, in the menu's order, in one query."""
    rows = (
        OptionGroup.objects.filter(item__in=item_ids)
        .order_by("item_id", "position", "id", "options__position", "options__id")
        .values_list(
            "item_id",
            "id",
            "name",
            "least",
            "most",
            "options__id",
            "options__name",
            "options__price_minor",
            "options__available",
        )
    )
    found: dict[UUID, dict[UUID, tuple[str, int, int, list[OptionSold]]]] = {}
    for item_id, group_id, name, least, most, option_id, option_name, price, available in rows:
        group = found.setdefault(item_id, {}).setdefault(group_id, (name, least, most, []))
        if option_id is not None:
            group[3].append(OptionSold(id=option_id, name=option_name, price_minor=price, available=available))
    return {
        item_id: [
            GroupSold(name=name, least=least, most=most, options=tuple(options))
            for name, least, most, options in groups.values()
        ]
        for item_id, groups in found.items()
    }


def orders_for(user: User) -> QuerySet[Order]:
    """Return the orders this user may see, ready for lists and details, newest first."""
    return Order.objects.visible_to(user).select_related("restaurant").prefetch_related("lines").order_by("-id")


def narrowed(
    orders: QuerySet[Order],
    *,
    statuses: Sequence[str] | None = None,
    restaurant_id: UUID | None = None,
    is_open: bool | None = None,
) -> QuerySet[Order]:
    """Return those in one of these states, of this restaurant, under way or not; None asks nothing."""
    if statuses is not None:
        orders = orders.filter(status__in=statuses)
    if restaurant_id is not None:
        orders = orders.filter(restaurant_id=restaurant_id)
    if is_open is not None:
        orders = orders.filter(status__in=OPEN) if is_open else orders.exclude(status__in=OPEN)
    return orders


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """Something that happened to an order, as one role may know it."""

    seq: int
    type: str
    at: datetime
    actor: str | None
    data: dict[str, Any]


def timeline(*, order_id: UUID, viewer: User) -> list[TimelineEntry]:
    """Return what happened to an order, oldest first, as far as `viewer` may hear of it.

    Sequence numbers are the stream's own, so they have gaps where something is not for
    this role. Only ops see who did it.
    """
    role, ops = viewer.role, viewer.role in OPS
    own_driver = public("driver_id", viewer.driver.pk) if role == Role.DRIVER else None
    return [
        TimelineEntry(
            seq=row.seq,
            type=row.type,
            at=row.at,
            actor=row.actor if ops else None,
            data=as_heard(role, row.payload),
        )
        for row in Event.objects.filter(stream=topic_of("order", order_id)).order_by("seq")
        if may_hear(role, row.type)
        and (own_driver is None or row.payload.get("driver_id", own_driver) in (own_driver, None))
    ]


def next_unanswered() -> datetime | None:
    """Return the earliest moment at which a silent kitchen loses an order."""
    return Order.objects.unanswered().order_by("accept_by").values_list("accept_by", flat=True).first()


def unanswered_at(now: datetime) -> list[UUID]:
    """Return the orders whose kitchen has been silent for too long at `now`, longest first."""
    return list(
        Order.objects.unanswered().filter(accept_by__lte=now).order_by("accept_by", "id").values_list("id", flat=True)
    )
