"""The command line of `manage.py`: ours before Django is there, everything else Django's."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from fleetsync.bootstrap import django, testing
from fleetsync.bootstrap.paths import Layout, find_layout
from fleetsync.bootstrap.terminal import SetupError, paint, say


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    signal.signal(signal.SIGTERM, _leave)
    layout = find_layout()
    try:
        if argv and argv[0] in COMMANDS:
            return COMMANDS[argv[0]](layout, argv[1:])
        return django.delegate(layout, argv or ["help"])
    except SetupError as error:
        print(paint(f"\n{error}", "red"), file=sys.stderr)
        if error.fix:
            print(f"  What helps: {error.fix}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


def _test(layout: Layout, argv: Sequence[str]) -> int:
    ours = {"--yes", "--dry-run"}
    if argv and argv[0] in ("-h", "--help"):
        say(__doc__)
        return 0
    rest = [argument for argument in argv if argument not in ours]
    return testing.test(layout, rest, yes="--yes" in argv, dry_run="--dry-run" in argv)


def _services(layout: Layout, argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage.py services", description=testing.serve_developers.__doc__)
    parser.add_argument("--name", default="fleetsync", help="a database of your own; tests make test_NAME")
    parser.add_argument("--yes", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    options = parser.parse_args(argv)
    return testing.serve_developers(layout, name=options.name, yes=options.yes, dry_run=options.dry_run)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


COMMANDS: dict[str, Callable[[Layout, Sequence[str]], int]] = {"test": _test, "services": _services}
