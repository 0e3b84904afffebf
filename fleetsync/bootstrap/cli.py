"""The command line of `manage.py`: ours before Django is there, everything else Django's."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from fleetsync.bootstrap import arguments, commands, django, doctor, logs, status, testing
from fleetsync.bootstrap.paths import Layout, find_layout
from fleetsync.bootstrap.terminal import SetupError, paint, say


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # our marks must not fail on an ASCII terminal
    layout = find_layout()
    name, rest = (argv[0], list(argv[1:])) if argv else ("help", [])
    try:
        if name in COMMANDS:
            signal.signal(signal.SIGTERM, _leave)
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants to go on
                signal.signal(signal.SIGHUP, _leave)
            return _do(name, layout, _parse(name, rest))
        if name in ("help", "-h", "--help") and not rest:
            if not django.is_at_hand(layout):
                say(arguments.overview())
                return 0
            if django.is_here():
                say(arguments.overview())
        return django.delegate(layout, [name, *rest])
    except SetupError as error:
        print(paint(f"\n{error}", "red"), file=sys.stderr)
        if error.fix:
            print(f"  What helps: {error.fix}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130
    except BrokenPipeError:
        return 0


def _do(name: str, layout: Layout, options: argparse.Namespace) -> int:
    """Run one of our commands; what the machine refuses becomes a sentence with the next step."""
    try:
        return COMMANDS[name](layout, options)
    except BrokenPipeError:
        raise
    except OSError as error:
        place = error.filename or layout.project
        raise SetupError(f"{place}: {error.strerror or error}.", fix=_next_step(error, layout)) from error


def _next_step(error: OSError, layout: Layout) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"make room: df -h {layout.project} {layout.data.parent}"
    if error.errno == errno.EROFS:
        return "this file system is read-only: clone to a folder that can be written"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"run as whoever owns {error.filename or layout.project}"
    return f"manage.py doctor checks this machine; the last words are in {layout.logs / 'setup.log'}"


def _parse(name: str, argv: list[str]) -> argparse.Namespace:
    parser = arguments.parser(name)
    if name != "test":
        return parser.parse_args(argv)
    if argv[:1] in (["-h"], ["--help"]):
        parser.print_help()
        raise SystemExit(0)
    ours = [argument for argument in argv if argument in ("--yes", "--dry-run")]
    options = parser.parse_args(ours)
    options.pytest = [argument for argument in argv if argument not in ours]
    return options


def _leave(signum: int, _frame: FrameType | None) -> None:
    if signum == signal.SIGHUP:  # a terminal that closes says it twice, and the second must not stop the cleaning up
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise SystemExit(128 + signum)


COMMANDS: dict[str, Callable[[Layout, argparse.Namespace], int]] = {
    "demo": commands.demo,
    "replay": commands.replay,
    "benchmark_map": commands.benchmark_map,
    "test": lambda layout, given: testing.test(layout, given.pytest, yes=given.yes, dry_run=given.dry_run),
    "screenshots": commands.screenshots,
    "up": commands.up,
    "down": commands.down,
    "status": lambda layout, given: status.show(layout, as_json=given.json),
    "logs": lambda layout, given: logs.show(
        layout.local / ("replay/logs" if given.replay else "logs"),
        given.process,
        only_errors=given.errors,
        follow=given.follow,
    ),
    "doctor": lambda layout, _given: doctor.examine(layout),
    "clean": commands.clean,
    "services": lambda layout, given: testing.serve_developers(
        layout, name=given.name, yes=given.yes, dry_run=given.dry_run
    ),
}
