"""Print the page of lives."""

from typing import Any

from django.core.management.base import BaseCommand

from dispatch.lives import markdown


class Command(BaseCommand):
    """Print docs/lives.md."""

    help = "Print docs/lives.md: who may follow whom, and which events say so. Example: manage.py life_docs > docs/lives.md"

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(markdown(), ending="")
