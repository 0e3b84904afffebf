"""One run of a fleet inside a command: in uvloop, with a live line, ending in the table."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson
from django.core.management.base import CommandError
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from simulation.balance import weigh
from simulation.clients.ledger import Ledger
from simulation.clients.world import World
from simulation.result import show

T = TypeVar("T")


def run_loop(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine function in the quickest loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


def console() -> Console:
    """Return the console of a command; lines keep their width where there is no terminal."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 110, highlight=False)


def settle(*, ledger: Ledger, json_path: Path | None, title: str, target_min: float, out: Console) -> dict[str, Any]:
    """Weigh the ledger, print the table, write the file; return the table.

    Raises:
        CommandError: the file cannot be written.
    """
    table = weigh(ledger=ledger, target_min=target_min).to_dict()
    show(table, out, title=title)
    if ledger.refusals:
        told = ", ".join(f"{what} x{times}" for what, times in ledger.refusals.most_common(8))
        out.print(f"Refused on the way: {told}", style="dim", markup=False)
    if json_path is not None:
        try:
            json_path.write_bytes(orjson.dumps(table, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            raise CommandError(f"{json_path}: cannot be written ({error.strerror})") from error
    return table


def refuse_losses(table: Mapping[str, Any]) -> None:
    """Let the command fail where its table tells of an order that was lost or doubled.

    Raises:
        CommandError: it does.
    """
    lost, doubled = table["orders"]["lost"], table["orders"]["doubled"]
    if lost or doubled:
        raise CommandError(f"Lost {lost}, doubled {doubled}: the platform broke what it had promised.")


class Counters:
    """The live line: redrawn on a terminal, a line every ten seconds elsewhere."""

    EVERY_S = 10.0

    def __init__(self, out: Console) -> None:
        self._out = out
        self._live = Live(console=out, refresh_per_second=4, transient=True) if out.is_terminal else None
        self._last = float("-inf")

    def __enter__(self) -> Counters:
        """Begin to show."""
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was."""
        if self._live:
            self._live.stop()

    def show(self, world: World) -> None:
        """Show where the run stands."""
        line = line_of(world)
        if self._live:
            self._live.update(Text(line))
        elif time.monotonic() - self._last >= self.EVERY_S:
            self._last = time.monotonic()
            self._out.print(line, markup=False)


def line_of(world: World) -> str:
    """Return the counters of a run as one line."""
    counts, ledger = world.ledger.counts, world.ledger
    moment = datetime.fromtimestamp(world.clock.now_s(), UTC)
    line = (
        f"{moment:%H:%M:%S} UTC x{world.clock.scale:g}  placed {counts['placed']}  open {ledger.open()}  "
        f"delivered {counts['delivered']}  cancelled {counts['cancelled'] + counts['returned']}  "
        f"rejected {counts['rejected']}"
    )
    if counts["retries"] or counts["gave_up"]:
        line += f"  tried again {counts['retries']}  gave up {counts['gave_up']}"
    return line


class Bar:
    """The progress of a replay: orders that ended out of those there are, with live counters."""

    def __init__(self, out: Console, *, total: int) -> None:
        self._counters = Counters(out)
        self._bar = Progress(
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=out,
            transient=True,
        )
        self._task = self._bar.add_task("", total=total)
        self._terminal = out.is_terminal

    def __enter__(self) -> Bar:
        """Begin to show."""
        if self._terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was."""
        if self._terminal:
            self._bar.stop()

    def show(self, world: World) -> None:
        """Show where the replay stands."""
        if self._terminal:
            ended = len(world.ledger.placements) - world.ledger.open()
            self._bar.update(self._task, completed=ended, description=line_of(world))
        else:
            self._counters.show(world)
