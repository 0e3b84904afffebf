"""Measure what a round's travel times cost where they come from a road graph or a router."""

from __future__ import annotations

import io
import time
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from dispatch.engine import Driver, DriverState, Job, Past, Policy, Snapshot, decide
from dispatch.engine.warm import warm
from dispatch.selectors.ways import Leg, Stand, ask_ways, fans_of_round
from fleetsync.core.geo import LngLat, distance_m
from fleetsync.core.travel.roads import RoadFileError, RoadGraph, RoadTravel

SIZES = "30x20,200x150,457x300"
REACH_M = 4000.0  # from a counter to its doors
MOVED_M = 150.0  # by a driver between two rounds
ORDERS_AT_ONCE = 3  # open ones of a restaurant
PREPARING_S = 900.0


@dataclass(slots=True)
class _Town:
    """A made-up round on real streets: everybody stands at a crossing, every third driver has a door to go to."""

    crossings: list[LngLat]
    rng: Random
    drivers: list[LngLat]
    """Where they are now."""
    ends: list[LngLat]
    """Where the busy ones will be free."""
    counters: list[LngLat]
    jobs: list[tuple[int, LngLat]]
    past: list[tuple[int, LngLat]]

    @classmethod
    def make(cls, crossings: list[LngLat], drivers: int, jobs: int, seed: int) -> _Town:
        """Return a town with a restaurant per three jobs, and as many past orders as a third of the jobs."""
        town = cls(crossings, Random(seed), [], [], [], [], [])  # noqa: S311
        town.drivers = [town.crossing() for _ in range(drivers)]
        town.ends = [town.crossing(place, REACH_M) for place in town.drivers]
        town.counters = [town.crossing() for _ in range(max(1, jobs // ORDERS_AT_ONCE))]
        town.jobs = [town.order() for _ in range(jobs)]
        town.past = [town.order() for _ in range(jobs // ORDERS_AT_ONCE)]
        return town

    def crossing(self, near: LngLat | None = None, within_m: float = 0.0) -> LngLat:
        """Return a crossing, of those looked at one that is near enough or the nearest."""
        looked = []
        for _ in range(200 if near else 1):
            looked.append(self.rng.choice(self.crossings))
            if near is None or distance_m(near, looked[-1]) <= within_m:
                return looked[-1]
        return min(looked, key=lambda place: distance_m(near or place, place))

    def order(self) -> tuple[int, LngLat]:
        """Return a new order: its counter and its door."""
        counter = self.rng.randrange(len(self.counters))
        return counter, self.crossing(self.counters[counter], REACH_M)

    def ten_seconds(self) -> None:
        """Let every other driver move, and one order in twenty be another."""
        self.drivers = [
            self.crossing(place, MOVED_M) if number % 2 else place for number, place in enumerate(self.drivers)
        ]
        for number in range(0, len(self.jobs), 20):
            self.jobs[number] = self.order()


class Command(BaseCommand):
    """Times made-up rounds on real streets: the question, the answer, and the decision on it."""

    help = (
        "Measure the travel times of a round on a road graph, and the decision on them. Milliseconds. "
        "Example: manage.py import_roads city.osm.pbf, then manage.py benchmark_travel .local/roads/city.npz"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, help="A road graph that import_roads wrote.")
        parser.add_argument("--sizes", default=SIZES, help=f"Drivers x jobs, by commas; default: {SIZES}.")
        parser.add_argument("--within", type=float, default=5000.0, metavar="M", help="Of the graph's middle; 5000.")
        parser.add_argument("--looks", type=int, default=10, help="Rounds after the first; the worst of them counts.")
        parser.add_argument("--seed", type=int, default=1, help="Same seed, same rounds.")

    def handle(self, *args: Any, file: Path, sizes: str, within: float, looks: int, seed: int, **options: Any) -> None:
        """Measure every size and print a row of it."""
        try:
            graph = RoadGraph.load(file)
            wanted = [tuple(map(int, size.split("x"))) for size in sizes.split(",")]
            if looks < 1 or any(len(size) != 2 or min(size) < 1 for size in wanted):
                raise ValueError("expected positive numbers, sizes such as 30x20")
        except (RoadFileError, ValueError) as error:
            raise CommandError(str(error)) from error
        places = [LngLat(*each) for each in zip(graph.lng.tolist(), graph.lat.tolist(), strict=True)]
        middle = LngLat(median(graph.lng.tolist()), median(graph.lat.tolist()))
        near = [place for place in places if distance_m(place, middle) <= within]
        if not near:
            raise CommandError(f"{file}: no crossing within {within:g} m of its middle")
        warm()
        table = Table(title=f"{graph.name}: {len(graph.lng):,} crossings")
        for name in ("drivers x jobs", "places", "asked", "of all pairs", "first look", "later looks", "decision"):
            table.add_column(name, justify="right")
        for drivers, jobs in wanted:
            table.add_row(f"{drivers} x {jobs}", *_measured(_Town.make(near, drivers, jobs, seed), graph, looks))
        text = io.StringIO()
        Console(file=text, width=100).print(table)
        self.stdout.write(text.getvalue())


def _measured(town: _Town, graph: RoadGraph, looks: int) -> tuple[str, ...]:
    """Return the figures of one size: places, pairs asked, their share, then the times."""
    travel = RoadTravel(graph)  # nothing kept of another size
    travel.times_s(town.counters[:1], town.counters[:1])  # its indexes, made once a process
    times_ms: list[float] = []
    solved_ms: list[float] = []
    places = asked = 0
    for _ in range(looks + 1):
        looked_s, snapshot = _look(town, travel)
        started = time.perf_counter()
        decide(snapshot, Policy())
        solved_ms.append((time.perf_counter() - started) * 1000)
        times_ms.append(looked_s * 1000)
        places, asked = len(snapshot.places), len(snapshot.travel.seconds)  # type: ignore[attr-defined]  # Pairs
        town.ten_seconds()
    return (
        f"{places:,}",
        f"{asked:,}",
        f"{asked / places**2:.1%}",
        f"{times_ms[0]:.0f}",
        f"{max(times_ms[1:]):.0f}",
        f"{max(solved_ms[1:]):.0f}",
    )


def _look(town: _Town, travel: RoadTravel) -> tuple[float, Snapshot]:
    """Return how long asking took, in seconds, and the round as the engine gets it."""
    at: dict[LngLat, int] = {}

    def index(place: LngLat) -> int:
        return at.setdefault(place, len(at))

    jobs = [
        Job(
            id=f"j{number:04}",
            restaurant=f"r{counter}",
            pickup=index(town.counters[counter]),
            dropoff=index(door),
            placed_s=-float(number),
            ready_s=PREPARING_S - 3.0 * number,
        )
        for number, (counter, door) in enumerate(town.jobs)
    ]
    past = [
        Past(
            id=f"p{number:04}",
            pickup=index(town.counters[counter]),
            dropoff=index(door),
            placed_s=-float(number),
            ready_s=PREPARING_S - number,
        )
        for number, (counter, door) in enumerate(town.past)
    ]
    stands = [
        Stand(driver=f"d{number:04}", place=index(here if number % 3 else end), is_free=number % 3 > 0)
        for number, (here, end) in enumerate(zip(town.drivers, town.ends, strict=True))
    ]
    seen = tuple(at)
    legs = [
        Leg(start=index(here), end=stand.place, from_counter=False)
        for stand, here in zip(stands, town.drivers, strict=True)
        if not stand.is_free
    ]
    started = time.perf_counter()
    fans = fans_of_round(seen, stands=stands, jobs=jobs, past=past)
    ways = ask_ways(travel, places=at, fans=fans, legs=legs)
    looked_s = time.perf_counter() - started
    drivers = tuple(
        Driver(
            id=stand.driver,
            state=DriverState.IDLE if stand.is_free else DriverState.BUSY,
            place=stand.place,
            free_s=0.0 if stand.is_free else 60.0 * (number % 15),
        )
        for number, stand in enumerate(stands)
    )
    snapshot = Snapshot(
        zone="zone",
        now_s=0.0,
        period_s=10.0,
        places=tuple((place.lng, place.lat) for place in seen),
        jobs=tuple(jobs),
        past=tuple(past),
        drivers=drivers,
        travel=ways.travel,
    )
    return looked_s, snapshot
