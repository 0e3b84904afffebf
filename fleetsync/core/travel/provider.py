"""The protocol of travel times, the default provider, and which one the settings name."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from fleetsync.core.geo import LngLat, distance_m
from fleetsync.core.metrics import TRAVEL_TABLES

log = logging.getLogger(__name__)

AGAIN_AFTER_S: Final = 10.0

Answer = TypeVar("Answer")


class TravelDown(Exception):
    """The router gave no usable answer in time."""


@dataclass(frozen=True, slots=True)
class Fan:
    """Drives between one place and others, by index: from the others to the hub, or from the hub to them.

    The hub is the end that stays where it is (a counter, a door), so that a provider can
    keep what it found out about it while drivers move. No place is the hub and an other at once.
    """

    hub: int
    others: tuple[int, ...]
    inbound: bool
    """True: from the others to the hub."""


@dataclass(frozen=True, slots=True)
class Fanned:
    """What a provider said of fans, and who said it: a fallback answers under its own name."""

    source: "TravelProvider"
    seconds: list[list[float]]
    """A row per fan, in the order of its others; inf where there is no way."""


class TravelProvider(Protocol):
    """Says how long driving takes. One source within one comparison, never a mixture."""

    @property
    def name(self) -> str:
        """Return what stands in records and metrics."""
        ...

    @property
    def is_lasting(self) -> bool:
        """Say whether `name` stands for the same times for ever, so that a record need not hold them."""
        ...

    def times_s(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> list[list[float]]:
        """Return seconds, one row per origin, one column per destination."""
        ...

    def fans_s(self, places: Sequence[LngLat], fans: Sequence[Fan]) -> Fanned:
        """Return the seconds of these drives alone, all of one source; `places` has each place once."""
        ...


@dataclass(frozen=True, slots=True)
class StraightLine:
    """Great-circle distance x `factor` / `speed_mps`, rounded up to `round_up_s` where that is set."""

    factor: float = 1.3
    speed_mps: float = 6.0
    round_up_s: float = 0.0
    name: str = "straight-line"
    is_lasting: bool = False

    def times_s(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> list[list[float]]:
        """Return seconds, one row per origin, one column per destination."""
        return [[self.time_s(a, b) for b in destinations] for a in origins]

    def fans_s(self, places: Sequence[LngLat], fans: Sequence[Fan]) -> Fanned:
        """Return the seconds of these drives; the same in both directions."""
        return Fanned(self, [[self.time_s(places[fan.hub], places[each]) for each in fan.others] for fan in fans])

    def time_s(self, origin: LngLat, destination: LngLat) -> float:
        """Return the seconds of one drive."""
        seconds = distance_m(origin, destination) * self.factor / self.speed_mps
        if self.round_up_s:
            steps = -(-seconds // self.round_up_s)
            return float(steps * self.round_up_s)
        return seconds


@dataclass(slots=True)
class WithFallback:
    """Asks `first`; while that is down answers everything from `simple`, and says so in its name.

    After a failure `first` is left alone for 10 s of machine time, so that a dead router
    costs one time-out and never blocks a round.
    """

    first: TravelProvider
    simple: StraightLine
    _down_until: float = field(default=0.0, init=False)

    @property
    def name(self) -> str:
        """Return the name of the source that answers now."""
        return self._instead.name if self.is_down else self.first.name

    @property
    def is_lasting(self) -> bool:
        """Say no: what a router answers changes with its roads."""
        return False

    @property
    def is_down(self) -> bool:
        """Say whether the fallback answers."""
        return time.monotonic() < self._down_until

    def times_s(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> list[list[float]]:
        """Return seconds, one row per origin, one column per destination; one source for all of it."""
        answer = self._ask(lambda: self.first.times_s(origins, destinations))
        return self.simple.times_s(origins, destinations) if answer is None else answer

    def fans_s(self, places: Sequence[LngLat], fans: Sequence[Fan]) -> Fanned:
        """Return the seconds of these drives; one source for all of them."""
        answer = self._ask(lambda: self.first.fans_s(places, fans))
        return self._instead.fans_s(places, fans) if answer is None else answer

    @property
    def _instead(self) -> StraightLine:
        return replace(self.simple, name=f"{self.simple.name} (fallback)")

    def _ask(self, question: Callable[[], Answer]) -> Answer | None:
        """Return the router's answer; None while it is down, also when it goes down at this question."""
        if not self.is_down:
            try:
                answer = question()
            except TravelDown as error:
                self._down_until = time.monotonic() + AGAIN_AFTER_S
                log.warning("core.travel.fallback", extra={"error": str(error), "again_in_s": AGAIN_AFTER_S})
            else:
                TRAVEL_TABLES.labels(self.first.name, "router").inc()
                return answer
        TRAVEL_TABLES.labels(self.first.name, "fallback").inc()
        return None


def straight_line() -> StraightLine:
    """Return the straight-line provider as the settings have it."""
    return StraightLine(
        factor=settings.FLEETSYNC_TRAVEL_FACTOR,
        speed_mps=settings.FLEETSYNC_TRAVEL_SPEED_MPS,
        round_up_s=settings.FLEETSYNC_TRAVEL_ROUND_UP_S,
    )


def drive_s(travel: TravelProvider, origin: LngLat, destination: LngLat) -> float:
    """Return the seconds of one drive, always finite; where the map knows no way, the straight line's.

    For promises to people, who need a number: a gap in the map, or a door on an island of it,
    keeps nobody from getting there. Plans ask the provider itself and keep to roads.
    """
    ((seconds,),) = travel.times_s([origin], [destination])
    return seconds if math.isfinite(seconds) else straight_line().time_s(origin, destination)


@lru_cache(maxsize=1)
def provider() -> TravelProvider:
    """Return the provider that `FLEETSYNC_TRAVEL` names: `straight`, `roads:FILE`, `osrm:URL`, `valhalla:URL`.

    Raises:
        ImproperlyConfigured: an unknown name, or a road file that cannot be read.
    """
    kind, _, rest = settings.FLEETSYNC_TRAVEL.partition(":")
    if kind == "straight":
        return straight_line()
    if kind == "roads":
        from fleetsync.core.travel.roads import RoadFileError, RoadGraph, RoadTravel

        try:
            return RoadTravel(RoadGraph.load(Path(rest)), round_up_s=settings.FLEETSYNC_TRAVEL_ROUND_UP_S)
        except RoadFileError as error:
            raise ImproperlyConfigured(f"FLEETSYNC_TRAVEL: {error}; make one with manage.py import_roads") from error
    if kind in ("osrm", "valhalla"):
        from fleetsync.core.travel.table import HttpTable

        table = HttpTable(kind, rest, most_places=settings.FLEETSYNC_TRAVEL_TABLE_PLACES)
        return WithFallback(table, straight_line())
    raise ImproperlyConfigured(
        f"FLEETSYNC_TRAVEL: {settings.FLEETSYNC_TRAVEL!r}; expected straight, roads:FILE, osrm:URL or valhalla:URL"
    )
