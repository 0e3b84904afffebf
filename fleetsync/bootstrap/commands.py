"""The commands that run a platform: `demo`, `replay`, `benchmark_map`, `screenshots`, `up`, `down`, `clean`."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from fleetsync.bootstrap import children, environment, holdings, interpreter, keeper, locks, platform, state, testing
from fleetsync.bootstrap.paths import Layout, make_folders
from fleetsync.bootstrap.processes import FLEET, NAMES, Process
from fleetsync.bootstrap.terminal import SetupError, agreed, paint, run, say, size_of, step

DEMO_HOUR = "17:30"  # the dinner rush begins, whatever the hour here
DOWN_WITHIN_S = 8.0


def demo(layout: Layout, options: argparse.Namespace) -> int:
    """Run everything with a simulated city at work, until Ctrl-C or for `--duration` seconds."""
    if options.dry_run:
        return testing.explain(layout, interpreter.RUNNING, _plan("demo"))
    _check_city(options)
    say(paint("FleetSync demo", "bold") + f"  {layout.project}")
    began = time.monotonic()
    city = _given(options, "seed", "drivers", "city")
    another = not options.apart and holdings.is_another_city(layout, *city)
    if another:
        say("  Another city than last time: its database is to be made anew.")
    purpose = "stage" if options.apart else "demo"
    made = platform.prepare(layout, purpose, yes=options.yes, anew=options.fresh or another)
    try:
        if options.city:
            platform.import_roads(made, Path(options.city).resolve())
        platform.seed(made, *city)
        platform.compile_kernels(made)
        made.manage(
            "Clock", f"{DEMO_HOUR} of the city's day", "set_clock", "--at", DEMO_HOUR, "--scale", f"{options.speed:g}"
        )
        say(f"  Ready to run after {time.monotonic() - began:.1f} s")
        wanted = _given(options, "duration", "seed", "drivers", "orders_per_hour", "json", "accept", "city", "strategy")
        fleet = None if options.no_sim or "fleet" not in (options.only or ["fleet"]) else (FLEET, wanted)
        return platform.serve(made, foreground=fleet, verbose=options.verbose, only=options.only)
    finally:
        platform.end(made)
        others = keeper.is_running(layout)
        say("Stopped. " + ("Something else still uses PostgreSQL and Redis." if others else "Nothing is left running."))


def replay(layout: Layout, options: argparse.Namespace) -> int:
    """Play a recorded day through a platform of its own, beside whatever else runs."""
    arguments = [
        str(Path(options.dir).resolve()),
        *(("--speed", f"{options.speed:g}")),
        *_given(options, "start", "end", "strategy", "accept", "json", "seed"),
        *(["--rounded"] if options.rounded else []),
    ]
    if options.dry_run:
        return testing.explain(layout, interpreter.RUNNING, _plan("replay"))
    make_folders(layout)
    interpreter.prepare(layout)
    day = _read_day(layout, arguments)
    say(paint("FleetSync replay", "bold") + f"  {options.dir}")
    made = platform.prepare(layout, "replay", yes=options.yes)
    made.env |= {"FLEETSYNC_OFFER_FLOOR_S": "1"} | day
    try:
        platform.compile_kernels(made)
        # Processes that start at this speed notice within a second when the player sets the hour.
        made.manage("Clock", f"business time runs x{options.speed:g}", "set_clock", "--scale", f"{options.speed:g}")
        player = Process(name="replay", does="plays the day", argv=("manage.py", "simulate_replay"), health=False)
        return platform.serve(made, foreground=(player, arguments), verbose=options.verbose, banner=False)
    finally:
        platform.end(made)


def benchmark_map(layout: Layout, options: argparse.Namespace) -> int:
    """Measure the live map on a platform of its own, in the place of a replay."""
    if options.dry_run:
        return testing.explain(layout, interpreter.TESTING, _plan("replay"))
    make_folders(layout)
    interpreter.prepare(layout, interpreter.TESTING)  # Playwright drives the browser
    say(paint("FleetSync benchmark of the live map", "bold"))
    made = platform.prepare(layout, "replay", yes=options.yes)
    arguments = [
        *_given(options, "drivers", "minutes", "width", "height", "seed", "picture", "json"),
        *(["--dark"] if options.dark else []),
    ]
    try:
        player = Process(name="map", does="measures the live map", argv=("manage.py", "simulate_map"), health=False)
        return platform.serve(
            made, foreground=(player, arguments), verbose=False, only=("api", "live", "relay", "flusher"), banner=False
        )
    finally:
        platform.end(made)


def screenshots(layout: Layout, options: argparse.Namespace) -> int:
    """Let a city of its own work for a while and take pictures of the pages people look at."""
    theme = ["--theme", options.theme] if options.theme else []
    picture = [*theme, "--out", str(Path(options.out).resolve()), *options.names]
    if options.dry_run:
        return testing.explain(layout, interpreter.TESTING, _plan("screenshots"))
    _check_city(options)
    make_folders(layout)
    interpreter.prepare(layout, interpreter.TESTING)
    if options.list or options.names:  # a wrong name is said before anything starts
        listing = testing.take_screenshots(layout, [*picture, "--list"])
        if options.list:
            say(listing)
            return 0
    say(paint("FleetSync screenshots", "bold") + f"  {options.out}")
    city = _given(options, "city")
    made = platform.prepare(layout, "stage", yes=options.yes)
    try:
        if options.city:
            platform.import_roads(made, Path(options.city).resolve())
        platform.seed(made, *city)
        platform.compile_kernels(made)
        made.manage("Clock", f"{DEMO_HOUR} of the city's day", "set_clock", "--at", DEMO_HOUR, "--scale", "10")
        fleet = dataclasses.replace(FLEET, argv=(*FLEET.argv, *city))
        camera = Process(
            name="screenshots", does="takes the pictures", argv=("manage.py", "take_screenshots"), health=False
        )
        return platform.serve(made, foreground=(camera, picture), beside=[fleet], verbose=False, banner=False)
    finally:
        platform.end(made)


def up(layout: Layout, options: argparse.Namespace) -> int:
    """Run the platform in the background, without the simulated city."""
    if options.dry_run:
        return testing.explain(layout, interpreter.RUNNING, _plan("up"))
    say(paint("FleetSync up", "bold") + f"  {layout.project}")
    made = platform.prepare(layout, "demo", yes=options.yes, durable=True)
    try:
        platform.seed(made, "--seed", str(options.seed))
        platform.compile_kernels(made)
        made.manage("Clock", "real time", "set_clock", "--scale", "1")
        platform.in_background(made, options.only)
    except BaseException:
        platform.end(made)
        raise
    say(platform.welcome(made))
    say("Stop it with: manage.py down")
    return 0


def down(layout: Layout, options: argparse.Namespace) -> int:
    """Stop what `up`, `demo` or `services` of this clone runs."""
    current = state.load(layout.local)
    running = state.is_running(layout.local) if layout.local.exists() else False
    if options.dry_run:
        say(
            f"Would stop: {', '.join(current.processes) or 'no processes'}"
            + (", then the services" if keeper.is_running(layout) else "")
        )
        return 0
    if not layout.local.exists():
        say("Nothing runs here.")
        return 0
    stopped = []
    if running and children.is_alive(current.runner, current.birth):
        with step("Processes", ", ".join(current.processes)):
            os.kill(current.runner, signal.SIGTERM)
            until = time.monotonic() + DOWN_WITHIN_S
            while state.is_running(layout.local) and time.monotonic() < until:
                time.sleep(0.05)
            if state.is_running(layout.local):
                children.end_groups({current.runner: current.birth}, grace_s=0)
        stopped.append("the platform")
    if state.sweep(layout.local):
        stopped.append("left-over processes")
    if keeper.pin(layout).exists() or keeper.is_running(layout):
        keeper.pin(layout).unlink(missing_ok=True)
        with step("Services", "PostgreSQL and Redis") as ending:
            until = time.monotonic() + DOWN_WITHIN_S
            while keeper.is_running(layout) and not _used(layout) and time.monotonic() < until:
                time.sleep(0.05)
            if keeper.is_running(layout):
                ending.result = "still used by a test run or a replay, and end with it"
                stopped.append("nothing else" if stopped else "nothing yet")
            else:
                stopped.append("the services")
    say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
    return 0


def clean(layout: Layout, options: argparse.Namespace) -> int:
    """Remove the clone's data, logs and fetched packages, after asking.

    Raises:
        SetupError: something still uses them, or they cannot be removed.
    """
    there = [path for path in layout.owned if path.exists()]
    if options.env and layout.venv.exists():
        there.append(layout.venv)
    if not there:
        say("Nothing to remove.")
        return 0
    listed = "\n".join(f"  {path}  {size_of(path)}" for path in there)
    say(f"To be removed, with the database in it:\n{listed}")
    if options.dry_run:
        return 0
    if not options.yes and not agreed("Remove them?"):
        say("Kept.")
        return 1
    down(layout, argparse.Namespace(dry_run=False))
    if layout.local.exists():
        _refuse_while_used(layout)
    left = [why for path in there for why in _remove(path)]
    if left:
        raise SetupError("\n  ".join(["Not all of it could be removed:", *left]), fix="remove the rest as its owner")
    say("Removed.")
    return 0


def _refuse_while_used(layout: Layout) -> None:
    busy = [purpose for purpose in state.APART if state.is_running(state.folder(layout, purpose))]
    if busy or _used(layout) or keeper.is_running(layout) or locks.is_held(layout.setup_lock):
        who = f"A {' and a '.join(busy)}" if busy else "A test run, or a command that is just starting,"
        raise SetupError(
            f"{who} still uses this clone's services: nothing was removed.", fix="end it, then clean again"
        )


def _remove(path: Path) -> list[str]:
    """Remove a folder as far as that goes; return what was in the way."""
    shutil.rmtree(path, ignore_errors=True)
    try:
        if path.exists():
            shutil.rmtree(path)
    except OSError as error:
        return [f"{error.filename or path}: {error.strerror}"]
    return []


def _check_city(options: argparse.Namespace) -> None:
    """Refuse a city's file that is not there before anything is dropped for it."""
    if options.city and not os.access(options.city, os.R_OK):
        raise SetupError(f"--city {options.city}: no such file, or it cannot be read.", fix="check the path")
    if options.city and not Path(options.city).is_file():
        raise SetupError(f"--city {options.city}: not a file.", fix="name an OpenStreetMap extract (.osm.pbf)")


def _used(layout: Layout) -> bool:
    """Tell whether somebody other than the keeper holds the services."""
    lock = locks.take(keeper.users_lock(layout), shared=True, wait=False)
    if lock is None:
        return False  # the keeper holds it alone: it is stopping them
    alone = locks.upgrade(lock)
    locks.release(lock)
    return not alone


def _read_day(layout: Layout, arguments: Sequence[str]) -> dict[str, str]:
    """Have the recorded day checked before anything starts; return the settings it asks for.

    `simulate_replay --check` prints them as NAME=value lines.
    """
    env = dict(os.environ) | {"FLEETSYNC_SECRET_KEY": environment.secret_key(layout), "FLEETSYNC_ENV": "replay"}
    said = run(
        [layout.python, layout.project / "manage.py", "simulate_replay", *arguments, "--check"],
        log=layout.logs / "setup.log",
        env=interpreter.forget_inherited(env),
        cwd=layout.project,
        failure="This day cannot be replayed.",
    )
    pairs = (line.split("=", 1) for line in said.splitlines() if line.startswith("FLEETSYNC_") and "=" in line)
    return {pair[0]: pair[1] for pair in pairs}


def _given(options: argparse.Namespace, *names: str) -> list[str]:
    """Return the options that were given, for the command they are meant for."""
    flags = {"start": "--from", "end": "--to"}
    found: list[str] = []
    for name in names:
        value = getattr(options, name, None)
        if value is not None:
            if name in ("json", "city", "picture"):
                value = Path(value).resolve()
            found += [
                flags.get(name, "--" + name.replace("_", "-")),
                f"{value:g}" if isinstance(value, float) else str(value),
            ]
    return found


def _plan(purpose: str) -> list[str]:
    database_line = {
        "demo": "migrations; a seeded city if the database is empty; business time to " + DEMO_HOUR,
        "up": "migrations; a seeded city if the database is empty",
        "replay": "a database of its own, made anew, and a Redis of its own",
        "screenshots": "a database of its own, made anew, with a seeded city, and a Redis of its own",
    }[purpose]
    processes = (
        f"processes {', '.join(NAMES)}"
        + {
            "demo": " and fleet",
            "up": " in the background",
            "replay": " and replay",
            "screenshots": ", fleet and a headless Chromium",
        }[purpose]
    )
    return [database_line, processes + ", on free ports of 127.0.0.1"]
