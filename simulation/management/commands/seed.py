"""`manage.py seed`: fill a database with a city, without running anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fleetsync.core import clock
from fleetsync.core.travel import provider
from fleetsync.core.travel.osm import OsmFileError, import_roads
from restaurants.osm import OsmPlacesError
from simulation.city import make_city
from simulation.cityfile import read_city
from simulation.roads import RealStreets
from simulation.seeding import PASSWORD, refuse_production, seed_city


class Command(BaseCommand):
    """Make the city of a seed, or of a file; running it again adds what is missing."""

    help = (
        "Fill the database with a small city: a zone, restaurants with menus and opening hours, drivers, customers "
        "and the ready logins. Idempotent; the same seed makes the same city. "
        "Example: manage.py seed --seed 7 --restaurants 40 --drivers 60"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--seed", type=int, default=1, help="Same seed, same city (default 1).")
        parser.add_argument("--restaurants", type=_count, default=24, help="How many kitchens (default 24).")
        parser.add_argument("--drivers", type=_count, default=30, help="How many drivers (default 30).")
        parser.add_argument("--customers", type=_count, default=200, help="How many customers (default 200).")
        parser.add_argument("--city", type=Path, metavar="FILE", help="A real city: an OpenStreetMap extract.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and say what is new."""
        refuse_production()
        city = make_city(
            seed=options["seed"],
            restaurants=options["restaurants"],
            drivers=options["drivers"],
            customers=options["customers"],
        )
        streets = None
        if options["city"]:
            try:
                streets = self._streets(options["city"])
                city = read_city(
                    options["city"], streets, city, restaurants=options["restaurants"], seed=options["seed"]
                )
            except (OsmPlacesError, OsmFileError) as error:
                raise CommandError(str(error)) from error
        seeded = seed_city(city=city, now=clock.now(), streets=streets, progress=self._show)
        if options["verbosity"] > 1 or self.stdout.isatty():
            self.stdout.write("")
        self.stdout.write(
            f"{city.name}: {seeded.restaurants} restaurants ({seeded.restaurants_new} new), "
            f"{seeded.drivers} drivers ({seeded.drivers_new} new), "
            f"{seeded.customers} customers ({seeded.customers_new} new); password {PASSWORD}"
        )

    def _streets(self, file: Path) -> RealStreets:
        """Return the streets the platform measures by; without those the streets of the file."""
        return RealStreets.of(provider()) or RealStreets(import_roads(file, name=file.name.partition(".")[0]))

    def _show(self, what: str, done: int, of: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r  {what:<12} {done}/{of}   ", ending="")
            self.stdout.flush()


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 100_000:
        raise ValueError(text)
    return number
