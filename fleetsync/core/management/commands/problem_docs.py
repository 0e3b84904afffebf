"""Print the page of problem codes."""

from typing import Any

from django.core.management.base import BaseCommand

from fleetsync.core.catalogue import markdown


class Command(BaseCommand):
    help = "Print docs/problems.md: every problem code of the API."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(markdown(), ending="")
