"""HTTP of the restaurants app."""

from restaurants.views.discovery import MenuView, RestaurantsView, RestaurantView
from restaurants.views.menus import CategoryActions, ItemActions, OptionActions, OptionGroupActions
from restaurants.views.running import (
    ClosuresView,
    ClosureView,
    OpeningHoursView,
    PauseView,
    ResumeView,
    StaffMemberView,
    StaffView,
)
from restaurants.views.zones import ZonesView, ZoneView

__all__ = [
    "CategoryActions",
    "ClosureView",
    "ClosuresView",
    "ItemActions",
    "MenuView",
    "OpeningHoursView",
    "OptionActions",
    "OptionGroupActions",
    "PauseView",
    "RestaurantView",
    "RestaurantsView",
    "ResumeView",
    "StaffMemberView",
    "StaffView",
    "ZoneView",
    "ZonesView",
]
