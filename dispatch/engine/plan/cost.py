"""What a route costs. Compiled; the same arithmetic runs uncompiled for tests.

Cost of a route, in seconds of one customer:

    sum over jobs  weight * (door - placed + overage * max(0, door - due))
                   (an order that is only expected: as if at the door by `counted`, if it comes later)
    + what a refusal costs on average, for each job that he has not accepted yet
    + pay for each job above the driver's guarantee
    + the driver's start cost

and FAR when it breaks a rule: shift end, break, capacity, batch limits, a forbidden pair.
"""

from __future__ import annotations

import math

import numpy as np

from dispatch.engine.arrays import FAR, Bools, Floats, Ints
from dispatch.engine.plan.compiled import kernel
from dispatch.engine.plan.problem import Problem


@kernel
def go(p: Problem, a: int, b: int) -> float:
    """Return the travel seconds from place a to place b."""
    if p.table.shape[0] > 0:
        return float(p.table[a, b])
    dx = p.points[a, 0] - p.points[b, 0]
    dy = p.points[a, 1] - p.points[b, 1]
    dz = p.points[a, 2] - p.points[b, 2]
    rule = p.rules[0]
    way = math.sqrt(dx * dx + dy * dy + dz * dz)
    if rule.arc > 0.0:
        way = rule.arc * math.asin(min(1.0, way / rule.arc))
    seconds = way * rule.pace
    if rule.step > 0.0:
        seconds = np.ceil(seconds / rule.step - 1e-9) * rule.step
    return float(seconds)


@kernel
def expected_later(at: float, mean: float, std: float) -> float:
    """Return the expectation of max(at, X) for normal X: when pickup happens on average.

    Source: C. E. Clark, "The Greatest of a Finite Set of Random Variables", Operations
    Research 9 (1961), with one variable fixed.
    """
    if std <= 0.0:
        return max(at, mean)
    z = (at - mean) / std
    if z > 6.0:
        return at
    if z < -6.0:
        return mean
    below = 0.5 * math.erfc(-z / math.sqrt(2.0))
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return at * below + mean * (1.0 - below) + std * density


@kernel
def may_share(near: Bools, a: int, b: int) -> bool:
    """Return whether one trip may hold jobs of the restaurants a and b."""
    return a == b or (near.shape[0] > 0 and near[a, b])


@kernel
def wait_cost(p: Problem, o: int, door: float) -> float:
    """Return what it costs that job o comes to its door at a moment."""
    job = p.jobs[o]
    door = min(door, job.counted)
    cost = job.weight * (door - job.placed)
    if door > job.due:
        cost += job.weight * p.rules[0].overage * (door - job.due)
    return float(cost)


@kernel
def follow(p: Problem, seq: Ints, new: Ints, n: int, d: int, pickup: Floats, door: Floats) -> float:
    """Return the cost of a route of n jobs for driver d; fill pickup and door moments.

    A trip with jobs of two restaurants fetches all of them first, at the restaurant of the first
    drop first. `pickup` and `door` may have length 0, then nothing is noted.
    """
    if n == 0:
        return 0.0
    driver = p.drivers[d]
    rule = p.rules[0]
    half_dropoff = rule.half_dropoff
    note = pickup.shape[0] > 0
    t = driver.free
    here = driver.place
    cost = driver.start_cost
    k = 0
    while k < n:
        first = p.jobs[seq[k]]
        if k == 0 and driver.fixed >= 0 and first.restaurant != driver.fixed:
            return FAR
        ready = first.ready
        std = first.ready_std
        load = first.units
        second, ready_2, std_2 = -1, 0.0, 0.0  # the first job of the other restaurant; when all of its food is ready
        j = k + 1
        while j < n and new[j] == 0:
            other = p.jobs[seq[j]]
            if other.restaurant == first.restaurant:
                if other.ready > ready:
                    ready = other.ready
                    std = other.ready_std
            elif second < 0:
                if not may_share(p.near, first.restaurant, other.restaurant):
                    return FAR
                second, ready_2, std_2 = seq[j], other.ready, other.ready_std
            elif other.restaurant != p.jobs[second].restaurant:
                return FAR
            elif other.ready > ready_2:
                ready_2 = other.ready
                std_2 = other.ready_std
            load += other.units
            j += 1
        if load > driver.capacity or j - k > rule.max_batch:
            return FAR
        bound = k == 0 and (driver.fixed >= 0 or driver.sealed)  # a fact, however late it has become
        begin = t
        way = go(p, here, first.pickup)
        at = expected_later(max(t + way + first.half_pickup, 0.0), ready, std)
        if at > driver.off:
            return FAR
        leave = at + first.half_pickup
        t = leave
        here = first.pickup
        at_2, leave_2 = at, leave
        if second >= 0:
            other = p.jobs[second]
            at_2 = expected_later(leave + go(p, here, other.pickup) + other.half_pickup, ready_2, std_2)
            if at_2 > driver.off:
                return FAR
            leave_2 = at_2 + other.half_pickup
            t = leave_2
            here = other.pickup
        for q in range(k, j):
            o = seq[q]
            if p.banned[d, o]:
                return FAR
            job = p.jobs[o]
            fetched, left = (at, leave) if job.restaurant == first.restaurant else (at_2, leave_2)
            if q == k and second < 0:
                t += job.direct + half_dropoff
            else:
                t += go(p, here, job.dropoff) + half_dropoff
                if t - half_dropoff - left - job.direct > rule.max_detour:
                    return FAR
                if t - fetched > rule.max_food_age:
                    return FAR
            if j - k > 1 and t - job.due > rule.max_late and not bound:
                return FAR
            cost += wait_cost(p, o, t)
            if k > 0 or driver.fixed < 0:
                cost += p.refusal[o, d]
            if note:
                pickup[q] = fetched
                door[q] = t
            t += half_dropoff
            here = job.dropoff
        if t > driver.break_from and begin < driver.break_to:
            return FAR
        k = j
    if t >= FAR / 2:
        return FAR
    paid = n - driver.guaranteed
    if paid > 0.0:
        cost += rule.pay * min(paid, float(n))
    return float(cost)


@kernel
def route_cost(p: Problem, seq: Ints, new: Ints, n: int, d: int) -> float:
    """Return the cost of a route of n jobs for driver d."""
    nothing = np.empty(0, np.float64)
    return float(follow(p, seq, new, n, d, nothing, nothing))


@kernel
def fill_floor(p: Problem) -> None:
    """Fill `p.floor`: the job alone, as the driver's very next trip.

    Nothing he does before can bring him to the restaurant earlier, because times obey the
    triangle inequality; so a candidate whose floor is not below the best cost is skipped.
    """
    rule = p.rules[0]
    for o in range(len(p.jobs)):
        job = p.jobs[o]
        for d in range(len(p.drivers)):
            driver = p.drivers[d]
            p.floor[o, d] = FAR
            if driver.shut or p.banned[d, o]:
                continue
            way = go(p, driver.place, job.pickup)
            at = max(driver.free + way + job.half_pickup, 0.0)
            if job.ready > at:
                at = job.ready
            if at > driver.off:
                continue
            t = at + job.half_pickup + job.direct + rule.half_dropoff
            cost = wait_cost(p, o, t)
            if driver.fixed < 0 or not may_share(p.near, job.restaurant, driver.fixed):
                cost += p.refusal[o, d]
            if t < FAR / 2:
                p.floor[o, d] = cost + min(0.0, driver.start_cost)
