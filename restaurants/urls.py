"""Addresses of the restaurants app, under /api/v1/."""

from typing import Any

from django.urls import URLPattern, path

from restaurants import views

OWN = "restaurants/<restaurant_id:restaurant_id>"


def menu_rows(base: str, key: str, actions: Any, name: str) -> list[URLPattern]:
    """Return the address of all rows of a kind and of one."""
    one = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
    return [
        path(base, actions.as_view({"get": "list", "post": "create"}), name=f"{name}-list"),
        path(f"{base}/<{key}:{key}>", actions.as_view(one), name=f"{name}-detail"),
    ]


urlpatterns = [
    path("restaurants", views.RestaurantsView.as_view(), name="restaurants"),
    path(OWN, views.RestaurantView.as_view(), name="restaurant"),
    path(f"{OWN}/menu", views.MenuView.as_view(), name="menu"),
    path(f"{OWN}/opening-hours", views.OpeningHoursView.as_view(), name="opening-hours"),
    path(f"{OWN}/closures", views.ClosuresView.as_view(), name="closures"),
    path(f"{OWN}/closures/<closure_id:closure_id>", views.ClosureView.as_view(), name="closure"),
    path(f"{OWN}/pause", views.PauseView.as_view(), name="pause"),
    path(f"{OWN}/resume", views.ResumeView.as_view(), name="resume"),
    path(f"{OWN}/staff", views.StaffView.as_view(), name="staff"),
    path(f"{OWN}/staff/<user_id:user_id>", views.StaffMemberView.as_view(), name="staff-member"),
    *menu_rows(f"{OWN}/categories", "category_id", views.CategoryActions, "category"),
    *menu_rows(f"{OWN}/items", "item_id", views.ItemActions, "item"),
    *menu_rows("items/<item_id:item_id>/option-groups", "group_id", views.OptionGroupActions, "option-group"),
    *menu_rows("option-groups/<group_id:group_id>/options", "option_id", views.OptionActions, "option"),
    path("zones", views.ZonesView.as_view(), name="zones"),
    path("zones/<zone_id:zone_id>", views.ZoneView.as_view(), name="zone"),
]
