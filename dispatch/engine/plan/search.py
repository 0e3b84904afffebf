"""The search: from the last round's plan to a better one, in a bounded number of moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from dispatch.engine.arrays import FAR, Arrays, Ints
from dispatch.engine.plan import memo, moves
from dispatch.engine.plan.cost import fill_floor, route_cost
from dispatch.engine.plan.problem import Problem, Routes
from dispatch.engine.policy import Policy


@dataclass(slots=True)
class Work:
    """How much was done, against `policy.max_moves`."""

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
    the memory every trip counts as far as its jobs are still open, of one restaurant and in
    no other route; trips at the end are dropped until the route breaks no rule.
    """
    m, n = len(a.drivers), len(a.jobs)
    r = Routes(
        seq=np.zeros((m, policy.max_stops + 1), dtype=np.int64),
        new=np.zeros((m, policy.max_stops + 1), dtype=np.int64),
        length=np.zeros(m, dtype=np.int64),
        where=np.full(n, -1, dtype=np.int64),
        cost=np.zeros(m),
    )
    at = {job.id: k for k, job in enumerate(a.jobs)}
    last = memo.read(memory)
    for d, driver in enumerate(a.drivers):
        bound = [at[j] for j in driver.holding if j in at and a.jobs[at[j]].holder == driver.id]
        bound = [k for k in bound if a.restaurant[k] == a.fixed[d]]
        bound += [int(k) for k in np.nonzero(a.locked == d)[0] if k not in bound]
        if not bound:
            continue
        planned = [at[j] for j in (last.get(driver.id) or ((),))[0] if j in at]
        added = [k for k in planned if k not in bound and _may_join(a, k, bound[0])]
        if not p.drivers[d]["sealed"] and set(bound) <= set(planned):
            bound = [k for k in planned if k in bound or k in added]
        _append(r, d, bound[: policy.max_stops])
        if len(bound) > len(driver.holding) and _cost(p, r, d) >= FAR / 2:
            r.where[bound] = -1
            bound = [k for k in bound if a.jobs[k].holder == driver.id or a.locked[k] == d]
            r.length[d] = 0
            _append(r, d, bound[: policy.max_stops])
        if _cost(p, r, d) >= FAR / 2:
            p.drivers[d]["shut"] = 1  # a fact, though it breaks a rule: leave it alone
    remembered: dict[int, list[list[int]]] = {}
    for d, driver in enumerate(a.drivers):
        trips = last.get(driver.id, ())
        if not trips or p.drivers[d]["shut"]:
            continue
        for trip in trips[1:] if p.drivers[d]["fixed"] >= 0 else trips:
            jobs = [at[j] for j in trip if j in at and _is_loose(a, r, at[j])]
            jobs = [k for k in dict.fromkeys(jobs) if a.restaurant[k] == a.restaurant[jobs[0]]]
            if jobs and r.length[d] + len(jobs) <= policy.max_stops:
                _append(r, d, jobs)
                remembered.setdefault(d, []).append(jobs)
    moves.cost_all(p, r)
    for d in [d for d in remembered if r.cost[d] >= FAR / 2]:
        while r.cost[d] >= FAR / 2 and remembered[d]:
            jobs = remembered[d].pop()
            r.length[d] -= len(jobs)
            r.where[jobs] = -1
            r.cost[d] = _cost(p, r, d)
    return r


def _is_loose(a: Arrays, r: Routes, k: int) -> bool:
    return bool(r.where[k] < 0 and a.jobs[k].holder is None and not a.jobs[k].offered_to)


def _may_join(a: Arrays, k: int, bound: int) -> bool:
    job = a.jobs[k]
    return job.holder is None and not job.offered_to and a.restaurant[k] == a.restaurant[bound]


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
    """Insert what is new, then relocate, exchange tails and re-deal until nothing helps."""
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
        exchanged = work.spend(moves.exchange_tails(p, r, work.left))
        if not _deal(p, r, movable, work) and not exchanged:
            break
    return work


def _fresh(a: Arrays, r: Routes) -> Ints:
    """Return the jobs in no route that may be given to somebody, soonest ready first."""
    fresh = [k for k in range(len(a.jobs)) if _is_loose(a, r, k)]
    return np.array(sorted(fresh, key=lambda k: (-a.weight[k], a.ready[k], k)), dtype=np.int64)


def _deal(p: Problem, r: Routes, movable: Ints, work: Work) -> bool:
    """Deal whole routes anew among drivers with no binding trip, by one assignment."""
    routes = movable[r.length[movable] > 0]
    if len(movable) < 2 or len(routes) == 0:
        return False
    cost = moves.deal_costs(p, r, routes, movable)
    own = np.searchsorted(movable, routes)
    before = cost[np.arange(len(routes)), own].sum()
    i, j = linear_sum_assignment(cost)
    if cost[i, j].sum() >= before - moves.LESS:
        return False
    seq, new, length = r.seq[routes].copy(), r.new[routes].copy(), r.length[routes].copy()
    r.length[movable] = 0
    r.cost[movable] = 0.0
    moved = 0
    for x, y in zip(i, j, strict=True):
        d = int(movable[y])
        moves.take(r, d, seq[x], new[x], int(length[x]), float(cost[x, y]))
        moved += int(y != own[x])
    work.spend(moved)
    return True
