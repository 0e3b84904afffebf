"""The streets of the made-up city: a grid bent by hills, a harbour, parks, a railway. Pure.

A picture for maps, not a router: simulated drivers ride straight lines. The same seed
draws the same streets.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, Final

from simulation.city import CENTRE, OUTLINE, offset
from simulation.clients.road import Place

COLUMNS: Final = 92
ROWS: Final = 78
HALF_WIDTH_M: Final = 7000.0
HALF_HEIGHT_M: Final = 5900.0
#: Parks: centre, half axes in metres, turn in radians.
PARKS: Final = (
    ("Druid Green", -1900.0, 1750.0, 640.0, 430.0, 0.3),
    ("Patterson Field", 2650.0, 150.0, 430.0, 520.0, 0.2),
    ("", -3250.0, -900.0, 480.0, 420.0, -0.4),
    ("", 300.0, 2900.0, 520.0, 300.0, 0.1),
    ("", 3300.0, 2050.0, 560.0, 420.0, 0.5),
    ("", -700.0, -2400.0, 360.0, 260.0, 0.0),
)
QUARTERS: Final[tuple[tuple[str, float, float], ...]] = (
    ("Mount Vale", 0, 1000), ("Harbor Point", 520, -480), ("Pratt Hill", -1450, 120), ("Canal Works", 2500, 1150),
    ("Hampden Row", -900, 2700), ("Locust Fields", -800, -2900), ("Millrace", -2900, 700), ("Butcher Rise", 1500, 300),
    ("Northwood", 1400, 3250), ("Pigtown Yards", -2200, -1600),
)  # fmt: skip


def make_basemap(*, seed: int, centre: Place = CENTRE, name: str = "Baltimore") -> dict[str, Any]:
    """Return a GeoJSON FeatureCollection whose features have a `kind`.

    Kinds: water, park, rail, zone, label (points), and roads minor, second, main.
    """
    features = [_feature("water", "Polygon", [_ring(_harbour(), centre)])]
    features += [_feature("park", "Polygon", [_ring(_blob(x, y, a, b, turn), centre)]) for _, x, y, a, b, turn in PARKS]
    rail = [(-7000 + 160 * k, 1350 - 0.18 * (-7000 + 160 * k) + 380 * math.sin(k / 13)) for k in range(90)]
    features.append(_feature("rail", "LineString", _line(rail, centre)))
    for kind, lines in _roads(Random(f"{seed}:streets"), centre):
        features.append(_feature(kind, "MultiLineString", lines))
    features.append(_feature("zone", "Polygon", [_ring(OUTLINE, centre)], name=name))
    labels = [*((label, x, y, "") for label, x, y in QUARTERS), ("Inner Basin", 3300, -3300, "water")]
    labels += [(label, x, y, "park") for label, x, y, *_ in PARKS if label]
    features += [
        _feature("label", "Point", _lng_lat(offset(centre, x, y)), label=text, of=of) for text, x, y, of in labels
    ]
    return {"type": "FeatureCollection", "features": features}


def _feature(kind: str, shape: str, coordinates: Any, **properties: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"kind": kind, **properties},
        "geometry": {"type": shape, "coordinates": coordinates},
    }


def _lng_lat(place: Place) -> list[float]:
    return [round(place.lng, 5), round(place.lat, 5)]


def _line(points: Iterable[tuple[float, float]], centre: Place) -> list[list[float]]:
    return [_lng_lat(offset(centre, x, y)) for x, y in points]


def _ring(points: Sequence[tuple[float, float]], centre: Place) -> list[list[float]]:
    return _line([*points, points[0]], centre)


def _blob(x: float, y: float, a: float, b: float, turn: float, corners: int = 36) -> list[tuple[float, float]]:
    """Return an ellipse that looks grown, not drawn."""
    points = []
    for k in range(corners):
        t = k / corners * 2 * math.pi
        swell = 1 + 0.09 * math.sin(3 * t + x) + 0.05 * math.sin(5 * t + y)
        u, v = a * swell * math.cos(t), b * swell * math.sin(t)
        points.append((x + u * math.cos(turn) - v * math.sin(turn), y + u * math.sin(turn) + v * math.cos(turn)))
    return points


def _shore(x: float) -> float:
    """Return how far north the harbour reaches at `x` metres east."""
    return -950 - 240 * math.exp(-(((x - 1500) / 900) ** 2)) + 110 * math.sin(x / 420) - 0.12 * max(0.0, x - 1500)


def _harbour() -> list[tuple[float, float]]:
    """Return the water: it opens to the south-east."""
    west = [(980 + 120 * math.sin(y / 500) - 0.05 * (y + 1000), y) for y in range(-6400, -1300, 200)]
    north = [(x, _shore(x)) for x in range(1000, 7200, 180)]
    return [*west, *north, (7200.0, -6400.0)]


def _wet(x: float, y: float) -> bool:
    return x > 960 + 120 * math.sin(y / 500) - 0.05 * (y + 1000) and y < _shore(x)


def _in_park(x: float, y: float) -> bool:
    for _, cx, cy, a, b, turn in PARKS:
        dx, dy = x - cx, y - cy
        u, v = dx * math.cos(turn) + dy * math.sin(turn), -dx * math.sin(turn) + dy * math.cos(turn)
        if (u / a) ** 2 + (v / b) ** 2 < 0.96:
            return True
    return False


def _warp(i: int, j: int) -> tuple[float, float]:
    """Return where crossing (i, j) of the grid lies: denser and turned towards the centre."""
    u, v = i / (COLUMNS - 1) * 2 - 1, j / (ROWS - 1) * 2 - 1
    r = min(1.2, math.hypot(u * 1.1, v))
    dense, turn = 0.66 + 0.34 * r, 0.3 * math.exp(-r * 1.7) - 0.08
    x, y = u * HALF_WIDTH_M * dense, v * HALF_HEIGHT_M * dense
    x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
    return (
        x + 210 * math.sin(y / 1500 + 1) + 80 * math.sin(y / 620 + x / 1700),
        y + 200 * math.sin(x / 1350 + 0.4) + 70 * math.sin(x / 760),
    )


def _rank(k: int) -> str:
    return "main" if k % 9 == 4 else "second" if k % 9 in (0, 7) else "minor"


def _roads(chance: Random, centre: Place) -> list[tuple[str, list[list[list[float]]]]]:
    grid = [[_warp(i, j) for i in range(COLUMNS)] for j in range(ROWS)]
    lines: dict[str, list[list[list[float]]]] = {"minor": [], "second": [], "main": []}
    rows = [(_rank(j), row) for j, row in enumerate(grid)]
    columns = [(_rank(i + 2), [grid[j][i] for j in range(ROWS)]) for i in range(COLUMNS)]
    for kind, points in rows + columns:
        run: list[tuple[float, float]] = []
        for x, y in points:
            far = math.hypot(x / HALF_WIDTH_M, y / HALF_HEIGHT_M)
            broken = _wet(x, y) or (
                kind == "minor" and (_in_park(x, y) or chance.random() < (0.28 if far > 0.8 else 0.11))
            )
            if not broken:
                run.append((x, y))
                continue
            if len(run) > 1:
                lines[kind].append(_line(run, centre))
            run = []
        if len(run) > 1:
            lines[kind].append(_line(run, centre))
    return list(lines.items())
