"""Reads of the restaurants app."""

from restaurants.selectors.discovery import Listed, Page, restaurants_near
from restaurants.selectors.menus import MenuHead, menu_bytes, menu_head, menu_of
from restaurants.selectors.reading import (
    closures_of,
    is_open,
    items_for_order,
    next_opening,
    restaurant_managed_by,
    restaurant_visible_to,
    restaurants_listed,
    restaurants_of_staff,
    restaurants_visible_to,
    schedule_of,
    staff_of,
    zone,
    zone_at,
    zones,
)

__all__ = [
    "Listed",
    "MenuHead",
    "Page",
    "closures_of",
    "is_open",
    "items_for_order",
    "menu_bytes",
    "menu_head",
    "menu_of",
    "next_opening",
    "restaurant_managed_by",
    "restaurant_visible_to",
    "restaurants_listed",
    "restaurants_near",
    "restaurants_of_staff",
    "restaurants_visible_to",
    "schedule_of",
    "staff_of",
    "zone",
    "zone_at",
    "zones",
]
