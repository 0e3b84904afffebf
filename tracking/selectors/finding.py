"""Finding an order, a driver or a kitchen of a zone by a few letters."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q

from accounts.models import Driver
from dispatch.models import DriverSession
from orders.models import Order
from restaurants.models import Restaurant

MOST: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One hit: `kind` is order, driver or restaurant; `state` its status, `at` the moment that dates it."""

    kind: str
    key: UUID
    title: str
    detail: str
    state: str
    at: datetime | None = None


def find_in_zone(*, zone_id: UUID, text: str) -> list[Found]:
    """Return at most six of each kind: orders by code, newest first; drivers and kitchens by name."""
    wanted = text.strip().lstrip("#")
    if not wanted:
        return []
    return [*_orders(zone_id, wanted), *_drivers(zone_id, wanted), *_kitchens(zone_id, wanted)]


def _begins(name: str, text: str) -> "ExpressionWrapper[Any]":
    """Return whether a name begins with the text: such hits come first."""
    return ExpressionWrapper(Q(**{f"{name}__istartswith": text}), output_field=BooleanField())


def _orders(zone_id: UUID, text: str) -> list[Found]:
    rows = Order.objects.filter(zone=zone_id, code__istartswith=text).select_related("restaurant").order_by("-id")
    return [
        Found(kind="order", key=row.pk, title=row.code, detail=row.restaurant.name, state=row.status, at=row.placed_at)
        for row in rows[:MOST]
    ]


def _drivers(zone_id: UUID, text: str) -> list[Found]:
    online = DriverSession.objects.filter(driver=OuterRef("pk"), ended_at=None, zone=zone_id)
    rows = (
        Driver.objects.filter(Q(user__name__icontains=text) | Q(plate__istartswith=text))
        .annotate(online=Exists(online), begins=_begins("user__name", text))
        .select_related("user")
        .order_by("-begins", "-online", "user__name", "id")
    )
    return [
        Found(
            kind="driver",
            key=row.pk,
            title=row.user.get_full_name(),
            detail=row.get_vehicle_display(),
            state="ONLINE" if row.online else "OFFLINE",
        )
        for row in rows[:MOST]
    ]


def _kitchens(zone_id: UUID, text: str) -> list[Found]:
    rows = Restaurant.objects.filter(zone=zone_id, name__icontains=text)
    rows = rows.annotate(begins=_begins("name", text)).order_by("-begins", "name", "id")
    return [Found(kind="restaurant", key=row.pk, title=row.name, detail=row.address, state="") for row in rows[:MOST]]
