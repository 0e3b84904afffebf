"""Which drives a round asks its travel source for, and what the engine gets of them.

A formula is handed over as it is. Any other source is asked once a round, for the drives that
a plan can be made of, fans around counters and doors; every other drive is estimated by the
straight line at the pace of those asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatch.engine import Asked, Job, Past, Travel
from dispatch.engine import StraightLine as EngineLine
from fleetsync.core.geo import EARTH_RADIUS_M, LngLat, distance_m
from fleetsync.core.travel import Fan, StraightLine, TravelProvider, straight_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAREST: Final = 30  # drivers per counter, whatever they do
NEAREST_FREE: Final = 10  # drivers per counter who have nothing to do: the nearest may all be busy
NEAREST_DOORS: Final = 20  # doors per counter from which a driver may go on to it
NEAREST_STACKED: Final = 10  # doors per door on one trip
SLOW: Final = 0.97  # of the drives asked so many are no slower than the estimate of the others
PACED_FROM_M: Final = 300.0  # shorter drives say more about yards than about roads


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a driver's next trip starts."""

    driver: str
    place: int
    is_free: bool
    """Nothing to do, on duty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One drive of the way that a driver has before him, places by index."""

    start: int
    end: int
    from_counter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The travel times of one look, all of one source."""

    source: TravelProvider
    travel: Travel
    """As the engine gets them."""
    asked: Asked | None
    """How to ask for them again, where the source always answers the same."""
    drive_s: Callable[[LngLat, LngLat], float]
    """Seconds of a leg."""


def ask_ways(
    provider: TravelProvider,
    *,
    places: Mapping[LngLat, int],
    fans: Sequence[Fan],
    legs: Sequence[Leg],
) -> Ways:
    """Return the travel times of a look; one question, whatever its size.

    `places` is in the order of its indexes. Only `fans` may be asked again later; they name
    none but the first places, those of the snapshot.
    """
    points = tuple(places)
    if isinstance(provider, StraightLine):
        return _by_line(provider)
    question = [*fans, *_fans_of(legs)]
    said = provider.fans_s(points, question)
    if isinstance(said.source, StraightLine):
        return _by_line(said.source)
    known = dict(_pairs(question, said.seconds))
    line = _line(points, known)
    asked = Asked(
        source=said.source.name,
        hubs=tuple(fan.hub for fan in fans),
        others=tuple(fan.others for fan in fans),
        inbound=tuple(fan.inbound for fan in fans),
        line=line,
    )

    def drive_s(start: LngLat, end: LngLat) -> float:
        a, b = places[start], places[end]
        seconds = 0.0 if a == b else known.get((a, b), math.inf)
        # a driver is on his way, so there is one, whatever the map says
        return seconds if math.isfinite(seconds) else line.time_s(a, b, points, metres=False)

    return Ways(
        source=said.source,
        travel=asked.pairs(said.seconds[: len(fans)]),
        asked=asked if said.source.is_lasting else None,
        drive_s=drive_s,
    )


def fans_of_round(
    places: Sequence[LngLat],
    *,
    stands: Sequence[Stand],
    jobs: Sequence[Job],
    past: Sequence[Past] = (),
    within_m: float = 0.0,
) -> list[Fan]:
    """Return the drives a plan can be made of; the same snapshot gives the same.

    To each counter of an open or expected order: the nearest drivers, the nearest free ones,
    those asked to fetch there, the nearest doors from which one may go on, the counters within
    `within_m`. From each counter: its doors, and those of counters so near. Between the doors
    of one trip: the nearest.
    """
    import numpy as np  # not for a formula

    at = _on_sphere(places)
    question = _Question()
    counters = sorted({job.pickup for job in jobs} | {each.pickup for each in past})
    doors = np.array(sorted({job.dropoff for job in jobs} | {each.dropoff for each in past}), dtype=np.int64)
    standing = np.array(sorted({stand.place for stand in stands}), dtype=np.int64)
    free = np.array(sorted({stand.place for stand in stands if stand.is_free}), dtype=np.int64)
    place_of = {stand.driver: stand.place for stand in stands}
    asked: dict[int, list[int]] = {}
    own: dict[int, list[int]] = {}
    for job in jobs:
        own.setdefault(job.pickup, []).append(job.dropoff)
        asked.setdefault(job.pickup, []).extend(place_of[each] for each in sorted(job.offered_to) if each in place_of)
    open_counters = np.array(sorted(own), dtype=np.int64)
    for counter in counters:
        for some, most in ((standing, NEAREST), (free, NEAREST_FREE), (doors, NEAREST_DOORS)):
            question.add(counter, _nearest(at, counter, some, most), inbound=True)
        question.add(counter, asked.get(counter, ()), inbound=True)
    for counter, its_doors in own.items():
        near = [counter]
        if within_m > 0.0:
            away_m = np.linalg.norm(at[open_counters] - at[counter], axis=1)
            near = open_counters[away_m <= within_m].tolist()
        question.add(counter, near, inbound=True)
        shared = np.array(sorted({door for each in near for door in own[each]}), dtype=np.int64)
        question.add(counter, its_doors, inbound=False)
        if len(near) > 1:
            question.add(counter, _nearest(at, counter, shared, NEAREST), inbound=False)
        for door in its_doors:
            question.add(door, _nearest(at, door, shared, NEAREST_STACKED + 1), inbound=False)
    for each in past:
        question.add(each.pickup, (each.dropoff,), inbound=False)
    return question.fans()


class _Question:
    """Fans that grow, each drive once in its direction."""

    def __init__(self) -> None:
        self._others: dict[tuple[int, bool], dict[int, None]] = {}

    def add(self, hub: int, others: Iterable[int], *, inbound: bool) -> None:
        fan = self._others.setdefault((hub, inbound), {})
        fan |= dict.fromkeys(each for each in others if each != hub)

    def fans(self) -> list[Fan]:
        return [Fan(hub, tuple(others), inbound) for (hub, inbound), others in self._others.items() if others]


def _fans_of(legs: Sequence[Leg]) -> list[Fan]:
    """Return the fans of these drives, around the end of each that stays where it is."""
    question = _Question()
    for leg in legs:
        hub, other = (leg.start, leg.end) if leg.from_counter else (leg.end, leg.start)
        question.add(hub, (other,), inbound=not leg.from_counter)
    return question.fans()


def _pairs(fans: Sequence[Fan], seconds: Sequence[Sequence[float]]) -> Iterable[tuple[tuple[int, int], float]]:
    for fan, row in zip(fans, seconds, strict=True):
        for each, time_s in zip(fan.others, row, strict=True):
            yield ((each, fan.hub) if fan.inbound else (fan.hub, each)), time_s


def _by_line(line: StraightLine) -> Ways:
    travel = EngineLine(speed_mps=line.speed_mps, factor=line.factor, round_up_s=line.round_up_s)
    return Ways(source=line, travel=travel, asked=None, drive_s=line.time_s)


def _line(places: Sequence[LngLat], known: Mapping[tuple[int, int], float]) -> EngineLine:
    """Return the straight line at a slow pace of these drives; as the settings have it where they say nothing."""
    paces: list[float] = []
    for (a, b), seconds in known.items():
        metres = distance_m(places[a], places[b])
        if metres >= PACED_FROM_M and 0.0 < seconds < math.inf:
            paces.append(seconds / metres)
    if not paces:
        usual = straight_line()
        return EngineLine(speed_mps=usual.speed_mps, factor=usual.factor)
    return EngineLine(speed_mps=1.0, factor=sorted(paces)[int(SLOW * len(paces))])


def _on_sphere(places: Sequence[LngLat]) -> NDArray[np.float64]:
    """Return (n, 3) metres; the nearest there are the nearest on the ground."""
    import numpy as np

    lng, lat = np.radians(np.array(places, dtype=np.float64).reshape(-1, 2)).T
    return EARTH_RADIUS_M * np.column_stack((np.cos(lat) * np.cos(lng), np.cos(lat) * np.sin(lng), np.sin(lat)))


def _nearest(at: NDArray[np.float64], hub: int, some: NDArray[np.int64], most: int) -> list[int]:
    """Return the nearest of some places to a hub, nearest first, ties by index."""
    import numpy as np

    if len(some) > most:
        away = ((at[some] - at[hub]) ** 2).sum(axis=1)
        some = some[np.argsort(away, kind="stable")[:most]]
    return [int(each) for each in some]
