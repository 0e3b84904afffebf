"""Wiring of the app."""

from django.apps import AppConfig


class SimulationConfig(AppConfig):
    """Registered by settings.INSTALLED_APPS."""

    name = "simulation"
