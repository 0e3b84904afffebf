"""`manage.py simulate_map`: the live map under many drivers, measured; `manage.py benchmark_map` starts what it needs."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from random import Random
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fleetsync.core import clock
from restaurants.models import Zone
from simulation.browser import NoBrowser, find_chromium
from simulation.framerate import Frames, Watch
from simulation.mapstage import Rider, ride, set_map
from simulation.runs import console
from simulation.seeding import PASSWORD, refuse_production

SETTLE_S = 8.0  # first pictures, first compilation: not what eight hours look like


class Command(BaseCommand):
    """Fill a map with moving drivers, open it in Chromium, count its frames."""

    help = (
        "Put drivers on the map of a running platform whose database is empty, move all of them every second through "
        "the service that takes their pings, open the dispatchers' page in headless Chromium and count its frames: "
        "standing still, then dragging the map. manage.py benchmark_map starts such a platform. "
        "Example: manage.py simulate_map --drivers 500 --minutes 10"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--drivers", type=int, default=500, metavar="N", help="All of them moving (default 500).")
        parser.add_argument("--minutes", type=float, default=0.5, metavar="M", help="Standing still (default 0.5).")
        parser.add_argument("--width", type=int, default=1440, metavar="PX", help="Of the window (default 1440).")
        parser.add_argument("--height", type=int, default=900, metavar="PX", help="Of the window (default 900).")
        parser.add_argument("--dark", action="store_true", help="In the dark theme.")
        parser.add_argument("--seed", type=int, default=1, help="Same seed, same ways (default 1).")
        parser.add_argument("--picture", type=Path, metavar="FILE", help="Write a PNG of what was measured.")
        parser.add_argument("--json", type=Path, metavar="FILE", help="Write the table there.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Set the stage, ride, watch, print."""
        refuse_production()
        if not 1 <= options["drivers"] <= 5000:
            raise CommandError("--drivers: expected 1 to 5000")
        if not 0.1 <= options["minutes"] <= 120:
            raise CommandError("--minutes: expected 0.1 to 120")
        if Zone.objects.exists():
            raise CommandError("The database is not empty; manage.py benchmark_map makes one of its own.")
        out = console()
        try:
            find_chromium()
        except NoBrowser as error:
            raise CommandError(str(error)) from error
        riders, zone = set_map(drivers=options["drivers"], seed=options["seed"], now=clock.now()), Zone.objects.get()
        watch = Watch(width=options["width"], height=options["height"], dark=options["dark"])
        try:  # a browser has an event loop in this thread: from here on the database is asked in the riders' alone
            rows = self._measure(watch, riders, zone, options)
        finally:
            watch.close()
        table = Table(
            title=f"{options['drivers']} moving drivers, {options['width']} x {options['height']}, no graphics card"
        )
        for name in ("", "s", "fps", "fps p5", "gap p95 ms", "longest ms", "draw ms", "draw p95", "cpu ms", "kB/s", "long",
                     "heap MB", "load"):  # fmt: skip
            table.add_column(name, justify="left" if not name else "right")
        for row in rows:
            table.add_row(
                row.what, f"{row.seconds:.0f}", f"{row.fps_median:.0f}", f"{row.fps_p5:.0f}", f"{row.gap_p95_ms:.1f}",
                f"{row.longest_gap_ms:.0f}", f"{row.draw_median_ms:.2f}", f"{row.draw_p95_ms:.2f}",
                f"{row.cpu_ms:.1f}", f"{row.socket_kb_s:.0f}", str(row.long_tasks), f"{row.heap_mb:.1f}", f"{row.load:.1f}",
            )  # fmt: skip
        out.print(table)
        for complaint in watch.errors[:5]:
            out.print(f"The page said: {complaint}", style="bold red", markup=False)
        if options["json"]:
            about = {"drivers": options["drivers"], "width": options["width"], "height": options["height"]}
            data = about | {"stretches": [row.to_dict() for row in rows], "errors": watch.errors}
            options["json"].write_bytes(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        if watch.errors:
            raise CommandError("The page had errors.")

    def _measure(self, watch: Watch, riders: list[Rider], zone: Zone, options: dict[str, Any]) -> list[Frames]:
        stop = threading.Event()
        feeding = threading.Thread(target=_feed, args=(riders, zone, options["seed"], stop), name="riders", daemon=True)
        feeding.start()
        seconds = 60 * options["minutes"]
        try:
            watch.log_in(
                site=settings.FLEETSYNC_PUBLIC_URL, email="dispatcher@fleetsync.example", password=PASSWORD, path="/ops"
            )
            watch.page.wait_for_timeout(1000 * SETTLE_S)
            bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console(), transient=True
            )
            with bar:
                task = bar.add_task("still", total=seconds + 15)
                began = time.monotonic()
                tick = lambda: bar.update(task, completed=time.monotonic() - began)  # noqa: E731
                rows = []
                parts = max(1, round(options["minutes"] / 2))  # the heap of each part tells whether it grows
                for part in range(parts):
                    what = "still" if parts == 1 else f"still, part {part + 1}"
                    rows.append(watch.stretch(what, seconds=seconds / parts, panning=False, tick=tick))
                rows.append(watch.stretch("dragging", seconds=15.0, panning=True, tick=tick))
            if options["picture"]:
                watch.page.screenshot(path=options["picture"])
        finally:
            stop.set()
            feeding.join(timeout=5)
        return rows


def _feed(riders: list[Rider], zone: Zone, seed: int, stop: threading.Event) -> None:
    """Move everybody once a second, until stopped."""
    random, last = Random(seed), time.monotonic()
    while not stop.is_set():
        began = time.monotonic()
        ride(riders, zone=zone, seconds=began - last, now=clock.now(), random=random)
        last = began
        stop.wait(max(0.0, 1.0 - (time.monotonic() - began)))
