"""`manage.py doctor`: what this machine has, and what helps where something is missing."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass

from fleetsync.bootstrap import debian, interpreter, keeper, ports, services, state
from fleetsync.bootstrap.paths import LONGEST_SOCKET_FOLDER, Layout
from fleetsync.bootstrap.terminal import paint, say

ROOM_NEEDED_MB = 2_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: fine, to be fetched by itself, or to be fixed by hand."""

    what: str
    found: str
    fix: str = ""
    by_itself: bool = False  # the next `demo` or `test` sees to it


def examine(layout: Layout) -> int:
    """Print every check; exit code 1 if something needs a hand."""
    checks = [
        _python(),
        _environment(layout),
        *_services(layout),
        _room(layout),
        _folders(layout),
        *_ports(layout),
        _clock(),
    ]
    for check in checks:
        mark = (
            paint("ok   ", "green")
            if not check.fix
            else paint("soon ", "yellow")
            if check.by_itself
            else paint("FIX  ", "red")
        )
        say(f"  {mark} {check.what:<22} {check.found}")
        if check.fix:
            say(f"        {'':<22} {check.fix}")
    broken = [check for check in checks if check.fix and not check.by_itself]
    say(f"\n{len(broken)} to fix." if broken else "\nAll is well: python3 manage.py demo")
    return 1 if broken else 0


def _python() -> Check:
    return Check("Python", f"{sys.version.split()[0]}, {sys.executable}")


def _environment(layout: Layout) -> Check:
    if interpreter.is_ready(layout):
        dev = interpreter.is_ready(layout, interpreter.TESTING)
        return Check("Python packages", ".venv matches requirements.txt" + (" and requirements-dev.txt" if dev else ""))
    found = ".venv is older than requirements.txt" if layout.python.exists() else "no .venv yet"
    try:
        import ensurepip  # noqa: F401

        way = "demo, up and test make it by themselves"
    except ImportError:
        if not (shutil.which("uv") or debian.is_here()):
            return Check("Python packages", found, "install your system's package for Python's venv module, or uv")
        way = "python3-venv is missing; demo, up and test do without it by themselves"
    return Check("Python packages", found, way, by_itself=True)


def _services(layout: Layout) -> list[Check]:
    found = services.look(layout)
    by_itself = bool(found.plan)
    fix = f"demo, up and test see to it: {found.plan}" if by_itself else services.HAND_MADE
    checks = []
    if found.database_url:
        checks.append(Check("PostgreSQL", "given by DATABASE_URL"))
    elif found.postgis:
        checks.append(Check("PostgreSQL", f"{found.postgres}, with PostGIS and btree_gist"))
    elif found.postgres:
        checks.append(Check("PostgreSQL", f"{found.postgres}, but without PostGIS", fix, by_itself))
    else:
        checks.append(Check("PostgreSQL", "not installed", fix, by_itself))
    if found.redis_url:
        checks.append(Check("Redis", "given by REDIS_URL"))
    elif found.redis:
        checks.append(Check("Redis", str(found.redis)))
    else:
        checks.append(Check("Redis", "not installed", fix, by_itself))
    running = layout.local.exists() and keeper.is_running(layout)
    checks.append(Check("Services of this clone", "running" if running else "not running, which is fine"))
    return checks


def _room(layout: Layout) -> Check:
    free = (
        min(shutil.disk_usage(path).free for path in (layout.project, layout.data.parents[-1]) if path.exists()) / 1e6
    )
    needed = ROOM_NEEDED_MB if not interpreter.is_ready(layout) else 300
    fix = f"make room: about {needed} MB are needed" if free < needed else ""
    return Check("Disk", f"{free / 1000:.1f} GB free", fix)


def _folders(layout: Layout) -> Check:
    for folder in (layout.local, layout.venv):
        if folder.exists() and not os.access(folder, os.W_OK):
            owner = folder.owner()
            return Check("Folders", f"{folder} belongs to {owner}", f"run as {owner}, or have {owner} remove it")
    if not os.access(layout.project, os.W_OK):
        return Check("Folders", f"{layout.project} is not writable", "clone it to a folder of yours")
    short = len(os.fsencode(layout.sockets)) <= LONGEST_SOCKET_FOLDER
    fix = "" if short else "set XDG_RUNTIME_DIR or TMPDIR to a shorter path"
    return Check("Folders", f"sockets in {layout.sockets}", fix)


def _ports(layout: Layout) -> list[Check]:
    if layout.local.exists() and state.is_running(layout.local):
        used = state.load(layout.local).ports
        return [Check("Ports", f"{', '.join(map(str, used.values()))}, ours")]
    chosen = state.choose_ports(layout.local)
    taken = [port for port in state.PREFERRED.values() if not ports.is_free(port)]
    note = f" ({', '.join(map(str, taken))} in use by others)" if taken else ""
    return [Check("Ports", f"{', '.join(map(str, chosen.values()))} will be used{note}")]


def _clock() -> Check:
    import time

    fix = "set the machine's clock; certificates and tokens depend on it" if time.time() < 1_750_000_000 else ""
    return Check("Clock", time.strftime("%Y-%m-%d %H:%M:%S %Z"), fix)
