"""What is known between two commands: who runs here, under which numbers, on which ports."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fleetsync.bootstrap import children, locks, ports
from fleetsync.bootstrap.paths import Layout

PREFERRED = {"api": 8000, "live": 8001}
# Platforms that run beside `demo` and `up`, each with a folder, a database and a Redis of its own, made anew.
APART = ("replay", "stage")


@dataclass(kw_only=True, slots=True)
class Running:
    """One process as `status` shows it."""

    pid: int
    birth: str | None
    since: float  # seconds since 1970
    restarts: int = 0
    ready: bool = False


@dataclass(kw_only=True, slots=True)
class State:
    """A platform of this clone: of `demo`, `up` or one apart."""

    purpose: str = ""
    runner: int = 0
    birth: str | None = None
    ready: bool = False
    failed: str = ""
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, Running] = field(default_factory=dict)


def folder(layout: Layout, purpose: str) -> Path:
    """Return where a platform keeps its state; one apart has a folder of its own."""
    return layout.local / purpose if purpose in APART else layout.local


def lock(home: Path) -> Path:
    return home / "runner.lock"


def is_running(home: Path) -> bool:
    """Tell whether a platform with this state runs, whatever its file says."""
    return locks.is_held(lock(home))


def load(home: Path) -> State:
    """Read the state that was last written; an empty one if there is none."""
    try:
        found = json.loads((home / "state.json").read_text())
        found["processes"] = {name: Running(**fields) for name, fields in found["processes"].items()}
        return State(**found)
    except (OSError, ValueError, TypeError, KeyError):
        return State()


def save(home: Path, state: State) -> None:
    """Write the state so that a reader sees the old one or the new one."""
    unfinished = home / "state.json.new"
    unfinished.write_text(json.dumps(asdict(state), indent=1))
    unfinished.replace(home / "state.json")


def choose_ports(home: Path, *, keep: bool = False) -> dict[str, int]:
    """Return free ports: those of the last time if they still are, so that addresses stay.

    `keep` claims them for as long as this process lives.
    """
    remembered = load(home).ports
    chosen: dict[str, int] = {}
    for name, preferred in PREFERRED.items():
        chosen[name] = ports.free_port(remembered.get(name, preferred), but=chosen.values(), keep=keep)
    return chosen


def sweep(home: Path) -> list[str]:
    """End what an earlier run left behind, and return the names."""
    left = load(home)
    leaders = {
        process.pid: process.birth
        for process in left.processes.values()
        if children.group_lives(process.pid, process.birth) and process.pid != os.getpid()
    }
    names = [name for name, process in left.processes.items() if process.pid in leaders]
    children.end_groups(leaders)
    return names
