"""Wiring of the app."""

from django.apps import AppConfig


class TrackingConfig(AppConfig):
    """Registered by settings.INSTALLED_APPS."""

    name = "tracking"
