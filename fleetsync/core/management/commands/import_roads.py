"""`manage.py import_roads FILE.osm.pbf`: a road graph for travel times and the map."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fleetsync.core.travel.osm import OsmFileError, import_roads


class Command(BaseCommand):
    """Read the roads of an extract and write them as one compact file."""

    help = (
        "Import the roads of an OpenStreetMap extract, one-ways and speeds respected. "
        "Example: manage.py import_roads city.osm.pbf, then FLEETSYNC_TRAVEL=roads:.local/roads/city.npz"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path, help="An extract: .osm.pbf or .osm.")
        parser.add_argument("--out", type=Path, help="Where to write; default: .local/roads/<name>.npz")

    def handle(self, *args: Any, file: Path, out: Path | None, **options: Any) -> None:
        """Import, write, say what came out."""
        name = file.name.split(".")[0]
        out = out or settings.BASE_DIR / ".local" / "roads" / f"{name}.npz"
        started = time.monotonic()
        try:
            graph = import_roads(file, name=name)
        except OsmFileError as error:
            raise CommandError(str(error)) from error
        graph.save(out)
        self.stdout.write(
            f"{len(graph.lng):,} crossings, {len(graph.seconds):,} drives, {out.stat().st_size / 1024:,.0f} KiB "
            f"in {time.monotonic() - started:.1f} s.\n{graph.attribution}\nUse it: FLEETSYNC_TRAVEL=roads:{out}"
        )
