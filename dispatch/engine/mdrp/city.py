"""A generated city in zones, to see how the work of a round grows with it.

Supply and demand are uneven on purpose: some zones are crowded, some have fewer drivers than
jobs, one in twenty has none at all. What a zone cannot place goes to its neighbours, as the
platform does, until nobody's order is left behind at a rim.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, replace
from math import isqrt
from random import Random
from typing import Final

from dispatch.engine import decide
from dispatch.engine.model import Demand, Driver, DriverState, Job, Past, Snapshot
from dispatch.engine.policy import Policy
from dispatch.engine.travel import Point, StraightLine

ZONE_M: Final = 4000.0  # side of a square zone, where their number is not asked for
DRIVERS_PER_ZONE: Final = 250
JOBS_PER_DRIVER: Final = 0.3
RESTAURANTS: Final = 60
NOW_S: Final = 1_700_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CityRound:
    """One round of all zones."""

    drivers: int
    jobs: int
    zones: int
    cpu_s: float
    """All zones together, one after the other."""
    slowest_ms: float
    handed_over: int
    """Jobs a neighbour zone took."""
    left_behind: int
    """Jobs with no place in any plan afterwards."""
    offers: int


def build_city(drivers: int, seed: int = 1, zones: int | None = None) -> list[list[Snapshot]]:
    """Return the zones as rows of a square grid; the same seed gives the same city.

    `zones` draws so many over the same ground, a square number.

    Raises:
        ValueError: it is none.
    """
    rng = Random(seed)  # noqa: S311  # a made-up city
    usual = max(1, round((drivers / DRIVERS_PER_ZONE) ** 0.5))
    side = usual if zones is None else isqrt(max(0, zones))
    if zones is not None and (zones < 1 or side * side != zones):
        raise ValueError(f"zones: expected a square number, got {zones}")
    width_m, restaurants = ZONE_M * usual / side, max(1, round(RESTAURANTS * (usual / side) ** 2))
    count = side * side
    share = [0.0 if z % 20 == 7 else rng.uniform(0.4, 1.6) for z in range(count)]
    need = [rng.uniform(0.4, 1.6) for _ in range(count)]
    have = _split(drivers, share)
    want = _split(round(drivers * JOBS_PER_DRIVER), need)
    return [
        [
            _zone(f"{row}-{col}", (col * width_m, row * width_m), width_m, restaurants, have[k], want[k], rng)
            for col in range(side)
            for k in [row * side + col]
        ]
        for row in range(side)
    ]


def _split(total: int, share: list[float]) -> list[int]:
    """Return whole parts of `total` in these shares."""
    marks = [0.0]
    for s in share:
        marks.append(marks[-1] + s)
    cuts = [round(total * mark / marks[-1]) for mark in marks]
    return [b - a for a, b in itertools.pairwise(cuts)]


def _zone(name: str, corner: Point, width_m: float, restaurants: int, drivers: int, jobs: int, rng: Random) -> Snapshot:
    places: list[Point] = []

    def somewhere() -> int:
        places.append((corner[0] + rng.uniform(0, width_m), corner[1] + rng.uniform(0, width_m)))
        return len(places) - 1

    kitchens = [somewhere() for _ in range(restaurants)]
    people = []
    for i in range(drivers):
        idle = rng.random() < 0.4
        free_s = NOW_S if idle else NOW_S + rng.uniform(60, 1500)
        people.append(
            Driver(
                id=f"{name}/d{i}",
                state=DriverState.IDLE if idle else DriverState.BUSY,
                place=somewhere(),
                free_s=free_s,
                off_s=NOW_S + rng.uniform(3600, 5 * 3600),
            )
        )
    work = []
    for i in range(jobs):
        kitchen = rng.randrange(restaurants)
        placed_s = NOW_S - rng.uniform(0, 900)
        work.append(
            Job(
                id=f"{name}/j{i}",
                restaurant=f"{name}/r{kitchen}",
                pickup=kitchens[kitchen],
                dropoff=somewhere(),
                placed_s=placed_s,
                ready_s=placed_s + rng.uniform(480, 1500),
            )
        )
    return Snapshot(
        zone=name,
        now_s=NOW_S,
        period_s=10.0,
        places=tuple(places),
        metres=True,
        jobs=tuple(work),
        drivers=tuple(people),
        travel=StraightLine(),
        demand=tuple(Demand(place=k, weight=1.0) for k in kitchens),
        past=tuple(
            Past(id=j.id, pickup=j.pickup, dropoff=j.dropoff, placed_s=j.placed_s, ready_s=j.ready_s) for j in work
        ),
    )


def run_city(drivers: int, policy: Policy, seed: int = 1, zone_count: int | None = None) -> CityRound:
    """Decide every zone once from nothing, hand over what has no place, and measure CPU time.

    Raises:
        ValueError: `zone_count` is no square number.
    """
    grid = build_city(drivers, seed, zone_count)
    zones = {(y, x): zone for y, row in enumerate(grid) for x, zone in enumerate(row)}
    cpu: list[float] = []
    stuck: list[tuple[tuple[int, int], Job, Point, Point]] = []
    offers = handed_over = 0
    memos: dict[tuple[int, int], bytes | None] = {}
    for at, zone in zones.items():
        clock = time.process_time()
        plan = decide(zone, policy)
        cpu.append(time.process_time() - clock)
        offers += len(plan.proposals)
        memos[at] = plan.memo
        stuck += [
            (at, job, zone.places[job.pickup], zone.places[job.dropoff]) for job in zone.jobs if job.id in plan.unplaced
        ]
    left: list[Job] = [job for _, job, _, _ in stuck]
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        arrivals: dict[tuple[int, int], list[tuple[Job, Point, Point]]] = {}
        for (y, x), job, pickup, door in stuck:
            if job in left and (y + dy, x + dx) in zones:
                arrivals.setdefault((y + dy, x + dx), []).append((job, pickup, door))
        for at, moved in arrivals.items():
            zone = zones[at]
            n = len(zone.places)
            places = (*zone.places, *(p for _, pickup, door in moved for p in (pickup, door)))
            jobs = tuple(replace(job, pickup=n + 2 * i, dropoff=n + 2 * i + 1) for i, (job, _, _) in enumerate(moved))
            zones[at] = replace(zone, places=places, jobs=(*zone.jobs, *jobs), memo=memos[at])
            clock = time.process_time()
            plan = decide(zones[at], policy)
            cpu.append(time.process_time() - clock)
            memos[at] = plan.memo
            taken = {job.id for job in jobs} - set(plan.unplaced)
            handed_over += len(taken)
            left = [job for job in left if job.id not in taken]
    return CityRound(
        drivers=drivers,
        jobs=sum(len(zone.jobs) for row in grid for zone in row),
        zones=len(zones),
        cpu_s=sum(cpu),
        slowest_ms=1e3 * max(cpu),
        handed_over=handed_over,
        left_behind=len(left),
        offers=offers,
    )
