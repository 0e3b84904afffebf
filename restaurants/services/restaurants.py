"""Restaurants: create, change, delete, pause."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, ProtectedError

from fleetsync.core.errors import InvalidInput
from fleetsync.core.events import change
from restaurants import conf, errors, selectors
from restaurants.events import (
    MenuChanged,
    RestaurantChanged,
    RestaurantCreated,
    RestaurantDeleted,
    RestaurantPaused,
    RestaurantResumed,
)
from restaurants.models import Restaurant, Zone

SETTINGS: Final[tuple[str, ...]] = (
    "name",
    "address",
    "phone",
    "cuisine",
    "time_zone",
    "preparation_min",
    "auto_accept",
    "accept_within_s",
    "max_open_orders",
    "minimum_minor",
    "delivery_radius_m",
    "vehicles",
    "published",
    "always_open",
)


def _zone_for(point: Any) -> Zone:
    zone = selectors.zone_at(point=point)
    if zone is None:
        raise errors.OutsideZones(attr="position")
    return zone


def create_restaurant(*, settings: dict[str, Any], now: datetime, actor: str) -> Restaurant:
    """Create a restaurant in the zone that covers `position`; time zone and currency are the zone's.

    Raises:
        OutsideZones: no active zone covers the position.
    """
    point = settings["position"]
    zone = _zone_for(point)
    given = {name: settings[name] for name in SETTINGS if name in settings}
    given.setdefault("time_zone", zone.time_zone)
    with change(now=now, actor=actor) as emit:
        row = Restaurant.objects.create(point=point, zone=zone, currency=zone.currency, created_at=now, **given)
        emit(RestaurantCreated(restaurant_id=row.pk, zone_id=zone.pk))
    return row


def update_restaurant(*, restaurant: Restaurant, changes: dict[str, Any], now: datetime, actor: str) -> Restaurant:
    """Change settings; only known names are read from `changes`. Moving it may change its zone.

    Raises:
        OutsideZones: no active zone covers the new position.
    """
    fields = [name for name in SETTINGS if name in changes]
    for name in fields:
        setattr(restaurant, name, changes[name])
    if "position" in changes:
        restaurant.point, restaurant.zone = changes["position"], _zone_for(changes["position"])
        fields += ["point", "place", "zone"]
    if not fields:
        return restaurant
    with change(now=now, actor=actor) as emit:
        restaurant.save(update_fields=fields)
        emit(RestaurantChanged(restaurant_id=restaurant.pk, fields=tuple(fields)))
    return restaurant


def delete_restaurant(*, restaurant: Restaurant, now: datetime, actor: str) -> None:
    """Delete a restaurant that never sold anything, with its menu and hours.

    Raises:
        RestaurantInUse: it has orders.
    """
    key = restaurant.pk
    with change(now=now, actor=actor) as emit:
        try:
            restaurant.delete()
        except ProtectedError as error:
            raise errors.RestaurantInUse from error
        emit(RestaurantDeleted(restaurant_id=key))


def pause_restaurant(
    *,
    restaurant: Restaurant,
    now: datetime,
    actor: str,
    minutes: int | None = None,
    until: datetime | None = None,
    reason: str = "",
) -> Restaurant:
    """Take no orders for `minutes` or until a moment; an hour if neither is given.

    Raises:
        InvalidInput: `until` is past, or too far away.
    """
    end = until or now + timedelta(minutes=minutes or conf.DEFAULT_PAUSE_MIN)
    if end <= now:
        raise InvalidInput("This moment is past.", attr="until")
    if end > now + timedelta(days=conf.MAX_PAUSE_DAYS):
        raise InvalidInput(f"A pause lasts {conf.MAX_PAUSE_DAYS} days at most; unpublish instead.", attr="until")
    with change(now=now, actor=actor) as emit:
        restaurant.paused_until, restaurant.pause_reason = end, reason
        restaurant.save(update_fields=["paused_until", "pause_reason"])
        emit(RestaurantPaused(restaurant_id=restaurant.pk, paused_until_at=end))
    return restaurant


def resume_restaurant(*, restaurant: Restaurant, now: datetime, actor: str) -> Restaurant:
    """Take orders again. Harmless where it is not paused."""
    if restaurant.paused_until is None:
        return restaurant
    with change(now=now, actor=actor) as emit:
        restaurant.paused_until, restaurant.pause_reason = None, ""
        restaurant.save(update_fields=["paused_until", "pause_reason"])
        emit(RestaurantResumed(restaurant_id=restaurant.pk))
    return restaurant


def bump_menu(*, restaurant: Restaurant) -> MenuChanged:
    """Count the menu's version up and return the fact to emit. Locks the restaurant row.

    The first statement of every edit of a menu: it puts edits of one menu in a row, and
    the new version commits with the edit.
    """
    Restaurant.objects.filter(pk=restaurant.pk).update(menu_version=F("menu_version") + 1)
    restaurant.refresh_from_db(fields=["menu_version"])
    return MenuChanged(restaurant_id=restaurant.pk, menu_version=restaurant.menu_version)
