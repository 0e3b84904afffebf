"""Writes of the restaurants app, by verb."""

from restaurants.services.importing import Fate, corners_around, import_place
from restaurants.services.menu import (
    CATEGORIES,
    GROUPS,
    ITEMS,
    OPTIONS,
    Kind,
    add_to_menu,
    change_on_menu,
    remove_from_menu,
    write_menu,
)
from restaurants.services.opening import add_closure, check_closure, remove_closure, set_opening_hours, update_closure
from restaurants.services.preparation import set_preparation
from restaurants.services.restaurants import (
    bump_menu,
    create_restaurant,
    delete_restaurant,
    pause_restaurant,
    resume_restaurant,
    update_restaurant,
)
from restaurants.services.staff import add_staff, join_staff, remove_staff
from restaurants.services.zones import (
    check_settings,
    create_zone,
    delete_zone,
    polygon_of,
    read_settings_by,
    update_zone,
)

__all__ = [
    "CATEGORIES",
    "GROUPS",
    "ITEMS",
    "OPTIONS",
    "Fate",
    "Kind",
    "add_closure",
    "add_staff",
    "add_to_menu",
    "bump_menu",
    "change_on_menu",
    "check_closure",
    "check_settings",
    "corners_around",
    "create_restaurant",
    "create_zone",
    "delete_restaurant",
    "delete_zone",
    "import_place",
    "join_staff",
    "pause_restaurant",
    "polygon_of",
    "read_settings_by",
    "remove_closure",
    "remove_from_menu",
    "remove_staff",
    "resume_restaurant",
    "set_opening_hours",
    "set_preparation",
    "update_closure",
    "update_restaurant",
    "update_zone",
    "write_menu",
]
