"""Wiring of the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registered by settings.INSTALLED_APPS."""

    name = "accounts"
