"""`batch`: one just-in-time assignment problem per round, one job per driver.

Cost of a pair, seconds: food waiting after it is ready, plus seconds past the target, plus
0.3 for each second the driver is engaged, less a little for the job's age. Drivers who will
be free soon take part, so that a job is not given to a far one while the near one is about
to be free; a pair is offered only to a driver free now, and only when waiting one more
period would delay the food.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from dispatch.engine.arrays import FAR, Arrays, Bools, Floats, Ints, build, times
from dispatch.engine.assignment import assign_rows
from dispatch.engine.model import (
    DriverState,
    Exclusion,
    Plan,
    Proposal,
    Reason,
    Snapshot,
    Waiting,
)
from dispatch.engine.policy import Policy

ENGAGED_WEIGHT: Final = 0.3
AGE_WEIGHT: Final = 0.01
LOOK_S: Final = 600.0  # drivers free within this take part


def batch(snapshot: Snapshot, policy: Policy) -> Plan:
    """Return the trips to offer now by one assignment of open jobs to drivers."""
    a = build(snapshot, replace(policy, foresight_weight=0.0))
    waiting: dict[str, Waiting] = {}
    unplaced: dict[str, Reason] = dict(a.left_out)
    exclusions: dict[str, tuple[Exclusion, ...]] = {}
    proposals: list[Proposal] = []
    rows = np.array([k for k, j in enumerate(a.jobs) if j.holder is None], dtype=np.int64)
    for k in rows[a.locked[rows] >= 0]:
        waiting[a.jobs[k].id] = Waiting(due_s=snapshot.now_s, driver=a.drivers[a.locked[k]].id)
    rows = rows[a.locked[rows] < 0]
    for k in rows[[bool(a.jobs[k].offered_to) for k in rows]]:
        waiting[a.jobs[k].id] = Waiting(due_s=snapshot.now_s, driver=min(a.jobs[k].offered_to))
    rows = rows[[not a.jobs[k].offered_to for k in rows]]
    cols = np.array(
        [
            i
            for i, d in enumerate(a.drivers)
            if d.state is not DriverState.INBOUND and not d.has_open_offer and not d.holding and a.free[i] <= LOOK_S
        ],
        dtype=np.int64,
    )
    cost, pick, leave, drop = _pairs(snapshot, policy, a, rows, cols)
    chosen = assign_rows(cost, policy.dense_below)
    for i, k in enumerate(rows):
        job, j = a.jobs[k], chosen[i]
        if j < 0:
            unplaced[job.id] = Reason.NO_DRIVER
            exclusions[job.id] = _why_not(a, cols, cost[i], pick[i], drop[i], int(k), -1, policy)
            continue
        driver = a.drivers[cols[j]]
        lead = a.lead(policy, int(cols[j]), int(k))
        if a.free[cols[j]] > 0 or leave[i, j] - lead >= snapshot.period_s:
            due = snapshot.now_s + max(0.0, float(leave[i, j]) - lead)
            waiting[job.id] = Waiting(due_s=due, driver=driver.id)
            continue
        exclusions[job.id] = _why_not(a, cols, cost[i], pick[i], drop[i], int(k), int(j), policy)
        proposals.append(
            Proposal(
                driver=driver.id,
                restaurant=job.restaurant,
                jobs=(job.id,),
                leave_s=snapshot.now_s + float(leave[i, j]),
                pickup_eta_s=snapshot.now_s + float(pick[i, j]),
                dropoff_eta_s=(snapshot.now_s + float(drop[i, j]),),
                score={
                    "food_waits_s": float(pick[i, j] - a.ready[k]),
                    "late_s": max(0.0, float(drop[i, j] - a.due[k])),
                    "engaged_s": float(drop[i, j] + a.half_dropoff - leave[i, j]),
                },
            )
        )
    return Plan(
        strategy="batch",
        proposals=tuple(proposals),
        waiting=waiting,
        unplaced=unplaced,
        exclusions=exclusions,
        memo=snapshot.memo,
        stats={
            "jobs": len(a.jobs),
            "drivers": len(a.drivers),
            "moves": 0,
            "objective_s": float(sum(cost[i, j] for i, j in enumerate(chosen) if j >= 0)),
        },
    )


def _pairs(
    snapshot: Snapshot, policy: Policy, a: Arrays, rows: Ints, cols: Ints
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return (jobs, drivers) cost, pickup, latest departure and drop-off, seconds from now."""
    half = a.half_pickup[rows][:, None]
    ready, due, placed = a.ready[rows][:, None], a.due[rows][:, None], a.placed[rows][:, None]
    go = times(a.roads, a.place[cols][None, :], a.pickup[rows][:, None])
    out = times(a.roads, a.pickup[rows], a.dropoff[rows])[:, None]
    begin = a.free[cols][None, :]
    pick = np.maximum(begin + go + half, ready)
    drop = pick + half + out + a.half_dropoff
    leave = np.maximum(begin, a.timed[rows][:, None] - half - go)
    weight = a.weight[rows][:, None]
    cost = weight * (pick - ready + np.maximum(0.0, drop - due))
    cost += ENGAGED_WEIGHT * (drop + a.half_dropoff - leave) - AGE_WEIGHT * weight * -placed
    end = drop + a.half_dropoff
    in_break = (end > a.break_from[cols][None, :]) & (begin < a.break_to[cols][None, :])
    cannot: Bools = (pick > a.off[cols][None, :]) | a.banned[np.ix_(cols, rows)].T | in_break | (go + out >= FAR / 2)
    cost[cannot] = FAR
    return cost, pick, leave, drop


def _why_not(
    a: Arrays, cols: Ints, cost: Floats, pick: Floats, drop: Floats, k: int, chosen: int, policy: Policy
) -> tuple[Exclusion, ...]:
    """Return the drivers with the earliest pickup who do not get the job, and why."""
    out: list[Exclusion] = []
    for j in np.lexsort((cols, pick)):
        if len(out) >= policy.explain_top:
            break
        if j == chosen:
            continue
        driver, reason = a.drivers[cols[j]], Reason.LATER
        if driver.id in a.jobs[k].declined:
            reason = Reason.DECLINED
        elif a.banned[cols[j], k]:
            reason = Reason.VEHICLE if a.capacity[cols[j]] >= a.size[k] else Reason.CAPACITY
        elif driver.state is DriverState.UPCOMING:
            reason = Reason.NOT_ON_DUTY
        elif drop[j] >= FAR / 2:
            reason = Reason.NO_WAY
        elif pick[j] > a.off[cols[j]]:
            reason = Reason.SHIFT_ENDS
        elif cost[j] >= FAR / 2:
            reason = Reason.BREAK
        elif driver.state is not DriverState.IDLE:
            reason = Reason.BUSY
        later = max(0.0, float(drop[j] - drop[chosen])) if chosen >= 0 and reason is Reason.LATER else 0.0
        out.append(Exclusion(driver=driver.id, reason=reason, value=later))
    return tuple(out)
