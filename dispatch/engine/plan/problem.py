"""The search problem of one round, in the records the kernels read.

Every driver has a *route*: the jobs of his trips in drop order. `seq[d, i]` is the i-th job
of driver d, `new[d, i]` is 1 where a trip (a visit to one restaurant, or to two near each
other) begins, `length[d]` the number of jobs. A job is in at most one route; `where[job]` is its driver or -1.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch.engine.arrays import FAR, Arrays, Bools, Floats, Ints, times
from dispatch.engine.fairness import goes_first
from dispatch.engine.model import DriverState, Snapshot
from dispatch.engine.policy import Policy

Records = npt.NDArray[Any]

JOB: Final = np.dtype(
    [
        ("placed", np.float64),  # seconds from now, as all moments here
        ("ready", np.float64),
        ("ready_std", np.float64),
        ("due", np.float64),
        ("counted", np.float64),  # what comes to its door later costs no more than then
        ("weight", np.float64),
        ("half_pickup", np.float64),
        ("direct", np.float64),  # seconds from pickup to door
        ("pickup", np.int64),  # place
        ("dropoff", np.int64),  # place
        ("restaurant", np.int64),
        ("units", np.int64),
    ]
)
DRIVER: Final = np.dtype(
    [
        ("free", np.float64),
        ("off", np.float64),
        ("break_from", np.float64),
        ("break_to", np.float64),
        ("guaranteed", np.float64),  # orders still covered by the guarantee
        ("start_cost", np.float64),  # cost of using him at all: position, fairness
        ("place", np.int64),
        ("fixed", np.int64),  # restaurant where his first trip begins, -1: free to choose
        ("sealed", np.int64),  # 1: his first trip may not change
        ("shut", np.int64),  # 1: his route may not change at all
        ("capacity", np.int64),
    ]
)
RULES: Final = np.dtype(
    [
        ("pace", np.float64),
        ("arc", np.float64),
        ("step", np.float64),
        ("half_dropoff", np.float64),
        ("overage", np.float64),
        ("pay", np.float64),
        ("max_detour", np.float64),
        ("max_food_age", np.float64),
        ("max_late", np.float64),
        ("max_stops", np.int64),
        ("max_batch", np.int64),
    ]
)


class Problem(NamedTuple):
    """What the kernels read and never write."""

    jobs: Records
    drivers: Records
    rules: Records
    """One record."""
    banned: Bools
    near: Bools
    """(restaurants, restaurants): True where one trip may fetch at both; (0, 0) where none may."""
    table: Floats
    points: Floats
    floor: Floats
    """(jobs, drivers): the least that the job can cost with the driver; FAR: not a candidate."""
    refusal: Floats
    """(jobs, drivers): what it costs on average that the driver may refuse the job."""


class Routes(NamedTuple):
    """What the kernels change."""

    seq: Ints
    new: Ints
    length: Ints
    where: Ints
    cost: Floats
    changed: Ints
    """Per driver: the count of changes when his route last changed."""
    looked: Ints
    """Per job: the count of changes when no better place was found for it; only what changed since can be one."""
    changes: Ints
    """[changes so far, the same when tails were last exchanged]."""


def new_routes(jobs: int, drivers: int, width: int) -> Routes:
    """Return empty routes of up to `width` jobs."""
    return Routes(
        seq=np.zeros((drivers, width), dtype=np.int64),
        new=np.zeros((drivers, width), dtype=np.int64),
        length=np.zeros(drivers, dtype=np.int64),
        where=np.full(jobs, -1, dtype=np.int64),
        cost=np.zeros(drivers),
        changed=np.ones(drivers, dtype=np.int64),
        looked=np.zeros(jobs, dtype=np.int64),
        changes=np.array([1, 0], dtype=np.int64),
    )


def build_problem(snapshot: Snapshot, policy: Policy, a: Arrays) -> Problem:
    """Return the round's problem; `floor` and `refusal` are filled by the search."""
    jobs = np.zeros(len(a.jobs), dtype=JOB).view(np.recarray)
    jobs["placed"], jobs["ready"], jobs["ready_std"] = a.placed, a.ready, a.ready_std
    jobs["due"], jobs["weight"], jobs["half_pickup"] = a.due, a.weight, a.half_pickup
    jobs["direct"] = times(a.roads, a.pickup, a.dropoff)
    jobs["pickup"], jobs["dropoff"] = a.pickup, a.dropoff
    jobs["restaurant"], jobs["units"] = a.restaurant, a.size
    jobs["counted"] = np.inf
    jobs["counted"][a.real :] = (a.ready + a.half_pickup + jobs["direct"] + a.half_dropoff + policy.foresight_wait_s)[
        a.real :
    ]
    drivers = np.zeros(len(a.drivers), dtype=DRIVER).view(np.recarray)
    drivers["free"], drivers["off"], drivers["place"] = a.free, a.off, a.place
    drivers["break_from"], drivers["break_to"] = a.break_from, a.break_to
    drivers["guaranteed"] = [max(0.0, d.guarantee_orders - d.taken) for d in a.drivers]
    drivers["fixed"], drivers["capacity"] = a.fixed, a.capacity
    offered = np.zeros(len(a.drivers), dtype=np.bool_)
    offered[a.locked[a.locked >= 0]] = True
    drivers["sealed"] = offered
    drivers["shut"] = [
        (d.has_open_offer and not offered[i]) or (d.state is DriverState.INBOUND and a.fixed[i] < 0)
        for i, d in enumerate(a.drivers)
    ]
    drivers["start_cost"] = np.where(a.fixed < 0, _start_costs(snapshot, policy, a), 0.0)
    rules = np.zeros(1, dtype=RULES).view(np.recarray)
    rules["pace"], rules["arc"], rules["step"] = a.roads.pace, a.roads.arc, a.roads.step
    rules["half_dropoff"] = a.half_dropoff
    rules["overage"], rules["pay"] = policy.overage_weight, policy.pay_weight_s
    rules["max_detour"], rules["max_food_age"] = policy.max_detour_s, policy.max_food_age_s
    rules["max_late"] = policy.max_late_s
    rules["max_stops"], rules["max_batch"] = policy.max_stops, policy.max_batch
    return Problem(
        jobs=jobs,
        drivers=drivers,
        rules=rules,
        banned=_banned(policy, a),
        near=a.near,
        table=a.roads.table,
        points=a.roads.points,
        floor=np.zeros((len(a.jobs), len(a.drivers))),
        refusal=np.zeros((len(a.jobs), len(a.drivers))),
    )


def _start_costs(snapshot: Snapshot, policy: Policy, a: Arrays) -> Floats:
    """Return seconds per driver for giving him anything at all.

    Position: who stands nearer to the demand than average costs more, because he is worth
    more to the orders not known yet. Fairness: who idled longer than average costs less,
    and who missed too many orders in a row much less.
    """
    cost = np.zeros(len(a.drivers))
    loose = a.fixed < 0
    if not loose.any():
        return cost
    if policy.position_weight and sum(d.weight for d in snapshot.demand) > 0:
        place = np.array([d.place for d in snapshot.demand], dtype=np.int64)
        order = np.lexsort((place, *np.array(snapshot.places)[place].T))
        weight = np.array([d.weight for d in snapshot.demand])[order]
        weight = weight / weight.sum()
        way = times(a.roads, a.place[:, None], place[order][None, :])
        reach = (np.where(way < FAR / 2, way, 0.0) * weight).sum(axis=1)
        cost -= policy.position_weight * (reach - reach[loose].mean())
    if policy.fairness_weight:
        idle = np.array([d.idle_s for d in a.drivers])
        cost -= policy.fairness_weight * (idle - idle[loose].mean())
    return cost - policy.miss_pull_s * _passed_over(policy, a)


def _passed_over(policy: Policy, a: Arrays) -> Bools:
    return np.array([goes_first(d, policy) for d in a.drivers], dtype=np.bool_)


def _banned(policy: Policy, a: Arrays) -> Bools:
    """Return forbidden pairs: also who goes first with orders that are only expected, or those would do for him."""
    first = _passed_over(policy, a)
    if not first.any():
        return a.banned
    banned = a.banned.copy()
    banned[first, a.real :] = True
    return banned
