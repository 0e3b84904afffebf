"""The options of our own commands, each command with an example."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from fleetsync.bootstrap.processes import NAMES

EXAMPLES = {
    "demo": "python3 manage.py demo --duration 90 --speed 20 --json out.json",
    "replay": "python3 manage.py replay days/monday --speed 60 --from 08:00 --to 11:00 --strategy batch",
    "benchmark_map": "python3 manage.py benchmark_map --drivers 500 --minutes 10",
    "test": "python3 manage.py test -x -n 2 tests/orders",
    "up": "python3 manage.py up",
    "down": "python3 manage.py down",
    "status": "python3 manage.py status",
    "logs": "python3 manage.py logs worker relay -f",
    "doctor": "python3 manage.py doctor",
    "clean": "python3 manage.py clean --yes",
    "services": "eval $(python3 manage.py services --name mine)",
    "screenshots": "python3 manage.py screenshots ops track --theme dark",
}
SUMMARIES = {
    "demo": "run everything with a simulated city at work; sets up what is missing first",
    "replay": "play a recorded day through a platform of its own",
    "benchmark_map": "count the frames of the live map under many moving drivers, on a platform of its own",
    "test": "set up, then run pytest; further arguments go to pytest",
    "up": "run the platform in the background, without the simulated city",
    "down": "stop what up, demo or services of this clone runs",
    "status": "one table of all processes: alive, ready, restarts, memory",
    "logs": "print the logs of the last run; --errors only errors, exit code 1 if there are any",
    "doctor": "check this machine and say what helps",
    "clean": "remove data, logs and fetched packages of this clone",
    "services": "start only PostgreSQL and Redis and print their addresses",
    "screenshots": "run a city of its own and take the pictures of docs/ anew; needs Chromium",
}


def parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of one of our commands."""
    made = argparse.ArgumentParser(
        prog=f"manage.py {name}", description=SUMMARIES[name] + ".", epilog=f"example: {EXAMPLES[name]}"
    )
    _OPTIONS[name](made)
    if name not in ("status", "logs", "doctor"):
        made.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        made.add_argument("--yes", action="store_true", help="ask nothing")
    return made


def overview() -> str:
    """Return the list of our commands."""
    lines = [f"  {name:<13} {summary}" for name, summary in SUMMARIES.items()]
    return "\n".join(["FleetSync's own commands (each has --help with an example):", *lines])


def _demo(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--duration", type=_positive, metavar="S", help="real seconds from the first order on; default: until Ctrl-C"
    )
    made.add_argument("--speed", type=_positive, default=5.0, help="business seconds per real second (default 5)")
    made.add_argument("--seed", type=int, default=1, help="same seed, same city and same day (default 1)")
    made.add_argument("--drivers", type=int, metavar="N", help="drivers on the road")
    made.add_argument("--orders-per-hour", type=_positive, metavar="N", help="orders per business hour")
    made.add_argument("--accept", type=_share, metavar="P", help="chance that a driver accepts an offer")
    made.add_argument("--city", metavar="FILE", help="a real city: an OpenStreetMap extract (.osm.pbf)")
    made.add_argument("--strategy", metavar="S", help="how drivers are chosen: nearest, batch, plan")
    made.add_argument("--json", metavar="FILE", help="write the result table there")
    made.add_argument("--no-sim", action="store_true", help="no simulated city: only the platform")
    made.add_argument(
        "--apart", action="store_true", help="beside what else runs here, with a database of its own made anew"
    )
    made.add_argument("--fresh", action="store_true", help="drop the demo's database first")
    made.add_argument("--verbose", action="store_true", help="show every log line, not only warnings")
    _only(made)


def _replay(made: argparse.ArgumentParser) -> None:
    made.add_argument("dir", help="folder of the recorded day")
    made.add_argument("--speed", type=_positive, default=60.0, help="business seconds per real second (default 60)")
    made.add_argument("--from", dest="start", metavar="HH:MM", help="first order at or after")
    made.add_argument("--to", dest="end", metavar="HH:MM", help="last order before")
    made.add_argument("--strategy", metavar="S", help="how drivers are chosen: nearest, batch, plan")
    made.add_argument("--accept", type=_share, metavar="P", help="chance that a driver accepts an offer")
    made.add_argument("--rounded", action="store_true", help="travel times in whole minutes, rounded up")
    made.add_argument("--seed", type=int, metavar="N", help="same seed, same choices")
    made.add_argument("--json", metavar="FILE", help="write the result table there")
    made.add_argument("--verbose", action="store_true", help="show every log line, not only warnings")


def _benchmark_map(made: argparse.ArgumentParser) -> None:
    made.add_argument("--drivers", type=int, metavar="N", help="all of them moving (default 500)")
    made.add_argument("--minutes", type=_positive, metavar="M", help="standing still (default 0.5)")
    made.add_argument("--width", type=int, metavar="PX", help="of the window (default 1440)")
    made.add_argument("--height", type=int, metavar="PX", help="of the window (default 900)")
    made.add_argument("--dark", action="store_true", help="in the dark theme")
    made.add_argument("--seed", type=int, metavar="N", help="same seed, same ways")
    made.add_argument("--picture", metavar="FILE", help="write a PNG of what was measured")
    made.add_argument("--json", metavar="FILE", help="write the table there")


def _up(made: argparse.ArgumentParser) -> None:
    made.add_argument("--seed", type=int, default=1, help="the city an empty database is filled with (default 1)")
    _only(made)


def _logs(made: argparse.ArgumentParser) -> None:
    made.add_argument("process", nargs="*", help=f"of {', '.join(NAMES)}, fleet, runner, postgres, redis; default: all")
    made.add_argument("--errors", action="store_true", help="only errors; exit code 1 if there are any")
    made.add_argument("-f", "--follow", action="store_true", help="wait for more until Ctrl-C")
    made.add_argument("--replay", action="store_true", help="of the last replay")


def _status(made: argparse.ArgumentParser) -> None:
    made.add_argument("--json", action="store_true", help="for machines")


def _services(made: argparse.ArgumentParser) -> None:
    made.add_argument("--name", default="fleetsync", help="a database of your own; its tests use test_NAME")


def _clean(made: argparse.ArgumentParser) -> None:
    made.add_argument("--env", action="store_true", help="remove .venv too")


def _screenshots(made: argparse.ArgumentParser) -> None:
    made.add_argument("names", nargs="*", metavar="NAME", help="only these pictures; --list shows all names")
    made.add_argument("--list", action="store_true", help="print the names of all pictures and stop")
    made.add_argument("--out", default="docs/images", metavar="DIR", help="where they go (default docs/images)")
    made.add_argument("--theme", choices=("light", "dark"), help="only this one (default both)")
    made.add_argument("--city", metavar="FILE", help="a real city: an OpenStreetMap extract")


def _nothing(_made: argparse.ArgumentParser) -> None:
    """Have no options."""


def _only(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--only",
        nargs="+",
        choices=[*NAMES, "fleet"],
        default=[],
        metavar="PROCESS",
        help=f"run only these of {', '.join(NAMES)}, fleet",
    )


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a chance from 0 to 1, got {text}")
    return number


_OPTIONS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "demo": _demo,
    "replay": _replay,
    "benchmark_map": _benchmark_map,
    "test": _nothing,
    "up": _up,
    "down": _nothing,
    "status": _status,
    "logs": _logs,
    "doctor": _nothing,
    "clean": _clean,
    "services": _services,
    "screenshots": _screenshots,
}
