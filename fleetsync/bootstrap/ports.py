"""Ports of this machine that nobody uses, and that no other clone is about to use."""

from __future__ import annotations

import socket
import sys
from collections.abc import Collection

_claims: dict[int, socket.socket] = {}


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def claim(port: int) -> bool:
    """Keep a port from other clones until this process ends; False where one of them has it.

    Between choosing a port and a server that listens on it lie seconds, and a server that
    shares its port (SO_REUSEPORT) would then take half of another clone's requests. A name
    in Linux's abstract sockets has one holder and goes with him; elsewhere nothing is kept.
    """
    if not sys.platform.startswith("linux") or port in _claims:
        return True
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0fleetsync-port-{port}")
    except OSError:
        name.close()
        return False
    _claims[port] = name
    return True


def free_port(preferred: int, *, but: Collection[int] = (), keep: bool = False) -> int:
    """Return the preferred port, else the next free one above it; `keep` claims it."""
    for port in range(preferred, 65_535):
        if port not in but and is_free(port) and (not keep or claim(port)):
            return port
    raise OSError(f"no free port above {preferred}")
