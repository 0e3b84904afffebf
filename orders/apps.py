"""Wiring of the app."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Registered by settings.INSTALLED_APPS."""

    name = "orders"
