"""The plan of the last round as bytes, and back. What comes back is checked, never trusted."""

from __future__ import annotations

import json
from typing import Final, TypeAlias

Trips: TypeAlias = tuple[tuple[str, ...], ...]
VERSION: Final = 1


def write(routes: dict[str, Trips]) -> bytes:
    """Return the routes (driver: trips of job ids) as canonical JSON."""
    data = {"v": VERSION, "routes": {d: routes[d] for d in sorted(routes)}}
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()


def read(memo: bytes | None) -> dict[str, Trips]:
    """Return the routes, or none of them when the bytes are not what `write` writes."""
    if memo is None:
        return {}
    try:
        data = json.loads(memo)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(data, dict) or data.get("v") != VERSION:
        return {}
    routes = data.get("routes")
    if not isinstance(routes, dict):
        return {}
    out: dict[str, Trips] = {}
    for driver, trips in routes.items():
        if not isinstance(trips, list):
            return {}
        for trip in trips:
            if not isinstance(trip, list) or not all(isinstance(j, str) for j in trip):
                return {}
        out[driver] = tuple(tuple(trip) for trip in trips)
    return out
