"""`nearest`: the simple reference. Standard library alone, so it is also the last resort."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dispatch.engine.model import (
    Driver,
    DriverState,
    Exclusion,
    Job,
    Plan,
    Proposal,
    Reason,
    Snapshot,
    Waiting,
)
from dispatch.engine.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Near:
    driver: Driver
    distance_m: float


def nearest(snapshot: Snapshot, policy: Policy) -> Plan:
    """Offer each due job, oldest first, to the nearest idle driver within its radius.

    A job is due when `next_attempt_s` has come. The driver must not have declined it, must
    hold no offer, and must reach the pickup before his shift ends. One job per trip.
    """
    idle = sorted(
        (d for d in snapshot.drivers if d.state is DriverState.IDLE and not d.holding),
        key=lambda d: d.id,
    )
    proposals: list[Proposal] = []
    waiting: dict[str, Waiting] = {}
    unplaced: dict[str, Reason] = {}
    exclusions: dict[str, tuple[Exclusion, ...]] = {}
    busy: set[str] = set()
    for job in sorted(snapshot.jobs, key=lambda j: (-j.priority, j.placed_s, j.id)):
        if job.holder is not None:
            continue
        if job.held:
            unplaced[job.id] = Reason.ON_HOLD
        elif job.offered_to:
            waiting[job.id] = Waiting(due_s=snapshot.now_s, driver=min(job.offered_to))
        elif job.next_attempt_s > snapshot.now_s:
            waiting[job.id] = Waiting(due_s=job.next_attempt_s)
        else:
            chosen, left_out = _choose(snapshot, policy, job, idle, busy)
            exclusions[job.id] = left_out
            if chosen is None:
                unplaced[job.id] = Reason.NO_DRIVER
            else:
                busy.add(chosen.driver.id)
                proposals.append(_proposal(snapshot, job, chosen))
    return Plan(
        strategy="nearest",
        proposals=tuple(proposals),
        waiting=waiting,
        unplaced=unplaced,
        exclusions=exclusions,
        memo=snapshot.memo,
        stats={"jobs": len(snapshot.jobs), "drivers": len(idle), "moves": 0},
    )


def _choose(
    snapshot: Snapshot, policy: Policy, job: Job, idle: list[Driver], busy: set[str]
) -> tuple[_Near | None, tuple[Exclusion, ...]]:
    """Return the nearest driver who can, and the nearer or next ones who do not get it."""
    near = sorted(
        (_Near(driver=d, distance_m=snapshot.distance_m(d.place, job.pickup)) for d in idle),
        key=lambda n: (n.distance_m, n.driver.id),
    )
    chosen: _Near | None = None
    first_s = math.inf  # his moment at the door
    left_out: list[Exclusion] = []
    asked = 0
    for n in near:
        if n.distance_m > job.radius_m:
            left_out.append(Exclusion(driver=n.driver.id, reason=Reason.TOO_FAR, value=n.distance_m))
            break
        begin_s, pickup_s, door_s = _alone(snapshot, job, n.driver)
        reason = obstacle(snapshot, job, n.driver, begin_s=begin_s, pickup_s=pickup_s)
        if reason is None and n.driver.id in busy:
            reason = Reason.BUSY
        if reason is not None:
            left_out.append(Exclusion(driver=n.driver.id, reason=reason))
        elif chosen is None:
            chosen, first_s = n, door_s
        else:
            later_s = max(0.0, door_s - first_s)
            left_out.append(Exclusion(driver=n.driver.id, reason=Reason.LATER, value=later_s))
        asked += reason is None
        if asked >= policy.nearest_k:
            break
    return chosen, tuple(left_out[: policy.explain_top])


def _alone(snapshot: Snapshot, job: Job, driver: Driver) -> tuple[float, float, float]:
    """Return when he sets out, has the food in hand and hands it over."""
    half_s = snapshot.half_pickup_at(job.restaurant)
    begin_s = max(driver.free_s, snapshot.now_s)
    pickup_s = max(begin_s + snapshot.time_s(driver.place, job.pickup) + half_s, job.ready_s)
    out_s = snapshot.time_s(job.pickup, job.dropoff)
    return begin_s, pickup_s, pickup_s + half_s + out_s + snapshot.half_dropoff_s


def obstacle(snapshot: Snapshot, job: Job, driver: Driver, *, begin_s: float, pickup_s: float) -> Reason | None:
    """Return what keeps an available driver from this job alone, or None.

    He would set out at `begin_s` and have the food in hand at `pickup_s`, inf where he knows no way.
    """
    if driver.id in job.declined:
        return Reason.DECLINED
    if driver.has_open_offer:
        return Reason.HOLDS_OFFER
    if job.vehicles is not None and driver.vehicle not in job.vehicles:
        return Reason.VEHICLE
    if job.size > driver.capacity:
        return Reason.CAPACITY
    out_s = snapshot.time_s(job.pickup, job.dropoff)
    if math.isinf(pickup_s) or math.isinf(out_s):
        return Reason.NO_WAY
    if pickup_s > driver.off_s:
        return Reason.SHIFT_ENDS
    if driver.break_s is not None:
        end_s = pickup_s + snapshot.half_pickup_at(job.restaurant) + out_s + 2 * snapshot.half_dropoff_s
        if begin_s < driver.break_s[1] and end_s > driver.break_s[0]:
            return Reason.BREAK
    return None


def _proposal(snapshot: Snapshot, job: Job, near: _Near) -> Proposal:
    driver = near.driver
    leave_s, pickup_s, drop_s = _alone(snapshot, job, driver)
    return Proposal(
        driver=driver.id,
        restaurant=job.restaurant,
        jobs=(job.id,),
        leave_s=leave_s,
        pickup_eta_s=pickup_s,
        dropoff_eta_s=(drop_s,),
        score={"distance_m": near.distance_m, "travel_s": snapshot.time_s(driver.place, job.pickup)},
    )
