"""The moves of the search. Each one lowers the total cost or is not made.

Three ways to insert a job at a position of a route: ALONE as a trip of its own, AFTER the
job before it in the same trip, BEFORE the first job of a trip; jobs of one trip are of the same
restaurant, or of two near each other.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.engine.arrays import FAR, Floats, Ints
from dispatch.engine.plan.compiled import kernel
from dispatch.engine.plan.cost import follow, go, may_share, route_cost, wait_cost
from dispatch.engine.plan.problem import Problem, Routes

ALONE: Final = 0
AFTER: Final = 1
BEFORE: Final = 2
LESS: Final = 1e-6  # seconds a move must save, so that float noise never moves anything


@kernel
def write_inserted(seq: Ints, new: Ints, n: int, pos: int, way: int, o: int, seq_to: Ints, new_to: Ints) -> None:
    """Write the route with job o inserted at `pos` to (seq_to, new_to)."""
    for i in range(pos):
        seq_to[i] = seq[i]
        new_to[i] = new[i]
    seq_to[pos] = o
    new_to[pos] = 0 if way == AFTER else 1
    for i in range(pos, n):
        seq_to[i + 1] = seq[i]
        new_to[i + 1] = new[i]
    if way == BEFORE:
        new_to[pos + 1] = 0


@kernel
def write_removed(seq: Ints, new: Ints, n: int, pos: int, seq_to: Ints, new_to: Ints) -> None:
    """Write the route without the job at `pos`; the next job inherits the start of its trip."""
    for i in range(pos):
        seq_to[i] = seq[i]
        new_to[i] = new[i]
    for i in range(pos + 1, n):
        seq_to[i - 1] = seq[i]
        new_to[i - 1] = new[i]
    if pos < n - 1 and new[pos] == 1:
        new_to[pos] = 1


@kernel
def first_trip_end(new: Ints, n: int) -> int:
    """Return the number of jobs in the first trip."""
    end = 1
    while end < n and new[end] == 0:
        end += 1
    return min(end, n)


@kernel
def note_ends(p: Problem, seq: Ints, new: Ints, n: int, d: int, end: Floats) -> None:
    """Fill when the first i jobs of a route are done, i from 0."""
    pickup = np.empty(n + 1, np.float64)
    door = np.empty(n + 1, np.float64)
    follow(p, seq, new, n, d, pickup, door)
    end[0] = p.drivers[d].free
    for i in range(n):
        end[i + 1] = door[i] + p.rules[0].half_dropoff


@kernel
def alone_floor(p: Problem, o: int, d: int, start: float, here: int) -> float:
    """Return the least that job o costs as a trip of its own, driver d free at `start` at place `here`.

    What follows it in the route is served no earlier than before, by the triangle inequality: an
    insertion never costs less than this.
    """
    job, rule = p.jobs[o], p.rules[0]
    at = max(start + go(p, here, job.pickup) + job.half_pickup, job.ready)
    door = at + job.half_pickup + job.direct + rule.half_dropoff
    return float(wait_cost(p, o, door) + p.refusal[o, d])


@kernel
def best_in_route(
    p: Problem,
    seq: Ints,
    new: Ints,
    n: int,
    base: float,
    end: Floats,
    d: int,
    o: int,
    limit: float,
    seq_to: Ints,
    new_to: Ints,
) -> tuple[float, int, int]:
    """Return (extra cost, position, way) of the cheapest insertion below `limit`, else pos -1.

    `end[i]` is when the first i jobs of the route are done, see `note_ends`.
    """
    driver = p.drivers[d]
    restaurant = p.jobs[o].restaurant
    best, best_pos, best_way = limit, -1, 0
    if n >= p.rules[0].max_stops or base >= FAR / 2:
        return best, best_pos, best_way
    closed = first_trip_end(new, n) if driver.sealed and n > 0 else 0
    begin = driver.start_cost if n == 0 else 0.0
    for pos in range(closed, n + 1):
        edge = pos == n or new[pos] == 1
        for way in range(3):
            if way == ALONE:
                if not edge or (pos == 0 and driver.fixed >= 0):
                    continue
                here = driver.place if pos == 0 else p.jobs[seq[pos - 1]].dropoff
                if begin + alone_floor(p, o, d, end[pos], here) >= best:
                    continue
            elif way == AFTER:
                if pos <= closed or not may_share(p.near, p.jobs[seq[pos - 1]].restaurant, restaurant):
                    continue
            elif pos == n or new[pos] == 0 or not may_share(p.near, p.jobs[seq[pos]].restaurant, restaurant):
                continue
            write_inserted(seq, new, n, pos, way, o, seq_to, new_to)
            extra = route_cost(p, seq_to, new_to, n + 1, d) - base
            if extra < best - 1e-9:
                best, best_pos, best_way = extra, pos, way
    return best, best_pos, best_way


@kernel
def note_change(r: Routes, d: int) -> None:
    """Note that the route of driver d is another one now."""
    r.changes[0] += 1
    r.changed[d] = r.changes[0]


@kernel
def put(p: Problem, r: Routes, o: int, d: int, pos: int, way: int, extra: float) -> None:
    """Insert job o into the route of driver d."""
    seq_to = np.empty(r.seq.shape[1], np.int64)
    new_to = np.empty(r.seq.shape[1], np.int64)
    n = r.length[d]
    write_inserted(r.seq[d], r.new[d], n, pos, way, o, seq_to, new_to)
    r.length[d] = n + 1
    for i in range(n + 1):
        r.seq[d, i] = seq_to[i]
        r.new[d, i] = new_to[i]
    r.cost[d] += extra
    r.where[o] = d
    note_change(r, d)


@kernel
def insert_all(p: Problem, r: Routes, order: Ints) -> int:
    """Insert the jobs of `order` one after the other where each costs least; return how many."""
    width = r.seq.shape[1]
    seq_to = np.empty(width, np.int64)
    new_to = np.empty(width, np.int64)
    end = np.empty((len(p.drivers), width + 1), np.float64)
    for d in range(len(p.drivers)):
        note_ends(p, r.seq[d], r.new[d], r.length[d], d, end[d])
    placed = 0
    for o in order:
        best, best_d, best_pos, best_way = FAR / 2, -1, 0, 0
        for d in range(len(p.drivers)):
            if p.floor[o, d] >= best:
                continue
            extra, pos, way = best_in_route(
                p, r.seq[d], r.new[d], r.length[d], r.cost[d], end[d], d, o, best, seq_to, new_to
            )
            if pos >= 0:
                best, best_d, best_pos, best_way = extra, d, pos, way
        if best_d >= 0:
            put(p, r, o, best_d, best_pos, best_way, best)
            note_ends(p, r.seq[best_d], r.new[best_d], r.length[best_d], best_d, end[best_d])
            placed += 1
    return placed


@kernel
def relocate(p: Problem, r: Routes, budget: int) -> int:
    """Move single jobs to where they cost less, one pass; return the number of moves."""
    width = r.seq.shape[1]
    seq_to = np.empty(width, np.int64)
    new_to = np.empty(width, np.int64)
    seq_less = np.empty(width, np.int64)
    new_less = np.empty(width, np.int64)
    end_less = np.empty(width + 1, np.float64)
    end = np.empty((len(p.drivers), width + 1), np.float64)
    for d in range(len(p.drivers)):
        note_ends(p, r.seq[d], r.new[d], r.length[d], d, end[d])
    moves = 0
    for o in range(len(p.jobs)):
        home = r.where[o]
        if home < 0 or moves >= budget:
            continue
        driver = p.drivers[home]
        if driver.shut:
            continue
        n = r.length[home]
        at = 0
        while r.seq[home, at] != o:
            at += 1
        first = first_trip_end(r.new[home], n)
        if at < first and (driver.sealed or (driver.fixed >= 0 and first == 1)):
            continue  # an offered trip stays as it is, an inbound driver keeps a job
        write_removed(r.seq[home], r.new[home], n, at, seq_less, new_less)
        without = route_cost(p, seq_less, new_less, n - 1, home)
        note_ends(p, seq_less, new_less, n - 1, home, end_less)
        best = r.cost[home] - without - LESS
        best_d, best_pos, best_way = -1, 0, 0
        since = r.looked[o] if r.changed[home] <= r.looked[o] else 0
        for d in range(len(p.drivers)):
            if p.floor[o, d] >= best or r.changed[d] <= since:
                continue
            if d == home:
                extra, pos, way = best_in_route(
                    p, seq_less, new_less, n - 1, without, end_less, d, o, best, seq_to, new_to
                )
            else:
                extra, pos, way = best_in_route(
                    p, r.seq[d], r.new[d], r.length[d], r.cost[d], end[d], d, o, best, seq_to, new_to
                )
            if pos >= 0:
                best, best_d, best_pos, best_way = extra, d, pos, way
        if best_d < 0:
            r.looked[o] = r.changes[0]
            continue
        r.length[home] = n - 1
        for i in range(n - 1):
            r.seq[home, i] = seq_less[i]
            r.new[home, i] = new_less[i]
        r.cost[home] = without
        note_change(r, home)
        put(p, r, o, best_d, best_pos, best_way, best)
        note_ends(p, r.seq[home], r.new[home], r.length[home], home, end[home])
        note_ends(p, r.seq[best_d], r.new[best_d], r.length[best_d], best_d, end[best_d])
        moves += 1
    return moves


@kernel
def take(r: Routes, d: int, seq: Ints, new: Ints, n: int, cost: float) -> None:
    """Make (seq, new, n) the route of driver d."""
    note_change(r, d)
    r.length[d] = n
    r.cost[d] = cost
    for i in range(n):
        r.seq[d, i] = seq[i]
        r.new[d, i] = new[i]
        r.where[seq[i]] = d


@kernel
def deal_costs(p: Problem, r: Routes, routes: Ints, drivers: Ints) -> Floats:
    """Return (routes, drivers): what each whole route would cost with each driver."""
    out = np.empty((len(routes), len(drivers)), np.float64)
    for i in range(len(routes)):
        d = routes[i]
        for j in range(len(drivers)):
            if p.floor[r.seq[d, 0], drivers[j]] >= FAR / 2:
                out[i, j] = FAR
                continue
            out[i, j] = route_cost(p, r.seq[d], r.new[d], r.length[d], drivers[j])
    return out


@kernel
def follow_all(p: Problem, r: Routes, pickup: Floats, door: Floats) -> None:
    """Fill the (drivers, stops) moments of pickup and door."""
    for d in range(len(p.drivers)):
        follow(p, r.seq[d], r.new[d], r.length[d], d, pickup[d], door[d])


@kernel
def cost_all(p: Problem, r: Routes) -> None:
    """Fill `r.cost`."""
    for d in range(len(p.drivers)):
        r.cost[d] = route_cost(p, r.seq[d], r.new[d], r.length[d], d)
