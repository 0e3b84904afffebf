"""The exchange of tails: two drivers swap what they do after some trip, where that costs less.

What is left of a route before the cut is its head, what comes after it the tail.
"""

from __future__ import annotations

import numpy as np

from dispatch.engine.arrays import FAR, Bools, Floats, Ints
from dispatch.engine.plan.compiled import kernel
from dispatch.engine.plan.cost import follow, go, route_cost, wait_cost
from dispatch.engine.plan.moves import LESS, take
from dispatch.engine.plan.problem import Problem, Routes


@kernel
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


@kernel
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
        head[i + 1] = head[i] + wait_cost(p, r.seq[d, i], door[i]) + (driver.start_cost if i == 0 else 0.0)
        end[i + 1] = door[i] + rule.half_dropoff
        trips += r.new[d, i]
    return trips


@kernel
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
        total += wait_cost(p, o, t) + p.refusal[o, a]
        if total >= limit:
            return float(total)
        t += rule.half_dropoff
        here = job.dropoff
    return float(total)


@kernel
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


@kernel
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
