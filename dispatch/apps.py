"""Wiring of the app."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    """Registered by settings.INSTALLED_APPS."""

    name = "dispatch"
