"""The moves of the search. Each one lowers the total cost or is not made.

Three ways to insert a job at a position of a route: ALONE as a trip of its own, AFTER the
job before it in the same trip, BEFORE the first job of a trip; jobs of one trip are of the same
restaurant, or of two near each other.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from dispatch.engine.arrays import FAR, Bools, Floats, Ints
from dispatch.engine.plan.cost import follow, go, may_share, route_cost
from dispatch.engine.plan.problem import Problem, Routes

ALONE: Final = 0
AFTER: Final = 1
BEFORE: Final = 2
LESS: Final = 1e-6  # seconds a move must save, so that float noise never moves anything


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def first_trip_end(new: Ints, n: int) -> int:
    """Return the number of jobs in the first trip."""
    end = 1
    while end < n and new[end] == 0:
        end += 1
    return min(end, n)


@njit(cache=True, nogil=True)
def note_ends(p: Problem, seq: Ints, new: Ints, n: int, d: int, end: Floats) -> None:
    """Fill when the first i jobs of a route are done, i from 0."""
    pickup = np.empty(n + 1, np.float64)
    door = np.empty(n + 1, np.float64)
    follow(p, seq, new, n, d, pickup, door)
    end[0] = p.drivers[d].free
    for i in range(n):
        end[i + 1] = door[i] + p.rules[0].half_dropoff


@njit(cache=True, nogil=True)
def alone_floor(p: Problem, o: int, d: int, start: float, here: int) -> float:
    """Return the least that job o costs as a trip of its own, driver d free at `start` at place `here`.

    What follows it in the route is served no earlier than before, by the triangle inequality: an
    insertion never costs less than this.
    """
    job, rule = p.jobs[o], p.rules[0]
    at = max(start + go(p, here, job.pickup) + job.half_pickup, job.ready)
    door = at + job.half_pickup + job.direct + rule.half_dropoff
    return float(job.weight * (door - job.placed + rule.overage * max(0.0, door - job.due)) + p.refusal[o, d])


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def note_change(r: Routes, d: int) -> None:
    """Note that the route of driver d is another one now."""
    r.changes[0] += 1
    r.changed[d] = r.changes[0]


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def write_joined(r: Routes, a: int, cut_a: int, b: int, cut_b: int, seq_to: Ints, new_to: Ints) -> int:
    """Write the head of route a (before cut_a) and the tail of b (from cut_b); return its length."""
    for i in range(cut_a):
        seq_to[i] = r.seq[a, i]
        new_to[i] = r.new[a, i]
    tail = int(r.length[b]) - cut_b
    for i in range(tail):
        seq_to[cut_a + i] = r.seq[b, cut_b + i]
        new_to[cut_a + i] = r.new[b, cut_b + i]
    return cut_a + tail


@njit(cache=True, nogil=True)
def take(r: Routes, d: int, seq: Ints, new: Ints, n: int, cost: float) -> None:
    """Make (seq, new, n) the route of driver d."""
    note_change(r, d)
    r.length[d] = n
    r.cost[d] = cost
    for i in range(n):
        r.seq[d, i] = seq[i]
        r.new[d, i] = new[i]
        r.where[seq[i]] = d


@njit(cache=True, nogil=True)
def note_heads(p: Problem, r: Routes, d: int, head: Floats, end: Floats, cuttable: Bools) -> int:
    """Fill the cost of the first i jobs (without pay), when they are done and whether a head may end there.

    Returns the number of trips.
    """
    n = r.length[d]
    driver = p.drivers[d]
    pickup = np.empty(n + 1, np.float64)
    door = np.empty(n + 1, np.float64)
    follow(p, r.seq[d], r.new[d], n, d, pickup, door)
    rule = p.rules[0]
    head[0] = 0.0
    end[0] = driver.free
    cuttable[0] = driver.fixed < 0 and not driver.sealed
    trips = 0
    for i in range(n):
        cuttable[i + 1] = i + 1 == n or r.new[d, i + 1] == 1
        job = p.jobs[r.seq[d, i]]
        late = max(0.0, door[i] - job.due)
        cost = job.weight * (door[i] - job.placed + rule.overage * late)
        head[i + 1] = head[i] + cost + (driver.start_cost if i == 0 else 0.0)
        end[i + 1] = door[i] + rule.half_dropoff
        trips += r.new[d, i]
    return trips


@njit(cache=True, nogil=True)
def tail_floor(p: Problem, r: Routes, b: int, cut_b: int, a: int, cut_a: int, start: float, limit: float) -> float:
    """Return the least that the tail of b (from `cut_b`) can cost after the head of a (before `cut_a`), done at `start`.

    Food counts as ready when it is expected, second restaurants as passed on the way; stops early
    once `limit` is reached.
    """
    driver, rule = p.drivers[a], p.rules[0]
    total, t = 0.0, start
    here = driver.place
    if cut_a > 0:
        here = p.jobs[r.seq[a, cut_a - 1]].dropoff
    elif cut_b < r.length[b]:
        total = driver.start_cost
    for i in range(cut_b, r.length[b]):
        o = r.seq[b, i]
        job = p.jobs[o]
        if p.floor[o, a] >= FAR / 2:
            return FAR
        if r.new[b, i] == 1:
            t = max(t + go(p, here, job.pickup) + job.half_pickup, job.ready) + job.half_pickup + job.direct
        else:
            t += go(p, here, job.dropoff)
        t += rule.half_dropoff
        total += job.weight * (t - job.placed + rule.overage * max(0.0, t - job.due)) + p.refusal[o, a]
        if total >= limit:
            return float(total)
        t += rule.half_dropoff
        here = job.dropoff
    return float(total)


@njit(cache=True, nogil=True)
def near_pairs(p: Problem, r: Routes) -> Bools:
    """Return (drivers, drivers): True where one has a job that is a candidate for the other."""
    m = len(p.drivers)
    near = np.zeros((m, m), np.bool_)
    for o in range(len(p.jobs)):
        home = r.where[o]
        if home < 0:
            continue
        for d in range(m):
            if p.floor[o, d] < FAR / 2:
                near[home, d] = True
                near[d, home] = True
    return near


@njit(cache=True, nogil=True)
def exchange_tails(p: Problem, r: Routes, budget: int) -> int:
    """Swap what two drivers do after some trip where that costs less; return the moves."""
    width = r.seq.shape[1]
    m = len(p.drivers)
    seq_a = np.empty(2 * width, np.int64)
    new_a = np.empty(2 * width, np.int64)
    seq_b = np.empty(2 * width, np.int64)
    new_b = np.empty(2 * width, np.int64)
    head = np.zeros((m, width + 1), np.float64)
    end = np.zeros((m, width + 1), np.float64)
    cuttable = np.zeros((m, width + 1), np.bool_)
    trips = np.zeros(m, np.int64)
    for d in range(m):
        trips[d] = note_heads(p, r, d, head[d], end[d], cuttable[d])
    near = near_pairs(p, r)
    most = p.rules[0].max_stops
    since = r.changes[1]
    r.changes[1] = r.changes[0]
    moves = 0
    for a in range(m):
        if p.drivers[a].shut:
            continue
        for b in range(a + 1, m):
            if not near[a, b] or (trips[a] < 2 and trips[b] < 2):
                continue  # single trips: relocation and the re-deal cover these
            if r.changed[a] <= since and r.changed[b] <= since:
                continue  # nothing came of it the last time
            if p.drivers[b].shut or moves >= budget:
                continue
            best = r.cost[a] + r.cost[b] - LESS
            done = False
            for i in range(r.length[a] + 1):
                if not cuttable[a, i]:
                    continue
                for j in range(r.length[b] + 1):
                    if not cuttable[b, j] or (i == r.length[a] and j == r.length[b]):
                        continue
                    if i + r.length[b] - j > most or j + r.length[a] - i > most:
                        continue
                    room = best - head[a, i] - head[b, j]
                    if room <= 0.0:
                        continue
                    if j < r.length[b] and p.floor[r.seq[b, j], a] >= room:
                        continue
                    if i < r.length[a] and p.floor[r.seq[a, i], b] >= room:
                        continue
                    room -= tail_floor(p, r, b, j, a, i, end[a, i], room)
                    if room <= 0.0 or tail_floor(p, r, a, i, b, j, end[b, j], room) >= room:
                        continue
                    n_a = write_joined(r, a, i, b, j, seq_a, new_a)
                    cost_a = route_cost(p, seq_a, new_a, n_a, a)
                    if cost_a >= FAR / 2:
                        continue
                    n_b = write_joined(r, b, j, a, i, seq_b, new_b)
                    cost_b = route_cost(p, seq_b, new_b, n_b, b)
                    if cost_a + cost_b < best:
                        take(r, a, seq_a, new_a, n_a, cost_a)
                        take(r, b, seq_b, new_b, n_b, cost_b)
                        trips[a] = note_heads(p, r, a, head[a], end[a], cuttable[a])
                        trips[b] = note_heads(p, r, b, head[b], end[b], cuttable[b])
                        for d in range(m):
                            near[a, d] = near[b, d] = near[d, a] = near[d, b] = True
                        moves += 1
                        done = True
                        break
                if done:
                    break
    return moves


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def follow_all(p: Problem, r: Routes, pickup: Floats, door: Floats) -> None:
    """Fill the (drivers, stops) moments of pickup and door."""
    for d in range(len(p.drivers)):
        follow(p, r.seq[d], r.new[d], r.length[d], d, pickup[d], door[d])


@njit(cache=True, nogil=True)
def cost_all(p: Problem, r: Routes) -> None:
    """Fill `r.cost`."""
    for d in range(len(p.drivers)):
        r.cost[d] = route_cost(p, r.seq[d], r.new[d], r.length[d], d)
