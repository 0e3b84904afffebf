"""`manage.py take_screenshots`: pictures of a running platform; `manage.py screenshots` starts one for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import track

from simulation.browser import NoBrowser, chromium, find_chromium
from simulation.pictures import PICTURES, take
from simulation.runs import console


class Command(BaseCommand):
    """Photograph the pages people look at."""

    help = (
        "Open the pages of a running platform with a city at work in headless Chromium and write PNG files. "
        "manage.py screenshots starts such a platform first. Example: manage.py take_screenshots ops --theme dark"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="Only these pictures; default: all.")
        parser.add_argument("--list", action="store_true", help="Print the names and stop.")
        parser.add_argument("--out", type=Path, default=Path("docs/images"), metavar="DIR", help="Where they go.")
        parser.add_argument("--theme", choices=("light", "dark"), help="Only this one; default: both.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the names, then take them one after the other."""
        known = {picture.name: picture for picture in PICTURES}
        unknown = [name for name in options["names"] if name not in known]
        if unknown:
            raise CommandError(f"No picture is named {', '.join(unknown)}. There are: {', '.join(known)}.")
        if options["list"]:
            self.stdout.write("\n".join(f"{picture.name:<16} {picture.shows}" for picture in PICTURES))
            return
        wanted = [known[name] for name in options["names"]] or list(PICTURES)
        folder: Path = options["out"]
        folder.mkdir(parents=True, exist_ok=True)
        themes = (options["theme"],) if options["theme"] else ("light", "dark")
        failed: list[str] = []
        try:
            find_chromium()
            with chromium() as browser:
                for picture in track(wanted, description="Pictures", console=console()):
                    try:
                        take(browser, settings.FLEETSYNC_PUBLIC_URL, picture, folder=folder, themes=themes)
                    except (TimeoutError, RuntimeError) as error:
                        failed.append(f"{picture.name}: {error}")
        except NoBrowser as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(wanted) - len(failed)} pictures in {folder}")
        if failed:
            raise CommandError("\n".join(failed))
