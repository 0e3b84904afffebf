"""The protocol of travel times and the default provider: straight line times a factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from django.conf import settings

from fleetsync.core.geo import LngLat, distance_m


class TravelProvider(Protocol):
    """Says how long driving takes. One source within one comparison, never a mixture."""

    name: str

    def times_s(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> list[list[float]]:
        """Return seconds, one row per origin, one column per destination."""
        ...


@dataclass(frozen=True, slots=True)
class StraightLine:
    """Great-circle distance x `factor` / `speed_mps`, rounded up to `round_up_s` where that is set."""

    factor: float = 1.3
    speed_mps: float = 6.0
    round_up_s: float = 0.0
    name: str = "straight-line"

    def times_s(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> list[list[float]]:
        """Return seconds, one row per origin, one column per destination."""
        return [[self.time_s(a, b) for b in destinations] for a in origins]

    def time_s(self, origin: LngLat, destination: LngLat) -> float:
        """Return the seconds of one drive."""
        seconds = distance_m(origin, destination) * self.factor / self.speed_mps
        if self.round_up_s:
            steps = -(-seconds // self.round_up_s)
            return float(steps * self.round_up_s)
        return seconds


@lru_cache(maxsize=1)
def provider() -> TravelProvider:
    """Return the provider the settings name."""
    return StraightLine(
        factor=settings.FLEETSYNC_TRAVEL_FACTOR,
        speed_mps=settings.FLEETSYNC_TRAVEL_SPEED_MPS,
        round_up_s=settings.FLEETSYNC_TRAVEL_ROUND_UP_S,
    )
