"""Wiring of the shared core."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    """Load every app's event handlers and timers, so that any process can write their outbox rows."""

    name = "fleetsync.core"
    label = "core"
    verbose_name = "Platform"

    def ready(self) -> None:
        """Import `handlers` and `timers` of all apps, the checks and the OpenAPI extensions."""
        autodiscover_modules("handlers", "timers")
        from fleetsync.core import checks, schema  # noqa: F401
