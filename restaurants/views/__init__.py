"""HTTP of the restaurants app."""

from restaurants.views.discovery import MenuView, RestaurantsView, RestaurantView

__all__ = ["MenuView", "RestaurantView", "RestaurantsView"]
