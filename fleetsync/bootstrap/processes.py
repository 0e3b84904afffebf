"""What the platform consists of: one table for the runner, `status` and docker-compose.yml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetsync.bootstrap.paths import Layout

HEARTBEAT_LIMIT_S = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """One program of the platform, and where it tells how it is."""

    name: str
    does: str
    argv: tuple[str, ...]  # {host}, {port} and {local} are filled in
    listens: bool = False  # on a port of its own: answers its health there too
    health: bool = True  # answers /livez, /readyz and /metrics
    heartbeat: bool = False  # touches <name>.heartbeat; silent for too long, it is restarted


PLATFORM: tuple[Process, ...] = (
    Process(
        name="api",
        does="REST, admin and pages",
        argv=(
            *("granian", "--interface", "wsgi", "fleetsync.wsgi:application", "--host", "{host}", "--port", "{port}"),
            *("--workers", "1", "--blocking-threads", "4", "--backlog", "1024", "--respawn-failed-workers"),
            *("--workers-kill-timeout", "2", "--log-level", "warning", "--no-ws"),
        ),
        listens=True,
    ),
    Process(
        name="live",
        does="WebSockets",
        argv=(
            *("uvicorn", "fleetsync.live:application", "--host", "{host}", "--port", "{port}"),
            # small frames gain nothing by deflate, which costs each socket a window of memory
            *("--ws", "websockets-sansio", "--ws-max-size", "65536", "--ws-per-message-deflate", "false"),
            *("--timeout-graceful-shutdown", "2"),
            *("--no-access-log", "--log-level", "warning"),
        ),
        listens=True,
    ),
    Process(
        name="worker",
        does="dispatch rounds and background jobs",
        argv=(
            *("celery", "-A", "fleetsync", "worker", "--pool", "threads", "--concurrency", "4"),
            *("--without-gossip", "--without-mingle"),
        ),
        heartbeat=True,
    ),
    Process(name="relay", does="events to their handlers; business timers", argv=("manage.py", "run_relay")),
    Process(name="flusher", does="positions from Redis to PostGIS", argv=("manage.py", "run_flusher")),
    Process(
        name="beat",
        does="periodic upkeep",
        argv=("celery", "-A", "fleetsync", "beat", "--schedule", "{local}/beat-schedule", "--pidfile", ""),
        health=False,
    ),
)
FLEET = Process(
    name="fleet",
    does="the simulated city: restaurants, drivers and customers",
    argv=("manage.py", "simulate"),
    health=False,
)
NAMES = tuple(process.name for process in PLATFORM)


def command(process: Process, layout: Layout, *, host: str, ports: Mapping[str, int], local: Path) -> list[str]:
    """Return the command line to start the process with on this machine."""
    filled = [part.format(host=host, port=ports.get(process.name, 0), local=local) for part in process.argv]
    if filled[0] == "manage.py":
        return [str(layout.python), str(layout.project / "manage.py"), *filled[1:]]
    return [str(layout.venv / "bin" / filled[0]), *filled[1:]]
