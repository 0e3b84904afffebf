"""Asking a process how it is, over its port or its unix socket."""

from __future__ import annotations

import argparse
import http.client
import json
import re
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a process answers its health: a loopback port or a unix socket."""

    port: int | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What it said; status 0 means nothing at all."""

    status: int
    body: str

    @property
    def ok(self) -> bool:
        return self.status == 200


class _OverUnix(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("127.0.0.1", timeout=PATIENCE_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(str(self._path))


def ask(address: Address, route: str) -> Answer:
    """GET a route; never raises, whatever the other side does."""
    connection: http.client.HTTPConnection
    if address.path is not None:
        connection = _OverUnix(address.path)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=PATIENCE_S)
    try:
        connection.request("GET", route)
        response = connection.getresponse()
        return Answer(response.status, response.read(1_000_000).decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, str(error))
    finally:
        connection.close()


def figures(metrics: str, *, most: int = 4) -> str:
    """Return our own plain gauges and counters of a metrics page, short enough for a table."""
    found = re.findall(r"^fleetsync_(\w+) ([-+.\deE]+)$", metrics, re.MULTILINE)
    shown = [f"{name}={float(value):g}" for name, value in found if not name.endswith("_created")]
    return " ".join(shown[:most])


def facts(body: str) -> str:
    """Return what a process says about itself besides being ready."""
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    known = ("process", "pid", "ready", "status")
    plain = [
        (name, value) for name, value in said.items() if name not in known and isinstance(value, int | float | str)
    ]
    return " ".join(f"{name}={value}" for name, value in plain[:4])


def main(argv: Sequence[str]) -> int:
    """Answer a container's health check by exit code."""
    parser = argparse.ArgumentParser(description="Ask a process how it is; exit code 0 if it is well.")
    parser.add_argument("--port", type=int)
    parser.add_argument("--socket", type=Path)
    parser.add_argument("--fresh", nargs=2, metavar=("FILE", "SECONDS"), help="a file that it touches now and then")
    parser.add_argument("route", nargs="?", default="/readyz")
    options = parser.parse_args(argv)
    if options.fresh:
        file, limit_s = Path(options.fresh[0]), float(options.fresh[1])
        return 0 if file.exists() and time.time() - file.stat().st_mtime < limit_s else 1
    answer = ask(Address(port=options.port, path=options.socket), options.route)
    print(answer.body)
    return 0 if answer.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
