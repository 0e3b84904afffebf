"""Measure the dispatch engine on public benchmark days, or on a generated city."""

from __future__ import annotations

import io
import json
import math
import re
from argparse import ArgumentParser
from dataclasses import asdict, replace
from math import isqrt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from dispatch.engine import STRATEGIES
from dispatch.engine.mdrp.city import CityRound, run_city
from dispatch.engine.mdrp.instance import InstanceError
from dispatch.engine.mdrp.metrics import Measures
from dispatch.engine.mdrp.runner import Task, day_folders, means, play_all, read, report
from dispatch.engine.mdrp.sim import Conditions
from dispatch.engine.policy import BOUNDS, Policy
from dispatch.engine.warm import warm

RUN_ON_MIN = 90  # a window runs on so long after its last order
STDOUT = Path("-")
COLUMNS = (
    ("click-to-door", "ctd_mean", ".2f"),
    ("p90", "ctd_p90", ".1f"),
    ("bound", "bound_mean", ".2f"),
    ("ready-to-pickup", "ready_to_pickup_mean", ".2f"),
    ("overage", "overage_mean", ".2f"),
    ("undelivered %", "undelivered_pct", ".3f"),
    ("pay/order", "pay_per_order", ".2f"),
    ("orders/trip", "orders_per_trip", ".3f"),
    ("refused", "refusals", ".0f"),
    ("CPU ms", "cpu_ms_mean", ".1f"),
    ("worst p99", "cpu_ms_p99", ".1f"),
    ("bytes/round", "bytes_mean", ",.0f"),
)


class Command(BaseCommand):
    """Plays days of the Meal Delivery Routing Problem by its published rules."""

    help = (
        "Play real days (folders of github.com/grubhub/mdrplib) against the dispatch strategies "
        "and print what customers, couriers and the operator get. Minutes; means over days."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("dir", nargs="?", type=Path, help="A day, or a folder of days.")
        parser.add_argument("--strategies", default="nearest,batch,plan")
        parser.add_argument("--days", default="", help="Regular expression of the days' names.")
        parser.add_argument("--accept", type=float, default=1.0, help="Chance an offer is taken.")
        parser.add_argument(
            "--accept-std",
            type=float,
            default=0.0,
            metavar="S",
            help="How much couriers differ in that, log-odds: with 1, two of three take 46 to 86 of 100 at 0.7.",
        )
        parser.add_argument(
            "--prep-noise",
            type=float,
            default=0.0,
            help="Minutes of standard deviation of the error of the ready time told.",
        )
        parser.add_argument(
            "--kitchen-tells",
            action="store_true",
            help="With --prep-noise: the kitchen says when the food is ready or late.",
        )
        parser.add_argument("--from", dest="start", help="HH:MM; 08:00 is minute 480 of the file.")
        parser.add_argument("--to", dest="end", help="HH:MM; orders placed before it.")
        parser.add_argument("--period", type=int, default=1, help="Minutes between rounds.")
        parser.add_argument(
            "--as-live",
            type=int,
            metavar="SECONDS",
            help="Play by the platform's rules instead: a round every so many seconds, an accepted trip stays as it is.",
        )
        parser.add_argument("--seed", type=int, default=1, help="Of refusals and noise.")
        parser.add_argument("--jobs", type=int, default=1, help="Processes.")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="Change a parameter of the policy; may be repeated.",
        )
        parser.add_argument("--per-day", action="store_true", help="Print every day.")
        parser.add_argument(
            "--json",
            nargs="?",
            type=Path,
            const=STDOUT,
            metavar="FILE",
            help="Write everything to FILE; without one to standard output, the table then to standard error.",
        )
        parser.add_argument("--plot", type=Path, help="Write an SVG of click-to-door and bound.")
        parser.add_argument("--city", type=int, help="Instead of DIR: a generated city of so many drivers.")
        parser.add_argument("--zones", type=int, help="Of the city, a square number; default: one for 250 drivers.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check everything that was asked for, then play it."""
        policies = _policies(options["strategies"], options["set"])
        if options["city"] is not None:
            self._city(options["city"], options["zones"], policies, options["json"], options["seed"])
            return
        if options["zones"] is not None:
            raise CommandError("--zones: goes with --city")
        if options["dir"] is None:
            raise CommandError("expected DIR, a folder with benchmark days, or --city N")
        window = _window(options["start"], options["end"])
        conditions = _conditions(options, window)
        try:
            folders = _chosen(day_folders(options["dir"]), options["days"])
            for folder in folders:
                read(folder, window)
        except InstanceError as error:
            raise CommandError(str(error)) from None
        tasks = [
            Task(
                folder=folder,
                policy=policy,
                conditions=replace(conditions, two_restaurants=policy.stack_within_m > 0),
                window=window,
                round_s=options["as_live"],
            )
            for policy in policies
            for folder in folders
        ]
        if any(policy.stack_within_m for policy in policies):
            self.stderr.write("stack_within_m: trips may fetch at two restaurants, which the published rules forbid.")
        rows = self._play(tasks, options["jobs"])
        if options["per_day"]:
            for row in sorted(rows, key=lambda r: (r.strategy, r.instance)):
                self._show(f"{row.strategy:8} {row.instance:18} {row.ctd_mean:7.2f}", options["json"])
        self._show(_table(rows, policies, len(folders)), options["json"])
        if options["json"]:
            about = {
                "conditions": asdict(conditions),
                "window": window,
                "policies": [policy.to_dict() for policy in policies],
            }
            self._write_json(report(rows, **about), options["json"])
        if options["plot"]:
            from dispatch.engine.mdrp.plot import click_to_door_svg  # matplotlib takes its time to load

            title = f"Click-to-door of {len(folders)} days"
            options["plot"].write_text(click_to_door_svg(rows, title))
            self._show(f"Wrote {options['plot']}", options["json"])

    def _play(self, tasks: list[Task], jobs: int) -> list[Measures]:
        rows: list[Measures] = []
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        with bar:
            task = bar.add_task("days", total=len(tasks))
            for row in play_all(tasks, jobs):
                rows.append(row)
                mine = means(r for r in rows if r.strategy == row.strategy)
                text = f"{row.strategy} {row.instance}: {mine['ctd_mean']:.2f} so far"
                bar.update(task, advance=1, description=text)
        return rows

    def _city(self, drivers: int, zones: int | None, policies: list[Policy], file: Path | None, seed: int) -> None:
        if drivers < 1:
            raise CommandError(f"--city: expected 1 or more drivers, got {drivers}")
        if zones is not None and (zones < 1 or isqrt(zones) ** 2 != zones):
            raise CommandError(f"--zones: expected a square number, got {zones}")
        warm()
        sizes = sorted({max(1, drivers // 10), max(1, drivers // 3), drivers})
        done: list[tuple[str, CityRound]] = [
            (policy.strategy, run_city(size, policy, seed, zones)) for policy in policies for size in sizes
        ]
        table = Table(title="One round of every zone, from nothing")
        for name in (
            "strategy",
            "drivers",
            "jobs",
            "zones",
            "CPU s",
            "slowest zone ms",
            "offers",
            "handed over",
            "left behind",
        ):
            table.add_column(name, justify="right")
        for strategy, city in done:
            table.add_row(
                strategy,
                f"{city.drivers:,}",
                f"{city.jobs:,}",
                str(city.zones),
                f"{city.cpu_s:.2f}",
                f"{city.slowest_ms:.0f}",
                f"{city.offers:,}",
                str(city.handed_over),
                str(city.left_behind),
            )
        self._show(_rendered(table), file)
        if file:
            self._write_json({"city": [{"strategy": strategy, **asdict(city)} for strategy, city in done]}, file)

    def _show(self, words: str, json_file: Path | None) -> None:
        """Print a table; beside the JSON where that has standard output to itself."""
        (self.stderr if json_file == STDOUT else self.stdout).write(words)

    def _write_json(self, content: dict[str, Any], file: Path) -> None:
        text = json.dumps(content, indent=1)
        if file == STDOUT:
            self.stdout.write(text)
            return
        file.write_text(text + "\n")
        self.stdout.write(f"Wrote {file}")


def _policies(strategies: str, changes: list[str]) -> list[Policy]:
    values: dict[str, float] = {}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in BOUNDS:
            raise CommandError(f"--set: no parameter {name!r}; there are {', '.join(BOUNDS)}")
        try:
            values[name] = json.loads(text)
        except json.JSONDecodeError:
            raise CommandError(f"--set {name}: expected a number, got {text!r}") from None
    names = [name.strip() for name in strategies.split(",") if name.strip()]
    for name in names:
        if name not in STRATEGIES:
            raise CommandError(f"--strategies: no {name!r}; there are {', '.join(STRATEGIES)}")
    try:
        return [replace(Policy.from_dict(values), strategy=name) for name in names]
    except ValueError as error:
        raise CommandError(f"--set {error}") from None


def _window(start: str | None, end: str | None) -> tuple[int, int] | None:
    if start is None and end is None:
        return None
    low, high = _minute("--from", start or "00:00"), _minute("--to", end or "24:00")
    if low >= high:
        raise CommandError(f"--to: expected a time after {start}, got {end}")
    return low, high


def _minute(option: str, text: str) -> int:
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)", text)
    if match is None or int(match[1]) > 24:
        raise CommandError(f"{option}: expected HH:MM, got {text!r}")
    return int(match[1]) * 60 + int(match[2])


def _conditions(options: dict[str, Any], window: tuple[int, int] | None) -> Conditions:
    if not 0.0 <= options["accept_std"] <= 5.0:
        raise CommandError(f"--accept-std: expected 0 to 5, got {options['accept_std']}")
    if not 0.0 < options["accept"] <= 1.0:
        raise CommandError(f"--accept: expected more than 0, at most 1, got {options['accept']}")
    if options["prep_noise"] < 0 or options["period"] < 1 or options["jobs"] < 1:
        raise CommandError("--prep-noise must not be negative, --period and --jobs at least 1")
    if options["as_live"] is not None and (options["as_live"] < 1 or options["prep_noise"] or options["period"] > 1):
        raise CommandError("--as-live: expected 1 or more seconds, without --prep-noise and --period")
    return Conditions(
        accept=options["accept"],
        accept_std=options["accept_std"],
        prep_noise=options["prep_noise"],
        kitchen_tells=options["kitchen_tells"],
        seed=options["seed"],
        period=options["period"],
        run_on=RUN_ON_MIN if window else None,
    )


def _chosen(folders: list[Path], pattern: str) -> list[Path]:
    try:
        chosen = [folder for folder in folders if re.search(pattern, folder.name)]
    except re.error as error:
        raise CommandError(f"--days: not a regular expression: {error}") from None
    if not chosen:
        raise CommandError(f"--days: no day's name matches {pattern!r}")
    return chosen


def _table(rows: list[Measures], policies: list[Policy], days: int) -> str:
    table = Table(title=f"{days} days; minutes; means over days")
    table.add_column("strategy")
    for title, _, _ in COLUMNS:
        table.add_column(title, justify="right")
    for policy in policies:
        mean = means(row for row in rows if row.strategy == policy.strategy)
        table.add_row(
            policy.strategy, *("-" if math.isnan(mean[key]) else format(mean[key], form) for _, key, form in COLUMNS)
        )
    return _rendered(table)


def _rendered(table: Table) -> str:
    text = io.StringIO()
    Console(file=text, width=160).print(table)
    return text.getvalue()
