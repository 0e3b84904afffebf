"""Movement: along given ways, or straight at a speed. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

EARTH_RADIUS_M: Final = 6_371_008.8


class Place(NamedTuple):
    """Degrees, as the API names them."""

    lat: float
    lng: float

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self:
        """Read `{"lat": …, "lng": …}`."""
        return cls(float(body["lat"]), float(body["lng"]))

    def body(self) -> dict[str, float]:
        """Return the JSON form."""
        return {"lat": round(self.lat, 7), "lng": round(self.lng, 7)}


def distance_m(a: Place, b: Place) -> float:
    """Return the great-circle distance in metres."""
    phi_a, phi_b = math.radians(a.lat), math.radians(b.lat)
    half_phi, half_lambda = (phi_b - phi_a) / 2, math.radians(b.lng - a.lng) / 2
    h = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


class Pass(NamedTuple):
    """A point of a way and the seconds from its beginning."""

    place: Place
    seconds: float


#: Says how one drives from a place to another: the points of the way, both ends included.
Ways = Callable[[Place, Place], Sequence[Pass]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """How one gets on: along `ways` where there are any, else straight at so many metres a second.

    Straight drives are rounded up to `round_up_s`; 0: exact.
    """

    speed_mps: float
    round_up_s: float = 0.0
    ways: Ways | None = None

    def way(self, a: Place, b: Place) -> Sequence[Pass]:
        """Return the points of a drive, in business seconds."""
        if self.ways is not None:
            return self.ways(a, b)
        seconds = distance_m(a, b) / self.speed_mps
        if self.round_up_s:
            seconds = math.ceil(seconds / self.round_up_s - 1e-6) * self.round_up_s
        return (Pass(a, 0.0), Pass(b, seconds))


@dataclass(frozen=True, slots=True)
class Leg:
    """One drive. `leave_s` is a business Unix second."""

    way: Sequence[Pass]
    leave_s: float

    @property
    def arrive_s(self) -> float:
        """Return when it is over, a business Unix second."""
        return self.leave_s + self.way[-1].seconds

    def at(self, moment_s: float) -> Place:
        """Return where one is then."""
        if moment_s >= self.arrive_s:
            return self.way[-1].place
        (start, begin_s), (end, end_s) = self._piece(moment_s)
        share = max(0.0, (moment_s - self.leave_s - begin_s) / (end_s - begin_s))
        return Place(start.lat + (end.lat - start.lat) * share, start.lng + (end.lng - start.lng) * share)

    def _piece(self, moment_s: float) -> tuple[Pass, Pass]:
        """Return the ends of the piece one is on then."""
        last = len(self.way) - 1
        ahead = bisect_right(self.way, moment_s - self.leave_s, lo=1, hi=last, key=lambda each: each.seconds)
        return self.way[ahead - 1], self.way[ahead]

    def heading_deg(self, moment_s: float) -> float:
        """Return the direction then, clockwise from north."""
        (start, _), (end, _) = self._piece(moment_s)
        north = end.lat - start.lat
        east = (end.lng - start.lng) * math.cos(math.radians(start.lat))
        return math.degrees(math.atan2(east, north)) % 360.0

    def speed_mps(self, moment_s: float) -> float:
        """Return the speed then, while driving."""
        (start, begin_s), (end, end_s) = self._piece(moment_s)
        took = end_s - begin_s
        return distance_m(start, end) / took if took > 0 else 0.0


def leg(vehicle: Vehicle, start: Place, end: Place, leave_s: float) -> Leg:
    """Return the drive from `start` to `end` that leaves at `leave_s`."""
    return Leg(vehicle.way(start, end), leave_s)
