"""Print the page of events."""

from typing import Any

from django.core.management.base import BaseCommand

from tracking.protocol import markdown


class Command(BaseCommand):
    """Print docs/events.md."""

    help = "Print docs/events.md: every event, its members and who hears it. Example: manage.py event_docs > docs/events.md"

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(markdown(), ending="")
