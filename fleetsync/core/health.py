"""How the processes are: each answers for itself, and all leave a heartbeat in the database.

Processes that serve no HTTP answer `/livez`, `/readyz` and `/metrics` on a unix socket.
"""

import json
import logging
import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from prometheus_client import REGISTRY, generate_latest

from fleetsync.core import clock
from fleetsync.core.models import Heartbeat

log = logging.getLogger(__name__)

Check = Callable[[], tuple[bool, dict[str, object]]]
BEAT_S: Final = 5.0
MISSING_S: Final = 15.0
#: What must run beside the HTTP process for an order to reach its door.
NEEDED: Final = ("worker", "relay", "flusher")


def serve(name: str, check: Check) -> None:
    """Leave heartbeats, and answer on `<FLEETSYNC_HEALTH_DIR>/<name>.sock` where that folder is set.

    `check()` returns whether the process does its work, and facts to show with it; it is
    called from threads of its own.
    """
    threading.Thread(target=_keep_beating, args=(name, check), daemon=True, name="heartbeat").start()
    folder = settings.FLEETSYNC_HEALTH_DIR
    if not folder:
        return
    path = Path(folder) / f"{name}.sock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, "text/plain; version=0.0.4", generate_latest(REGISTRY))
                return
            try:
                ready, facts = (True, {}) if self.path == "/livez" else check()
            except Exception as error:  # noqa: BLE001 (a probe must be answered)
                ready, facts = False, {"error": type(error).__name__}
            body = json.dumps({"process": name, "pid": os.getpid(), "ready": ready, **facts}, default=str)
            self._answer(200 if ready else 503, "application/json", body.encode())

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *args: object) -> None:
            """Stay quiet: probes are not news."""

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    threading.Thread(target=Server(str(path), Handler).serve_forever, daemon=True, name="health").start()


def beat(name: str) -> None:
    """Touch `<FLEETSYNC_HEALTH_DIR>/<name>.heartbeat`; older than 15 s and the runner restarts it."""
    if settings.FLEETSYNC_HEALTH_DIR:
        (Path(settings.FLEETSYNC_HEALTH_DIR) / f"{name}.heartbeat").touch()


def _keep_beating(name: str, check: Check) -> None:
    while True:
        try:
            ready, facts = check()
            if ready:
                leave_heartbeat(name, facts)
        except Exception as error:  # noqa: BLE001 (the process's work does not hang on this)
            log.warning("core.health.no_heartbeat", extra={"part": name, "error": type(error).__name__})
        finally:
            connection.close()
        time.sleep(BEAT_S)


def leave_heartbeat(name: str, facts: dict[str, Any]) -> None:
    """Say in the database that this process works, and forget those silent for an hour."""
    moment = clock.real_now()
    Heartbeat.objects.update_or_create(
        process=name,
        host=socket.gethostname()[:120],
        pid=os.getpid(),
        defaults={"beat_at": moment, "facts": json.loads(json.dumps(facts, default=str))},
    )
    Heartbeat.objects.filter(beat_at__lt=moment - timedelta(hours=1)).delete()


def missing() -> list[str]:
    """Return the needed processes that have not been heard of for 15 s."""
    fresh = Heartbeat.objects.filter(process__in=NEEDED, beat_at__gte=clock.real_now() - timedelta(seconds=MISSING_S))
    alive = set(fresh.values_list("process", flat=True))
    return [name for name in NEEDED if name not in alive]


def how_to_start(name: str) -> str:
    """Return the command that starts a process by hand."""
    from fleetsync.bootstrap.processes import PLATFORM

    argv = next(process.argv for process in PLATFORM if process.name == name)
    return " ".join(("python3", *argv) if argv[0] == "manage.py" else argv)


__all__ = ["NEEDED", "beat", "how_to_start", "leave_heartbeat", "missing", "serve"]
