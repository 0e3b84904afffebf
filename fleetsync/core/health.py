"""`/livez`, `/readyz` and `/metrics` of processes that serve no HTTP, on a unix socket of their own."""

import json
import logging
import os
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from django.conf import settings
from prometheus_client import REGISTRY, generate_latest

log = logging.getLogger(__name__)

Check = Callable[[], tuple[bool, dict[str, object]]]


def serve(name: str, check: Check) -> None:
    """Answer on `<FLEETSYNC_HEALTH_DIR>/<name>.sock` from a daemon thread; no folder set, no server.

    `check()` returns whether the process does its work, and facts to show with it.
    """
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
            ready, facts = (True, {}) if self.path == "/livez" else check()
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

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet: probes are not news."""

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    threading.Thread(target=Server(str(path), Handler).serve_forever, daemon=True, name="health").start()


def beat(name: str) -> None:
    """Touch `<FLEETSYNC_HEALTH_DIR>/<name>.heartbeat`; older than 15 s and the runner restarts it."""
    if settings.FLEETSYNC_HEALTH_DIR:
        (Path(settings.FLEETSYNC_HEALTH_DIR) / f"{name}.heartbeat").touch()
