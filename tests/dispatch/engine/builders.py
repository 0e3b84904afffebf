"""The plainest valid job, driver and snapshot; a test states only what it is about.

Flat metres, 10 m/s without detour: 600 m are a minute. Half services are a minute each.
"""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

from dispatch.engine import Demand, Driver, DriverState, Job, Past, Policy, Snapshot, StraightLine, Table

NOW_S = 1_700_000_000.0
MINUTE = 60.0


class Town:
    """Collects places; points are minutes of travel from the middle."""

    def __init__(self) -> None:
        self.places: list[tuple[float, float]] = []
        self.jobs: list[Job] = []
        self.drivers: list[Driver] = []

    def place(self, x: float, y: float = 0.0) -> int:
        self.places.append((600.0 * x, 600.0 * y))
        return len(self.places) - 1

    def job(
        self,
        name: str,
        *,
        at: float = 0.0,
        to: float = 5.0,
        ready: float = 0.0,
        placed: float = -10.0,
        restaurant: str | None = None,
        **more: Any,
    ) -> Job:
        """Minutes from now for `ready` and `placed`."""
        job = Job(
            id=name,
            restaurant=restaurant or f"r{at:g}",
            pickup=self.place(at),
            dropoff=self.place(to),
            placed_s=NOW_S + placed * MINUTE,
            ready_s=NOW_S + ready * MINUTE,
            **more,
        )
        self.jobs.append(job)
        return job

    def driver(
        self, name: str, *, at: float = 0.0, free: float = 0.0, state: DriverState = DriverState.IDLE, **more: Any
    ) -> Driver:
        driver = Driver(id=name, state=state, place=self.place(at), free_s=NOW_S + free * MINUTE, **more)
        self.drivers.append(driver)
        return driver

    def snapshot(self, **more: Any) -> Snapshot:
        return Snapshot(
            **{
                "zone": "town",
                "now_s": NOW_S,
                "period_s": 10.0,
                "places": tuple(self.places),
                "metres": True,
                "jobs": tuple(self.jobs),
                "drivers": tuple(self.drivers),
                "travel": StraightLine(speed_mps=10.0, factor=1.0),
                "half_pickup_s": MINUTE,
                "half_dropoff_s": MINUTE,
                **more,
            }
        )


def random_snapshot(
    seed: int, *, jobs: int = 12, drivers: int = 8, rough: bool = True, spread: float = 6.0, world: str = "flat"
) -> Snapshot:
    """Return a town full of everything: held trips, offers, breaks, vehicles, declined pairs, promises, demand.

    Its four restaurants lie up to `spread` minutes from the middle in x and in y; `world` is one of `WORLDS`.
    """
    rng = random.Random(seed)
    extra = random.Random(f"{seed}, once more")  # what came later, so that a seed keeps the town it had
    town = Town()
    kitchens = [(rng.uniform(-spread, spread), rng.uniform(-spread, spread)) for _ in range(4)]

    def new_job(name: str, kitchen: int, **more: Any) -> Job:
        return Job(
            id=name,
            restaurant=f"r{kitchen}",
            pickup=town.place(*kitchens[kitchen]),
            dropoff=town.place(rng.uniform(-8, 8), rng.uniform(-8, 8)),
            placed_s=NOW_S - rng.uniform(0, 30) * MINUTE,
            ready_s=NOW_S + rng.uniform(-10, 25) * MINUTE,
            ready_std_s=rng.choice([0.0, 0.0, 240.0]) if rough else 0.0,
            size=rng.choice([1, 1, 2]) if rough else 1,
            priority=rng.choice([0, 0, 1]) if rough else 0,
            pay=extra.choice([None, 400.0, 900.0]) if rough else None,
            **more,
        )

    for i in range(drivers):
        kind = rng.random() if rough else 0.0
        place, name = town.place(rng.uniform(-8, 8), rng.uniform(-8, 8)), f"d{i}"
        driver = Driver(
            id=name,
            state=DriverState.IDLE,
            place=place,
            free_s=NOW_S,
            capacity=rng.choice([2, 3, 5]) if rough else 9,
            vehicle=rng.choice(["bike", "car"]),
            off_s=NOW_S + rng.uniform(5, 200) * MINUTE if rough else float("inf"),
            guarantee_orders=rng.uniform(0, 3),
            accept_p=rng.choice([1.0, 0.7]) if rough else 1.0,
        )
        if rough:
            usual = {"usual_km": extra.uniform(0.5, 6), "usual_pay": math.log(extra.uniform(50, 900))}
            driver = replace(
                driver, idle_s=extra.uniform(0, 3600), misses=extra.randrange(8), **extra.choice([usual, {}])
            )
        if kind > 0.85:
            kitchen = rng.randrange(4)
            held = [new_job(f"h{i}{k}", kitchen, holder=name) for k in range(rng.choice([1, 2]))]
            town.jobs += held
            driver = replace(
                driver,
                state=DriverState.INBOUND,
                place=held[0].pickup,
                restaurant=f"r{kitchen}",
                free_s=NOW_S + rng.uniform(-3, 9) * MINUTE,
                holding=tuple(j.id for j in held),
            )
        elif kind > 0.75:
            town.jobs.append(new_job(f"o{i}", rng.randrange(4), offered_to=frozenset({name})))
            driver = replace(driver, has_open_offer=True)
        elif kind > 0.5:
            driver = replace(driver, state=DriverState.BUSY, free_s=NOW_S + rng.uniform(0, 20) * MINUTE)
        elif kind > 0.4:
            on = NOW_S + rng.uniform(1, 90) * MINUTE
            driver = replace(driver, state=DriverState.UPCOMING, free_s=on, on_s=on, off_s=on + 7200)
        elif kind > 0.3:
            begin = NOW_S + rng.uniform(0, 60) * MINUTE
            driver = replace(driver, break_s=(begin, begin + 900))
        town.drivers.append(driver)
    for k in range(jobs):
        more: dict[str, Any] = {}
        if rough and rng.random() < 0.3:
            declined = frozenset(rng.sample([d.id for d in town.drivers], min(2, drivers)))
            more = {"declined": declined, "refusals": len(declined)}
        if rough and rng.random() < 0.1:
            more["vehicles"] = frozenset({"car"})
        if rough and rng.random() < 0.05:
            more["held"] = True
        town.jobs.append(new_job(f"j{k}", rng.randrange(4), **more))
    past = tuple(
        Past(id=j.id, pickup=j.pickup, dropoff=j.dropoff, placed_s=j.placed_s, ready_s=j.ready_s) for j in town.jobs
    )
    if not rough:
        return in_world(town.snapshot(), world)
    town.jobs = [extra.choice([job, promised(job, extra)]) for job in town.jobs]
    demand = tuple(Demand(place=town.place(*at), weight=extra.uniform(0.05, 9)) for at in kitchens)
    lost = next((job.dropoff for job in town.jobs if job.id == "j0"), None) if extra.random() < 0.3 else None
    return in_world(town.snapshot(past=past, demand=demand), world, lost=lost)


def promised(job: Job, rng: random.Random) -> Job:
    """Return the job with a promise, before or after what the target would be."""
    return replace(job, promised_s=job.placed_s + rng.uniform(10, 60) * MINUTE)


#: Flat metres; degrees on both sides of the 180th meridian; a table by which it goes slower to the north than back.
WORLDS = ("flat", "sphere", "table")


def in_world(snapshot: Snapshot, world: str, *, lost: int | None = None) -> Snapshot:
    """Return the snapshot in another world; its table knows no way to or from the place `lost`."""
    if world == "sphere":
        degree_m = 111_195.0
        across_m = degree_m * math.cos(math.radians(41))
        places = [(180 + x / across_m, 41 + y / degree_m) for x, y in snapshot.places]
        wrapped = tuple((lng - 360 if lng >= 180 else lng, lat) for lng, lat in places)
        return replace(snapshot, places=wrapped, metres=False)
    if world == "table":
        every = range(len(snapshot.places))
        ys = [y for _, y in snapshot.places]
        rows = [[snapshot.time_s(a, b) + 0.03 * (ys[b] - ys[a]) for b in every] for a in every]
        for place in every if lost is not None else ():
            if place != lost:
                rows[place][lost] = rows[lost][place] = math.inf
        return replace(snapshot, travel=Table(rows=tuple(map(tuple, rows))))
    return snapshot


EVERYTHING_OPEN = Policy(strategy="plan", position_weight=0.0, acceptance_weight=0.0)
