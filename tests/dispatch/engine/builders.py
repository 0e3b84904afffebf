"""The plainest valid job, driver and snapshot; a test states only what it is about.

Flat metres, 10 m/s without detour: 600 m are a minute. Half services are a minute each.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from dispatch.engine import Driver, DriverState, Job, Past, Policy, Snapshot, StraightLine

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
    seed: int, *, jobs: int = 12, drivers: int = 8, rough: bool = True, spread: float = 6.0
) -> Snapshot:
    """Return a town full of everything: held trips, offers, breaks, vehicles, declined pairs.

    Its four restaurants lie up to `spread` minutes from the middle in x and in y.
    """
    rng = random.Random(seed)
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
    return town.snapshot(past=past if rough else ())


EVERYTHING_OPEN = Policy(strategy="plan", position_weight=0.0, acceptance_weight=0.0)
