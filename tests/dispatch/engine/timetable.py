"""The rules of a route in plain Python, written apart from the kernels to check them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dispatch.engine import Driver, Job, Policy, Snapshot


def expected_pickup_s(at: float, ready: float, std: float) -> float:
    """E[max(at, N(ready, std))] by summing the density."""
    if std == 0:
        return max(at, ready)
    steps = 4000
    total = 0.0
    for i in range(steps):
        z = -8 + 16 * (i + 0.5) / steps
        weight = math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * 16 / steps
        total += weight * max(at, ready + std * z)
    return total


def follow(
    snapshot: Snapshot, driver: Driver, trips: Sequence[Sequence[Job]], within_m: float = 0.0
) -> tuple[dict[str, tuple[float, float]], bool]:
    """Return {job: (pickup, door)} and whether every rule of shift, break, pair and restaurants is kept."""
    t = driver.free_s
    if driver.state != "INBOUND":
        t = max(t, snapshot.now_s)
    here, ok = driver.place, True
    times: dict[str, tuple[float, float]] = {}
    for trip in trips:
        begin = t
        restaurants = list(dict.fromkeys(j.restaurant for j in trip))
        ok &= len(restaurants) <= 2
        pickups: dict[str, float] = {}
        for restaurant in restaurants:
            there = [j for j in trip if j.restaurant == restaurant]
            half, last = snapshot.half_pickup_at(restaurant), max(there, key=lambda j: j.ready_s)
            ok &= restaurant == restaurants[0] or snapshot.distance_m(trip[0].pickup, there[0].pickup) <= within_m
            at = max(t + snapshot.time_s(here, there[0].pickup) + half, snapshot.now_s)
            pickups[restaurant] = expected_pickup_s(at, last.ready_s, last.ready_std_s)
            ok &= pickups[restaurant] <= driver.off_s + 1
            t, here = pickups[restaurant] + half, there[0].pickup
        ok &= sum(j.size for j in trip) <= driver.capacity
        ok &= all(driver.id not in j.declined or j.holder == driver.id for j in trip)
        ok &= all(j.vehicles is None or driver.vehicle in j.vehicles for j in trip)
        for job in trip:
            t += snapshot.time_s(here, job.dropoff) + snapshot.half_dropoff_s
            times[job.id] = (pickups[job.restaurant], t)
            t += snapshot.half_dropoff_s
            here = job.dropoff
        if driver.break_s:
            ok &= not (t > driver.break_s[0] + 1 and begin < driver.break_s[1] - 1)
    return times, ok


def due_s(policy: Policy, job: Job) -> float:
    """Return when a job is late: after the target or the promise, whichever is later."""
    return max(job.placed_s + policy.target_s, job.promised_s or 0.0)


def cost(snapshot: Snapshot, policy: Policy, driver: Driver, trips: Sequence[Sequence[Job]]) -> float:
    """Return the cost of a route as `docs/dispatch.md` states it, without start costs."""
    if not trips:
        return 0.0
    times, ok = follow(snapshot, driver, trips, policy.stack_within_m)
    if not ok:
        return math.inf
    total = 0.0
    for job in (j for trip in trips for j in trip):
        door = times[job.id][1]
        seconds = door - job.placed_s + policy.overage_weight * max(0.0, door - due_s(policy, job))
        total += (1 + policy.priority_weight * job.priority) * seconds
    n = sum(map(len, trips))
    guaranteed = max(0.0, driver.guarantee_orders - driver.taken)
    return total + policy.pay_weight_s * min(n, max(0.0, n - guaranteed))


def start_costs(snapshot: Snapshot, policy: Policy) -> dict[str, float]:
    """Return what each driver without a binding trip costs as such: position and fairness."""
    asked = {driver for job in snapshot.jobs for driver in job.offered_to}
    loose = [
        driver
        for driver in snapshot.drivers
        if not driver.holding
        and driver.id not in asked
        and (driver.state != "UPCOMING" or driver.free_s <= snapshot.now_s + policy.look_ahead_s)
    ]
    total = sum(demand.weight for demand in snapshot.demand)
    reach = {
        driver.id: sum(d.weight * snapshot.time_s(driver.place, d.place) for d in snapshot.demand) / total
        for driver in loose
    }
    far = sum(reach.values()) / max(1, len(loose))
    idle = sum(driver.idle_s for driver in loose) / max(1, len(loose))
    return {
        driver.id: policy.position_weight * (far - reach[driver.id]) + policy.fairness_weight * (idle - driver.idle_s)
        for driver in loose
    }
