"""Wiring of the app."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    """Registered by settings.INSTALLED_APPS."""

    name = "dispatch"

    def ready(self) -> None:
        """Let nobody save a zone with settings that we could not use."""
        from dispatch.conf import read_conf
        from restaurants.services import read_settings_by

        read_settings_by(read_conf)
