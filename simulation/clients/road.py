"""Movement: straight lines at a speed. Pure."""

from __future__ import annotations

import math
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """How fast one gets on: metres a second along the straight line; drives rounded up to `round_up_s`, 0: exact."""

    speed_mps: float
    round_up_s: float = 0.0

    def drive_s(self, a: Place, b: Place) -> float:
        """Return the business seconds of a drive."""
        seconds = distance_m(a, b) / self.speed_mps
        if self.round_up_s:
            return math.ceil(seconds / self.round_up_s - 1e-6) * self.round_up_s
        return seconds


@dataclass(frozen=True, slots=True)
class Leg:
    """One drive. Moments are business Unix seconds."""

    start: Place
    end: Place
    leave_s: float
    arrive_s: float

    def at(self, moment_s: float) -> Place:
        """Return where one is then."""
        if moment_s >= self.arrive_s:
            return self.end
        share = max(0.0, (moment_s - self.leave_s) / (self.arrive_s - self.leave_s))
        return Place(
            self.start.lat + (self.end.lat - self.start.lat) * share,
            self.start.lng + (self.end.lng - self.start.lng) * share,
        )

    def heading_deg(self) -> float:
        """Return the direction, clockwise from north."""
        north = self.end.lat - self.start.lat
        east = (self.end.lng - self.start.lng) * math.cos(math.radians(self.start.lat))
        return math.degrees(math.atan2(east, north)) % 360.0

    def speed_mps(self) -> float:
        """Return the speed while driving."""
        took = self.arrive_s - self.leave_s
        return distance_m(self.start, self.end) / took if took > 0 else 0.0


def leg(vehicle: Vehicle, start: Place, end: Place, leave_s: float) -> Leg:
    """Return the drive from `start` to `end` that leaves at `leave_s`."""
    return Leg(start, end, leave_s, leave_s + vehicle.drive_s(start, end))
