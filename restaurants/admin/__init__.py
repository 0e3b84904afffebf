"""Zones, restaurants and menus in the back office."""

from restaurants.admin.menus import MenuCategoryAdmin, MenuItemAdmin, OptionAdmin, OptionGroupAdmin
from restaurants.admin.places import (
    ClosureAdmin,
    OpeningHoursAdmin,
    PreparationAdmin,
    RestaurantAdmin,
    RestaurantStaffAdmin,
    ZoneAdmin,
)

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
