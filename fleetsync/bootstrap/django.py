"""Every command that is not ours is Django's, run the ordinary way; nothing is downloaded for it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence

from fleetsync.bootstrap import database, environment, keeper
from fleetsync.bootstrap.paths import Layout
from fleetsync.bootstrap.terminal import SetupError


def delegate(layout: Layout, argv: Sequence[str]) -> int:
    """Hand the command to Django: this interpreter's, else that of `.venv`.

    Raises:
        SetupError: neither has Django.
    """
    if not is_here():
        if not _has_django(layout):
            raise SetupError(
                f"`manage.py {argv[0]}` needs Django, which this Python does not have.",
                fix="pip install -r requirements.txt   (or let `python3 manage.py up` make .venv)",
            )
        os.execv(layout.python, [str(layout.python), str(layout.project / "manage.py"), *argv])
    _use_own_services(layout)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetsync.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *argv])
    return 0


def is_here() -> bool:
    """Tell whether this interpreter has Django."""
    return importlib.util.find_spec("django") is not None


def is_at_hand(layout: Layout) -> bool:
    """Tell whether this interpreter or `.venv` has Django."""
    return is_here() or _has_django(layout)


def _has_django(layout: Layout) -> bool:
    if not layout.python.exists():
        return False
    return subprocess.run([layout.python, "-c", "import django"], capture_output=True, check=False).returncode == 0


def _use_own_services(layout: Layout) -> None:
    """Point Django at the clone's services if they run and no others are named."""
    if keeper.is_running(layout):
        addresses = database.planned(layout)
        os.environ.setdefault("DATABASE_URL", addresses.database_url)
        os.environ.setdefault("REDIS_URL", addresses.redis_url)
        if key := environment.known_key(layout):
            os.environ.setdefault("FLEETSYNC_SECRET_KEY", key)
    sys.path.insert(0, str(layout.project))
