"""`manage.py import_restaurants FILE.osm.pbf`: the real restaurants of a map, ready to be ordered from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, transaction
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from accounts.models import User
from accounts.states import Role
from fleetsync.core import clock
from fleetsync.core.errors import DomainError
from fleetsync.core.geo import LngLat, distance_m
from restaurants.models import Zone
from restaurants.osm import ATTRIBUTION, FoundPlace, OsmPlacesError, find_places, time_zone_at
from restaurants.services import Fate, corners_around, create_zone, import_place, join_staff
from simulation.kitchens import menu_for
from simulation.runs import console

MARGIN_M = 2_000.0
SHOWN = 20


class Command(BaseCommand):
    """Create restaurants of an extract in a zone; known ones are kept, or brought up to the map."""

    help = (
        "Import the named places to eat of an OpenStreetMap extract: name, place, cuisine, address, phone and opening "
        "hours as the map has them, and a made-up menu that fits the cuisine. A second run keeps what is there, known "
        "by its OpenStreetMap element; --update brings it what the map says now. Without opening hours on the map, or "
        "with unreadable ones, a restaurant is open from 11:00 to 23:00 every day. "
        "Example: manage.py import_restaurants city.osm.pbf --create-zone 'Old town' --limit 50 --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path, help="An extract: .osm.pbf or .osm.")
        zone = parser.add_mutually_exclusive_group()
        zone.add_argument(
            "--zone",
            metavar="NAME",
            help="The zone they go to; default: the only one there is, or a new one called as the file.",
        )
        zone.add_argument("--create-zone", metavar="NAME", help="A zone around them; one of this name is taken as is.")
        parser.add_argument("--currency", default="USD", help="Of a created zone (default USD).")
        parser.add_argument("--limit", type=_count, metavar="N", help="Only so many, nearest to the middle first.")
        parser.add_argument("--staff", metavar="EMAIL", help="A restaurant's user who shall work for all of them.")
        parser.add_argument("--update", action="store_true", help="Bring known ones up to the map; menus stay.")
        parser.add_argument("--dry-run", action="store_true", help="Do everything, then undo it and only tell.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the file, import each place by itself, tell what came of them."""
        try:
            places = find_places(options["file"])
        except OsmPlacesError as error:
            raise CommandError(str(error)) from error
        staff = self._staff(options["staff"])
        places = _nearest_middle(places, options["limit"])
        fates: Counter[Fate] = Counter()
        failed: list[str] = []
        with transaction.atomic():
            zone = self._zone(places, options)
            for place in self._shown(places):
                try:
                    with transaction.atomic():
                        row, fate = import_place(
                            place=place,
                            zone=zone,
                            menu=menu_for(place),
                            now=clock.now(),
                            actor="import",
                            refresh=options["update"],
                        )
                        if staff is not None:
                            join_staff(restaurant=row, user=staff, now=clock.now(), actor="import")
                    fates[fate] += 1
                except (DomainError, DatabaseError) as error:
                    failed.append(f"{place.ref} {place.name}: {error}")
            transaction.set_rollback(options["dry_run"])
        self._tell(zone, places, fates, failed, dry=options["dry_run"])
        if failed and not fates:
            raise CommandError("Nothing was imported.")

    def _staff(self, email: str | None) -> User | None:
        if email is None:
            return None
        user = User.objects.filter(email__iexact=email, role=Role.RESTAURANT).first()
        if user is None:
            raise CommandError(f"--staff: no user with the role RESTAURANT has the address {email}")
        return user

    def _zone(self, places: list[FoundPlace], options: dict[str, Any]) -> Zone:
        name = options["create_zone"] or options["zone"]
        if name is None and not Zone.objects.exists():
            name = options["file"].name.partition(".")[0].replace("-", " ").replace("_", " ").title()
        if name is not None:
            there = Zone.objects.filter(name=name).first()
            if there is not None:
                return there
            if options["zone"]:
                known = ", ".join(Zone.objects.order_by("name").values_list("name", flat=True)) or "none"
                raise CommandError(f"--zone: no zone {name!r}; there are: {known}. --create-zone makes one.")
            points = [place.point for place in places]
            values = {
                "name": name,
                "polygon": corners_around(points=points, margin_m=MARGIN_M),
                "time_zone": time_zone_at(points[0]),
                "currency": options["currency"],
            }
            try:
                return create_zone(values=values, now=clock.now(), actor="import")
            except DomainError as error:
                raise CommandError(f"--create-zone: {error}") from error
        zones = list(Zone.objects.order_by("name")[:2])
        if len(zones) != 1:
            raise CommandError("Say which zone: there are several, --zone NAME")
        return zones[0]

    def _shown(self, places: list[FoundPlace]) -> Any:
        columns = (TextColumn("Restaurants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console(), transient=True) as bar:
            yield from bar.track(places)

    def _tell(
        self, zone: Zone, places: list[FoundPlace], fates: Counter[Fate], failed: list[str], *, dry: bool
    ) -> None:
        unread = [
            f"{place.ref} {place.name}: {place.hours!r}" for place in places if place.hours and not place.openings
        ]
        untold = sum(not place.hours for place in places)
        counts = ", ".join(f"{fates[fate]} {fate}" for fate in Fate)
        self.stdout.write(
            f"{zone.name} ({zone.time_zone}, {zone.currency}): {counts}, {len(failed)} failed"
            + ("; nothing was written (--dry-run)" if dry else "")
        )
        if untold:
            self.stdout.write(f"{untold} have no opening hours on the map: 11:00 to 23:00 every day")
        self._list("opening hours that could not be read (11:00 to 23:00 every day):", unread)
        self._list("failed:", failed)
        self.stdout.write(f"Data {ATTRIBUTION}; menus are made up.")

    def _list(self, title: str, lines: list[str]) -> None:
        if lines:
            self.stdout.write(f"{len(lines)} {title}")
            more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
            self.stdout.write("\n".join([*(f"  {line}" for line in lines[:SHOWN]), *more]))


def _nearest_middle(places: list[FoundPlace], limit: int | None) -> list[FoundPlace]:
    if limit is None:
        return places
    middle = LngLat(median(place.point.lng for place in places), median(place.point.lat for place in places))
    return sorted(places, key=lambda place: (distance_m(place.point, middle), place.ref))[:limit]


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
