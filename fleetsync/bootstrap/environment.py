"""What every process of the platform is told through its environment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from fleetsync.bootstrap import locks
from fleetsync.bootstrap.database import Addresses
from fleetsync.bootstrap.interpreter import forget_inherited
from fleetsync.bootstrap.paths import Layout


def for_children(
    layout: Layout,
    addresses: Addresses,
    purpose: str,
    *,
    database_url: str | None = None,
    redis_url: str | None = None,
    ports: Mapping[str, int] | None = None,
    health: Path | None = None,
) -> dict[str, str]:
    """Return the environment of our Python processes.

    `purpose` is demo, replay or test and becomes FLEETSYNC_ENV.
    """
    env = forget_inherited(dict(os.environ))
    scripts = layout.venv / "bin"
    env |= {
        "PATH": f"{scripts}:{env.get('PATH', '')}",
        "VIRTUAL_ENV": str(layout.venv),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "fleetsync.settings",
        "DATABASE_URL": database_url or addresses.database_url,
        "REDIS_URL": redis_url or addresses.redis_url,
        "FLEETSYNC_ENV": purpose,
        "FLEETSYNC_INSTANCE": layout.instance,
        "FLEETSYNC_SECRET_KEY": secret_key(layout),
        "FLEETSYNC_HEALTH_DIR": str(health or layout.health),
        "NUMBA_CACHE_DIR": str(layout.local / "numba"),
    }
    if env.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Eight processes that compile Django anew take longer to start than all the rest.
        env["PYTHONPYCACHEPREFIX"] = str(layout.local / "pycache")
    if ports:
        env |= {
            "PORT_API": str(ports["api"]),
            "PORT_LIVE": str(ports["live"]),
            "FLEETSYNC_PUBLIC_URL": f"http://127.0.0.1:{ports['api']}",
            "FLEETSYNC_LIVE_URL": f"ws://127.0.0.1:{ports['live']}",
        }
    proj = next(iter(layout.venv.glob("lib/python3*/site-packages/pyogrio/proj_data")), None)
    if proj:
        env["PROJ_DATA"] = str(proj)
    return env


def secret_key(layout: Layout) -> str:
    """Return the clone's own signing key, made at its first use."""
    key = known_key(layout)
    if key:
        return key
    with locks.holding(layout.local / "secret-key.lock"):
        if not known_key(layout):
            unfinished = layout.local / "secret-key.new"
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as target:
                target.write(secrets.token_urlsafe(48))
            unfinished.replace(layout.local / "secret-key")  # whole or not at all, also on a full disk
        return known_key(layout)


def known_key(layout: Layout) -> str:
    """Return the clone's own signing key, nothing if none was made yet or its file is empty."""
    try:
        return (layout.local / "secret-key").read_text()
    except FileNotFoundError:
        return ""
