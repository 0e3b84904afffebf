"""`manage.py forget_events`: the one command that deletes from the event log."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fleetsync.core import clock, retention


class Command(BaseCommand):
    """Forget whole finished streams."""

    help = (
        "Delete the events of streams that are finished and older, with their outbox and feed rows; "
        "stored answers of POSTs after 72 hours. Example: manage.py forget_events --older-than-days 90"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--older-than-days", type=float, default=settings.FLEETSYNC_EVENT_DAYS, help="Business days; default 90."
        )

    def handle(self, *args: Any, older_than_days: float, **_: Any) -> None:
        """Forget, then say how much."""
        if older_than_days <= 0:
            raise CommandError("--older-than-days must be positive")
        done = retention.forget_old(
            now=clock.now(), real_now=clock.real_now(), older_than=timedelta(days=older_than_days)
        )
        self.stdout.write(
            f"Forgot {done.events} events of {done.streams} streams, {done.feed_entries} feed entries "
            f"and {done.keys} stored answers."
        )
