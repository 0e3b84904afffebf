"""`manage.py set_clock`: how fast business time runs, and from which hour."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fleetsync.core import clock


class Command(BaseCommand):
    """Set scale and hour; business time never goes back."""

    help = "Let business time run faster, from an hour of the day on. Example: manage.py set_clock --at 17:30 --scale 5"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--at", help="Hour of the city's day, HH:MM: the next one that is not in the past.")
        parser.add_argument("--on", help="Day, YYYY-MM-DD; default: the next one that fits.")
        parser.add_argument("--scale", type=float, default=1.0, help="Business seconds per real second.")
        parser.add_argument("--zone", default=None, help="IANA time zone of the city; default: the first zone's.")

    def handle(self, *args: Any, at: str | None, on: str | None, scale: float, zone: str | None, **_: Any) -> None:
        """Compute the moment and write the clock's row."""
        if scale <= 0:
            raise CommandError("--scale must be positive")
        moment = None
        if at:
            try:
                hour = time.fromisoformat(at)
            except ValueError as error:
                raise CommandError(f"--at: expected HH:MM, got {at!r}") from error
            tz = ZoneInfo(zone or self._city_zone())
            clock.refresh()
            present = clock.now().astimezone(tz)
            day = datetime.fromisoformat(on).date() if on else present.date()
            moment = datetime.combine(day, hour, tz)
            while not on and moment < present:
                moment += timedelta(days=1)
            moment = moment.astimezone(UTC)
        start = clock.set_scale(scale=scale, not_before=moment)
        self.stdout.write(f"Business time is {start:%Y-%m-%d %H:%M:%S} UTC and runs x{scale:g}.")

    def _city_zone(self) -> str:
        from django.apps import apps

        first = apps.get_model("restaurants", "Zone").objects.order_by("id").first()
        return first.time_zone if first else "UTC"
