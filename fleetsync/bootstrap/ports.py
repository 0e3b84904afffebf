"""Ports of this machine that nobody uses."""

from __future__ import annotations

import socket
from collections.abc import Collection


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(preferred: int, *, but: Collection[int] = ()) -> int:
    """Return the preferred port, else the next free one above it."""
    for port in range(preferred, 65_535):
        if port not in but and is_free(port):
            return port
    raise OSError(f"no free port above {preferred}")
