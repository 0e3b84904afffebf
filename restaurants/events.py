"""Facts about restaurants, menus and zones."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from fleetsync.core.events import Event, event


@dataclass(frozen=True, kw_only=True, slots=True)
class RestaurantEvent(Event):
    """Lives in the restaurant's own stream `menu:<id>`; its feed hears of it."""

    home: ClassVar[str] = "menu"
    home_field: ClassVar[str] = "restaurant_id"
    feeds: ClassVar[tuple[str, ...]] = ("restaurant",)
    restaurant_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class RestaurantCreated(RestaurantEvent):
    """A new kitchen."""

    type: ClassVar[str] = "restaurant.created"
    zone_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class RestaurantChanged(RestaurantEvent):
    """Settings, hours, closures or staff changed; `fields` says which by name."""

    type: ClassVar[str] = "restaurant.changed"
    fields: tuple[str, ...]


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class RestaurantPaused(RestaurantEvent):
    """No orders before `paused_until_at`."""

    type: ClassVar[str] = "restaurant.paused"
    paused_until_at: datetime


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class RestaurantResumed(RestaurantEvent):
    """Orders again."""

    type: ClassVar[str] = "restaurant.resumed"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class RestaurantDeleted(RestaurantEvent):
    """It is gone; nothing had been sold."""

    type: ClassVar[str] = "restaurant.deleted"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class MenuChanged(RestaurantEvent):
    """The menu is at `menu_version` now."""

    type: ClassVar[str] = "menu.changed"
    menu_version: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneChanged(Event):
    """A zone was created, changed or deleted; `fields` says what by name."""

    type: ClassVar[str] = "zone.changed"
    home: ClassVar[str] = "area"
    home_field: ClassVar[str] = "zone_id"
    zone_id: UUID
    fields: tuple[str, ...]
