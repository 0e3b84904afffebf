"""The process that keeps PostgreSQL and Redis of one clone running while anybody uses them.

`demo`, `up`, `test` and `replay` each hold a shared lock while they need the
services; locks end with their process, so the keeper knows the truth even after
a `kill -9`. It starts a service again when it dies, and when nobody has held the
lock for a moment it stops them and goes.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fleetsync.bootstrap import locks
from fleetsync.bootstrap.children import die_with_parent
from fleetsync.bootstrap.paths import Layout

LOOK_EVERY_S = 0.2
STOP_WITHIN_S = 3.5
FASTEST_RESTART_S, SLOWEST_RESTART_S = 0.2, 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One server program: how it is started and how it is told to stop."""

    name: str
    argv: list[str]
    env: dict[str, str]
    user: str | None
    stop_with: str = "SIGTERM"


def users_lock(layout: Layout) -> Path:
    return layout.local / "services.users"


def own_lock(layout: Layout) -> Path:
    return layout.local / "services.keeper"


def pin(layout: Layout) -> Path:
    """Return the file that makes services stay although nobody holds the lock."""
    return layout.local / "services.pinned"


def plan(layout: Layout) -> Path:
    return layout.local / "services.json"


def is_running(layout: Layout) -> bool:
    """Tell whether the clone's services are kept right now."""
    return locks.is_held(own_lock(layout))


def ensure(layout: Layout, services: Sequence[Service]) -> None:
    """Start a keeper for these services unless one is at work. The caller holds the users' lock."""
    if is_running(layout):
        return
    plan(layout).write_text(json.dumps([asdict(service) for service in services], indent=1))
    plan(layout).chmod(0o600)
    restart(layout)


def restart(layout: Layout) -> None:
    """Start a keeper for the services that were planned last, unless one is at work."""
    if is_running(layout) or not plan(layout).exists():
        return
    with (layout.logs / "keeper.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "fleetsync.bootstrap.keeper", "--local", layout.local, "--log", layout.logs],
            cwd=layout.project,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until = time.monotonic() + 5
    while not is_running(layout) and child.poll() is None and time.monotonic() < until:
        time.sleep(0.01)


def start(service: Service, log: Path) -> subprocess.Popen[bytes]:
    """Start a server that ends when the calling process does."""
    options: dict[str, Any] = {}
    if service.user and os.geteuid() == 0:
        account = pwd.getpwnam(service.user)
        groups = os.getgrouplist(account.pw_name, account.pw_gid)
        options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": groups}
    with log.open("ab") as sink:
        return subprocess.Popen(
            service.argv,
            env=service.env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.Signals[service.stop_with]),
            **options,
        )


def stop(running: Mapping[str, tuple[Service, subprocess.Popen[bytes]]], within_s: float = STOP_WITHIN_S) -> None:
    """Stop servers together, politely first."""
    for service, child in running.values():
        if child.poll() is None:
            child.send_signal(signal.Signals[service.stop_with])
    until = time.monotonic() + within_s
    for _, child in running.values():
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, until - time.monotonic()))
        if child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _keep(local: Path, logs: Path) -> int:
    mine = locks.take(local / "services.keeper", wait=False)
    if mine is None:
        return 0  # another keeper was faster
    stopping: list[int] = []
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, lambda number, _frame: stopping.append(number))
    services = [Service(**fields) for fields in json.loads((local / "services.json").read_text())]
    running = {service.name: (service, start(service, logs / f"{service.name}.log")) for service in services}
    began = dict.fromkeys(running, time.monotonic())
    pause = dict.fromkeys(running, FASTEST_RESTART_S)
    restarts = dict.fromkeys(running, 0)
    _write_pids(local, running, restarts)
    nobody: int | None = None
    while not stopping:
        time.sleep(LOOK_EVERY_S)
        if not (local / "services.pinned").exists():
            nobody = locks.take(local / "services.users", wait=False)
            if nobody is not None:
                break  # held until we are gone: who comes now waits, then starts a new keeper
        for name, (service, child) in list(running.items()):
            now = time.monotonic()
            if child.poll() is None:
                if now - began[name] > 30:
                    pause[name] = FASTEST_RESTART_S
            elif now - began[name] >= pause[name]:
                pause[name] = min(SLOWEST_RESTART_S, pause[name] * 2)
                began[name] = now
                restarts[name] += 1
                with suppress(OSError):  # a full disk must not end the others too
                    said = f"{time.strftime('%H:%M:%S')} {name} ended with {child.returncode}; starting it again"
                    print(said, flush=True)
                with suppress(OSError):
                    running[name] = (service, start(service, logs / f"{name}.log"))
                _write_pids(local, running, restarts)
    stop(running)
    return 0


def _write_pids(
    local: Path, running: Mapping[str, tuple[Service, subprocess.Popen[bytes]]], restarts: Mapping[str, int]
) -> None:
    pids = {"keeper": (os.getpid(), 0)} | {name: (child.pid, restarts[name]) for name, (_, child) in running.items()}
    with suppress(OSError):
        (local / "services.pids").write_text(json.dumps(pids))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Keep the clone's PostgreSQL and Redis running.")
    parser.add_argument("--local", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    arguments = parser.parse_args()
    sys.exit(_keep(arguments.local, arguments.log))
