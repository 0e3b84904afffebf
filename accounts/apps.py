"""Wiring of the app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Registered by settings.INSTALLED_APPS."""

    name = "accounts"

    def ready(self) -> None:
        """Let the groups' rights follow the models."""
        from accounts.groups import grant

        post_migrate.connect(grant, dispatch_uid="accounts.groups.grant")
