"""Zones, restaurants and menus in the back office."""

from restaurants.admin.menus import MenuCategoryAdmin, MenuItemAdmin, OptionAdmin, OptionGroupAdmin
from restaurants.admin.places import (
    ClosureAdmin,
    OpeningHoursAdmin,
    PreparationAdmin,
    RestaurantAdmin,
    RestaurantStaffAdmin,
)
from restaurants.admin.zones import ZoneAdmin

__all__ = [
    "ClosureAdmin",
    "MenuCategoryAdmin",
    "MenuItemAdmin",
    "OpeningHoursAdmin",
    "OptionAdmin",
    "OptionGroupAdmin",
    "PreparationAdmin",
    "RestaurantAdmin",
    "RestaurantStaffAdmin",
    "ZoneAdmin",
]
