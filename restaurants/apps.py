"""Wiring of the app."""

from django.apps import AppConfig


class RestaurantsConfig(AppConfig):
    """Registered by settings.INSTALLED_APPS."""

    name = "restaurants"
