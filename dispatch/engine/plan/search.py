"""The search: from the last round's plan to a better one, in a bounded number of moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from dispatch.engine.arrays import FAR, Arrays, Ints
from dispatch.engine.assignment import assign_rows
from dispatch.engine.plan import memo, moves
from dispatch.engine.plan.cost import fill_floor, route_cost
from dispatch.engine.plan.problem import Problem, Routes, new_routes
from dispatch.engine.plan.tails import exchange_tails
from dispatch.engine.policy import Policy
from dispatch.engine.refusals import price_refusals


@dataclass(slots=True)
class Work:
    """How many moves were made, against `policy.max_moves`.

    One is: a job inserted, a job relocated, two tails exchanged, a route dealt to another driver.
    """

    left: int
    done: int = 0

    def spend(self, count: int) -> bool:
        """Note moves; return whether there were any."""
        self.left -= count
        self.done += count
        return count > 0


def start_routes(p: Problem, a: Arrays, memory: bytes | None, policy: Policy) -> Routes:
    """Return routes with what is binding first, then what the last round planned.

    Accepted and offered jobs are the first trip of their driver whatever the memory says. Of
    the memory every trip counts as far as its jobs are still open, may share a trip and are in
    no other route; trips at the end are dropped until the route breaks no rule.
    """
    m, n = len(a.drivers), len(a.jobs)
    width = policy.max_stops + _most_bound(a) + 2
    r = new_routes(n, m, width)
    _price_refusals(p, a, policy)
    at = {job.id: k for k, job in enumerate(a.jobs)}
    last = memo.read(memory)
    released = _place_bound(p, a, r, at, last)
    remembered: dict[int, list[list[int]]] = {}
    for d, driver in enumerate(a.drivers):
        trips = last.get(driver.id, ())
        if not trips or p.drivers[d]["shut"]:
            continue
        for trip in trips[1:] if p.drivers[d]["fixed"] >= 0 else trips:
            jobs = [at[j] for j in trip if j in at]
            jobs = [k for k in jobs if k in released or _is_loose(a, r, k)]
            jobs = [k for k in dict.fromkeys(jobs) if a.may_share(k, int(a.restaurant[jobs[0]]))]
            if jobs and r.length[d] + len(jobs) <= policy.max_stops:
                _append(r, d, jobs)
                released.difference_update(jobs)
                remembered.setdefault(d, []).append(jobs)
    moves.cost_all(p, r)
    for d in [d for d in remembered if r.cost[d] >= FAR / 2]:
        while r.cost[d] >= FAR / 2 and remembered[d]:
            jobs = remembered[d].pop()
            r.length[d] -= len(jobs)
            r.where[jobs] = -1
            r.cost[d] = _cost(p, r, d)
    _give_back(p, a, r)
    return r


def _most_bound(a: Arrays) -> int:
    """Return the most jobs any driver has accepted or been offered: they are in his route, whatever the policy's limit."""
    keepers = Counter(name for job in a.jobs for name in (job.holder, *job.offered_to) if name)
    return max((max(keepers[d.id], len(d.holding)) for d in a.drivers), default=0)


def _price_refusals(p: Problem, a: Arrays, policy: Policy) -> None:
    """Fill `p.refusal` where drivers do refuse."""
    if not policy.acceptance_weight or not p.floor.size or (a.chance >= 1.0).all():
        return
    fill_floor(p)
    lost = price_refusals(p.floor, a.chance.T, a.answer, a.weight)
    p.refusal[:] = np.where(p.floor < FAR / 2, policy.acceptance_weight * lost, 0.0)


def _place_bound(p: Problem, a: Arrays, r: Routes, at: dict[str, int], last: dict[str, memo.Trips]) -> set[int]:
    """Put accepted and offered jobs first; return accepted ones the last plan had elsewhere.

    Who accepted something begins with what the last plan made of it, jobs got from others
    included. Where that breaks a rule he keeps what he accepted, and nobody else gets it.
    """
    own = _bound_jobs(a, at)
    keeper = {k: d for d, jobs in own.items() for k in jobs}
    wish = {at[j]: d for d, trips in last.items() for trip in trips for j in trip if j in at}
    firm = {d for d in own if p.drivers[d]["sealed"]}
    while True:
        free = {k for k in wish if (keeper[k] not in firm if k in keeper else _is_loose(a, r, k))}
        trips = {d: jobs if d in firm else _planned(a, d, jobs, at, last, wish, free) for d, jobs in own.items()}
        failed = {d for d, trip in trips.items() if d not in firm and (not trip or _trip_cost(p, trip, d) >= FAR / 2)}
        if not failed:
            break
        firm |= failed
    for d, trip in trips.items():
        _append(r, d, trip)
        if _cost(p, r, d) >= FAR / 2:
            p.drivers[d]["shut"] = 1  # a fact, though it breaks a rule: leave it alone
    return set(keeper).difference(*trips.values())


def _planned(
    a: Arrays,
    d: int,
    own: list[int],
    at: dict[str, int],
    last: dict[str, memo.Trips],
    wish: dict[int, str],
    free: set[int],
) -> list[int]:
    """Return the first trip the last plan gave a bound driver, and what he accepted that it had nowhere else."""
    name = a.drivers[d].id
    first, *later = [[at[j] for j in trip if j in at] for trip in last.get(name) or ((),)]
    trip = [k for k in dict.fromkeys(first) if k in free and wish[k] == name and a.may_share(k, int(a.fixed[d]))]
    elsewhere = {k for k in own if wish.get(k, name) != name or any(k in each for each in later)}
    return trip + [k for k in own if k not in elsewhere and k not in trip]


def _trip_cost(p: Problem, jobs: list[int], d: int) -> float:
    new = np.zeros(len(jobs), dtype=np.int64)
    new[:1] = 1
    return float(route_cost(p, np.array(jobs, dtype=np.int64), new, len(jobs), d))


def _bound_jobs(a: Arrays, at: dict[str, int]) -> dict[int, list[int]]:
    """Return the accepted jobs (in drop order) and the offered ones of each driver who has any."""
    bound: dict[int, list[int]] = {}
    for d, driver in enumerate(a.drivers):
        own = [at[j] for j in driver.holding if j in at and a.jobs[at[j]].holder == driver.id]
        own = [k for k in own if a.may_share(k, int(a.fixed[d]))]
        own += [int(k) for k in np.nonzero(a.locked == d)[0] if k not in own]
        if own:
            bound[d] = own
    return bound


def _give_back(p: Problem, a: Arrays, r: Routes) -> None:
    """Return accepted jobs that found no place with another driver to who accepted them."""
    at = {driver.id: d for d, driver in enumerate(a.drivers)}
    for k in np.nonzero(r.where < 0)[0]:
        d = at.get(a.jobs[k].holder or "")
        if d is None or not a.may_share(int(k), int(a.fixed[d])):
            continue
        end = int(moves.first_trip_end(r.new[d], int(r.length[d])))
        moves.put(p, r, int(k), d, end, moves.AFTER, 0.0)
        r.cost[d] = _cost(p, r, d)


def _is_loose(a: Arrays, r: Routes, k: int) -> bool:
    return bool(r.where[k] < 0 and a.jobs[k].holder is None and not a.jobs[k].offered_to)


def _append(r: Routes, d: int, jobs: list[int]) -> None:
    n = int(r.length[d])
    r.seq[d, n : n + len(jobs)] = jobs
    r.new[d, n : n + len(jobs)] = 0
    r.new[d, n] = 1
    r.length[d] = n + len(jobs)
    r.where[jobs] = d


def _cost(p: Problem, r: Routes, d: int) -> float:
    return float(route_cost(p, r.seq[d], r.new[d], int(r.length[d]), d))


def keep_candidates(p: Problem, r: Routes, k: int) -> None:
    """Leave each job its k cheapest drivers by floor (ties all), and the one it is with."""
    if p.floor.shape[1] <= k or p.floor.shape[0] == 0:
        return
    edge = np.partition(p.floor, k - 1, axis=1)[:, k - 1 : k]
    far = p.floor > edge
    placed = np.nonzero(r.where >= 0)[0]
    far[placed, r.where[placed]] = False
    p.floor[far] = FAR


def improve(p: Problem, a: Arrays, r: Routes, policy: Policy) -> Work:
    """Insert what is new, then relocate, exchange tails and re-deal until nothing helps or `max_moves` are made.

    Inserting counts but is never cut short: it is one move a job, and a job without a place would starve.
    """
    work = Work(left=policy.max_moves)
    fill_floor(p)
    keep_candidates(p, r, policy.candidates_k)
    movable = np.nonzero((p.drivers["fixed"] < 0) & (p.drivers["shut"] == 0))[0]
    for _ in range(policy.rounds):
        fresh = _fresh(a, r)
        work.spend(moves.insert_all(p, r, fresh))
        for _ in range(policy.passes):
            if work.left <= 0 or not work.spend(moves.relocate(p, r, work.left)):
                break
        if work.left <= 0:
            break
        exchanged = work.spend(exchange_tails(p, r, work.left))
        if work.left <= 0 or not (_deal(p, r, movable, work, policy) or exchanged):
            break
    return work


def _fresh(a: Arrays, r: Routes) -> Ints:
    """Return the jobs in no route that may be given to somebody, soonest ready first."""
    fresh = [k for k in range(len(a.jobs)) if _is_loose(a, r, k)]
    return np.array(sorted(fresh, key=lambda k: (-a.weight[k], a.ready[k], k)), dtype=np.int64)


def _deal(p: Problem, r: Routes, movable: Ints, work: Work, policy: Policy) -> bool:
    """Deal whole routes anew among drivers with no binding trip, by one assignment."""
    routes = movable[r.length[movable] > 0]
    if len(movable) < 2 or len(routes) == 0:
        return False
    cost = moves.deal_costs(p, r, routes, movable)
    own = np.searchsorted(movable, routes)
    before = cost[np.arange(len(routes)), own].sum()
    j = assign_rows(cost, policy.dense_below, policy.candidates_k)
    i = np.arange(len(routes))
    if (j < 0).any() or cost[i, j].sum() >= before - moves.LESS:
        return False
    others = i[j != own]
    if len(others) > work.left:
        return False  # all of it or nothing
    seq, new, length = r.seq[routes].copy(), r.new[routes].copy(), r.length[routes].copy()
    for x in others:
        moves.take(r, int(routes[x]), seq[x], new[x], 0, 0.0)
    for x in others:
        moves.take(r, int(movable[j[x]]), seq[x], new[x], int(length[x]), float(cost[x, j[x]]))
    work.spend(len(others))
    return True
