"""PostgreSQL and Redis in containers, where an engine answers and no programs are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from fleetsync.bootstrap.keeper import Service
from fleetsync.bootstrap.paths import Layout
from fleetsync.bootstrap.ports import free_port

if TYPE_CHECKING:
    from fleetsync.bootstrap.services import Programs

IMAGES = {"postgres": "postgis/postgis:15-3.4-alpine", "redis": "redis:7-alpine"}
INSIDE = {"postgres": 5432, "redis": 6379}


def answers() -> bool:
    """Tell whether a Docker engine, not just its client, is there."""
    if not shutil.which("docker"):
        return False
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=5).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def ports(layout: Layout) -> dict[str, int]:
    """Return the loopback ports of the services that run in containers."""
    try:
        return {str(name): int(port) for name, port in json.loads((layout.local / "docker.json").read_text()).items()}
    except (OSError, ValueError):
        return {}


def choose_ports(layout: Layout, programs: Programs) -> None:
    """Decide which services run in containers, and remember their ports."""
    wanted = []
    if programs.docker:
        if programs.postgres is None and "DATABASE_URL" not in os.environ:
            wanted.append("postgres")
        if programs.redis is None and "REDIS_URL" not in os.environ:
            wanted.append("redis")
    chosen = {name: free_port(ports(layout).get(name, INSIDE[name] + 10_000)) for name in wanted}
    (layout.local / "docker.json").write_text(json.dumps(chosen))


def services(layout: Layout, *, role: str) -> list[Service]:
    """Return the containers to keep; their client in the foreground stands for them."""
    found = []
    for name, port in ports(layout).items():
        container = f"fleetsync-{layout.instance}-{name}"
        options = ["-p", f"127.0.0.1:{port}:{INSIDE[name]}"]
        if name == "postgres":
            options += ["-v", f"{container}:/var/lib/postgresql/data"]
            options += ["-e", f"POSTGRES_USER={role}", "-e", "POSTGRES_HOST_AUTH_METHOD=trust"]
        argv = ["docker", "run", "--rm", "--name", container, *options, IMAGES[name]]
        found.append(Service(name=name, argv=argv, env=dict(os.environ), user=None))
    return found


def remove_leftovers(layout: Layout) -> None:
    """Remove containers that outlived their client."""
    for name in ports(layout):
        container = f"fleetsync-{layout.instance}-{name}"
        subprocess.run(["docker", "rm", "-f", container], capture_output=True, check=False)
