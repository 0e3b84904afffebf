"""Travel times as the engine sees them: seconds between places of one snapshot.

A place is an index into `Snapshot.places`. A provider answers for pairs of places; whatever
it is made from (straight line, road graph, router), one snapshot uses one source, because
comparing a driver measured by road with one measured by air compares nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

EARTH_RADIUS_M = 6_371_008.8  # mean radius of the IUGG, as PostGIS's sphere uses

Point: TypeAlias = tuple[float, float]


def flat_distance_m(a: Point, b: Point) -> float:
    """Return the distance of two points given in local metres (x, y)."""
    return math.hypot(b[0] - a[0], b[1] - a[1])


def sphere_distance_m(a: Point, b: Point) -> float:
    """Return the great-circle distance of two (lng, lat) points in degrees, in metres.

    Source: haversine formula, R. W. Sinnott, Sky and Telescope 68 (1984); right across ±180°.
    """
    lng_a, lat_a, lng_b, lat_b = map(math.radians, (*a, *b))
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lng_b - lng_a) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


class Travel(Protocol):
    """What every provider can do without numpy; `arrays.py` turns providers into arrays."""

    def time_s(self, a: int, b: int, places: Sequence[Point], *, metres: bool) -> float:
        """Return the seconds from place `a` to place `b`; inf when there is no way or answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StraightLine:
    """Distance times `factor` at `speed_mps`, rounded up to a multiple of `round_up_s`.

    `factor` is road metres per straight metre (about 1.3 in cities); 0 leaves the
    seconds unrounded, 60 is the rule of the published benchmark.
    """

    speed_mps: float = 6.0
    factor: float = 1.3
    round_up_s: float = 0.0

    def __post_init__(self) -> None:
        if not (self.speed_mps > 0 and self.factor > 0 and self.round_up_s >= 0):
            raise ValueError("speed_mps and factor must be positive, round_up_s not negative")

    def time_s(self, a: int, b: int, places: Sequence[Point], *, metres: bool) -> float:
        """Return the seconds between two places; symmetric, zero for the same point."""
        distance_m = (flat_distance_m if metres else sphere_distance_m)(places[a], places[b])
        seconds = distance_m * self.factor / self.speed_mps
        return math.ceil(seconds / self.round_up_s) * self.round_up_s if self.round_up_s else seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Times from a router: `rows[a][b]` in seconds, square over all places, may be asymmetric.

    Rows may be tuples, lists or one numpy array. NaN or inf: no way known, never a candidate.
    """

    rows: Sequence[Sequence[float]]

    def time_s(self, a: int, b: int, places: Sequence[Point], *, metres: bool) -> float:
        """Return the table's seconds; inf where it holds no finite answer."""
        seconds = float(self.rows[a][b])
        return seconds if math.isfinite(seconds) else math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """A sparse table: the pairs a source was asked for, and an estimate of all others."""

    seconds: Mapping[tuple[int, int], float] = field(default_factory=dict)
    line: StraightLine | None = None
    """What a pair not asked takes; as quick as the pairs asked, or it would compare another
    city. None: a pair not asked is no candidate."""

    def time_s(self, a: int, b: int, places: Sequence[Point], *, metres: bool) -> float:
        """Return the pair's seconds, 0 for a place to itself; inf where the source knows no way."""
        seconds = self.seconds.get((a, b))
        if seconds is None:
            if a == b:
                return 0.0
            return self.line.time_s(a, b, places, metres=metres) if self.line else math.inf
        return seconds if math.isfinite(seconds) else math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`Pairs` as they are recorded where their source can be asked again: the question without the answer.

    A question is a list of fans: drives from some places to a hub (inbound), or from the hub to them.
    """

    source: str
    """Name and version of the source."""
    hubs: tuple[int, ...]
    others: tuple[tuple[int, ...], ...]
    """Per hub, the other ends."""
    inbound: tuple[bool, ...]
    """Per hub, whether the drives lead to it."""
    line: StraightLine | None = None

    def pairs(self, seconds: Sequence[Sequence[float]]) -> Pairs:
        """Return the pairs with these seconds, a row per hub."""
        known: dict[tuple[int, int], float] = {}
        for hub, others, inbound, row in zip(self.hubs, self.others, self.inbound, seconds, strict=True):
            known.update(zip(((each, hub) if inbound else (hub, each) for each in others), row, strict=True))
        return Pairs(seconds=known, line=self.line)

    def time_s(self, a: int, b: int, places: Sequence[Point], *, metres: bool) -> float:
        """Return inf: the answer is not here. `codec.whole` asks again."""
        return math.inf
