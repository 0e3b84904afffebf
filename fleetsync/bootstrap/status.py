"""`manage.py status`: one table of everything that runs for this clone."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass

from fleetsync.bootstrap import children, keeper, probes, state
from fleetsync.bootstrap.paths import Layout
from fleetsync.bootstrap.processes import PLATFORM
from fleetsync.bootstrap.terminal import paint, say, table

NOT_RUNNING = 3  # what init scripts answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table."""

    process: str
    pid: int
    up_s: float
    restarts: int
    ready: bool
    memory_mb: float
    says: str


def show(layout: Layout, *, as_json: bool) -> int:
    """Print the table; exit code 0 when all is ready, 3 when something is not or nothing runs."""
    rows = _platform(layout) + _services(layout)
    running = layout.local.exists() and state.is_running(layout.local)
    current = state.load(layout.local)
    fine = running and current.ready and all(row.ready for row in rows)
    if as_json:
        say(
            json.dumps(
                {"running": running, "ready": fine, "ports": current.ports, "processes": [asdict(row) for row in rows]}
            )
        )
        return 0 if fine else NOT_RUNNING
    if not rows:
        say("Nothing runs here. Start it with: manage.py demo   or   manage.py up")
        return NOT_RUNNING
    heading = ("process", "pid", "up", "restarts", "ready", "memory", "")
    lines = [
        (
            row.process,
            str(row.pid),
            _duration(row.up_s),
            str(row.restarts),
            "yes" if row.ready else "no",
            f"{row.memory_mb:.0f} MB",
            row.says,
        )
        for row in rows
    ]
    for number, line in enumerate(table([heading, *lines]).splitlines()):
        ready = number == 0 or rows[number - 1].ready
        say(paint(line, "bold") if number == 0 else line if ready else paint(line, "yellow"))
    if running:
        say(f"\nhttp://127.0.0.1:{current.ports.get('api')}/   ws://127.0.0.1:{current.ports.get('live')}/ws/v1/")
    return 0 if fine else NOT_RUNNING


def _platform(layout: Layout) -> list[Row]:
    rows = []
    known = {process.name: process for process in PLATFORM}
    homes = [("", layout.local, layout.health)]
    homes += [(f" ({name})", layout.local / name, layout.sockets / f"health-{name}") for name in state.APART]
    for suffix, home, health in homes:
        if not home.exists() or not state.is_running(home):
            continue
        current = state.load(home)
        for name, running in current.processes.items():
            alive = children.is_alive(running.pid, running.birth)
            process, says, ready = known.get(name), "", alive and running.ready
            if name in ("fleet", "replay", "screenshots"):
                ready = alive
            if alive and process and (process.listens or process.health):
                at = probes.Address(path=health / f"{name}.sock")
                if process.listens:
                    at = probes.Address(port=current.ports[name])
                answer = probes.ask(at, "/readyz")
                ready = answer.ok
                says = " ".join(
                    part
                    for part in (probes.facts(answer.body), probes.figures(probes.ask(at, "/metrics").body))
                    if part
                )
            rows.append(
                Row(
                    process=name + suffix,
                    pid=running.pid,
                    up_s=time.time() - running.since,
                    restarts=running.restarts,
                    ready=ready,
                    memory_mb=children.memory_mb(running.pid),
                    says=says,
                )
            )
    return rows


def _services(layout: Layout) -> list[Row]:
    if not layout.local.exists() or not keeper.is_running(layout):
        return []
    try:
        pids = json.loads((layout.local / "services.pids").read_text())
        known = [(str(name), int(pid), int(restarts)) for name, (pid, restarts) in pids.items()]
    except (OSError, ValueError, TypeError):
        return []
    return [
        Row(
            process=name,
            pid=pid,
            up_s=children.age_s(pid),
            restarts=restarts,
            ready=children.birth_of(pid) is not None,
            memory_mb=children.memory_mb(pid) if name != "keeper" else children.own_memory_mb(pid),
            says="keeps PostgreSQL and Redis running" if name == "keeper" else "",
        )
        for name, pid, restarts in known
    ]


def _duration(seconds: float) -> str:
    whole = int(max(0, seconds))
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{whole % 60:02d}s"
