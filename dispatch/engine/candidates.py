"""What each driver of a snapshot could have done with one job, minute by minute. For looking back.

The job alone, as the driver's very next trip: what people compare when they ask why. The
engine weighs whole plans, so the one it chose may not be the first of this list; then the
others were kept for orders that only they could bring in time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dispatch.engine.arrays import chances
from dispatch.engine.fairness import goes_first
from dispatch.engine.model import Driver, DriverState, Job, Reason, Snapshot
from dispatch.engine.nearest import obstacle
from dispatch.engine.policy import Policy
from dispatch.engine.refusals import price_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One driver and one job. Moments are those of the snapshot; inf where there is no way."""

    driver: str
    reason: Reason | None
    """What keeps him from it, or None."""
    distance_m: float
    """From where he was seen to the pickup, straight."""
    free_s: float
    """Another order until then; now or earlier: free."""
    arrive_s: float
    pickup_s: float
    """Food in hand."""
    leave_s: float
    door_s: float
    """Handing over."""
    parts: Mapping[str, float]
    """Seconds of the cost, smaller is better: to_door, late, answer, pay, position, fairness."""

    @property
    def cost_s(self) -> float:
        """Return the sum of the parts."""
        return sum(self.parts.values())


def candidates(snapshot: Snapshot, policy: Policy, job_id: str) -> tuple[Candidate, ...]:
    """Return every driver of the snapshot, first at the door first; those who cannot come last.

    Raises:
        KeyError: the snapshot has no such job.
    """
    jobs = {job.id: job for job in snapshot.jobs}
    job, reach, fair = jobs[job_id], _reach(snapshot, policy), _fairness(snapshot, policy)
    found = [
        _candidate(snapshot, policy, job, driver, reach.get(driver.id, 0.0), fair.get(driver.id, 0.0))
        for driver in snapshot.drivers
    ]
    found = _with_refusals(snapshot, policy, job, found)
    return tuple(sorted(found, key=lambda each: (each.reason is not None, each.door_s, each.cost_s, each.driver)))


def _with_refusals(snapshot: Snapshot, policy: Policy, job: Job, found: Sequence[Candidate]) -> list[Candidate]:
    """Add what a refusal costs on average, as the search of `plan` does; the other strategies do not ask."""
    if policy.strategy != "plan" or not policy.acceptance_weight or not found:
        return list(found)
    chance = chances(snapshot, (job,), snapshot.drivers)
    if (chance >= 1.0).all():
        return list(found)
    alone = [
        each.parts["to_door"] + each.parts["late"] + min(0.0, each.parts["position"] + each.parts["fairness"])
        if each.reason is None
        else math.inf
        for each in found
    ]
    answer_s = policy.answer_s if snapshot.answer_s is None else snapshot.answer_s
    with np.errstate(invalid="ignore"):  # nobody can come: nothing is lost by a no
        lost = price_refusals(np.array([alone]), chance.T, answer_s, np.array([_weight(policy, job)]))[0]
    return [
        replace(each, parts={**each.parts, "answer": policy.acceptance_weight * float(price)})
        if each.reason is None
        else each
        for each, price in zip(found, lost, strict=True)
    ]


def _weight(policy: Policy, job: Job) -> float:
    return 1.0 + policy.priority_weight * max(0, job.priority)


def _candidate(
    snapshot: Snapshot, policy: Policy, job: Job, driver: Driver, position_s: float, fairness_s: float
) -> Candidate:
    half_s = snapshot.half_pickup_at(job.restaurant)
    free_s = driver.free_s if driver.state is DriverState.INBOUND else max(driver.free_s, driver.on_s, snapshot.now_s)
    arrive_s = free_s + snapshot.time_s(driver.place, job.pickup)
    there_s = max(arrive_s + half_s, snapshot.now_s)
    pickup_s = expected_later(there_s, job.ready_s, job.ready_std_s if policy.strategy == "plan" else 0.0)
    leave_s = pickup_s + half_s
    door_s = leave_s + snapshot.time_s(job.pickup, job.dropoff) + snapshot.half_dropoff_s
    seen = driver.place if driver.position is None else driver.position
    weight = _weight(policy, job)
    due_s = max(job.placed_s + policy.target_s, job.promised_s or -math.inf)
    paid = min(1.0, max(0.0, driver.taken + 1 - driver.guarantee_orders))
    parts = {
        "to_door": weight * (door_s - job.placed_s),
        "late": weight * policy.overage_weight * max(0.0, door_s - due_s),
        "answer": 0.0,
        "pay": policy.pay_weight_s * paid,
        "position": position_s,
        "fairness": fairness_s,
    }
    return Candidate(
        driver=driver.id,
        reason=_reason(snapshot, policy, job, driver, begin_s=free_s, pickup_s=pickup_s, door_s=door_s),
        distance_m=snapshot.distance_m(seen, job.pickup),
        free_s=free_s,
        arrive_s=arrive_s,
        pickup_s=pickup_s,
        leave_s=leave_s,
        door_s=door_s,
        parts=parts,
    )


def expected_later(at_s: float, mean_s: float, std_s: float) -> float:
    """Return when food is in hand on average: what `plan.cost.expected_later` does, for who loads no kernels."""
    if std_s <= 0.0:
        return max(at_s, mean_s)
    z = (at_s - mean_s) / std_s
    if abs(z) > 6.0:
        return max(at_s, mean_s)
    below = 0.5 * math.erfc(-z / math.sqrt(2.0))
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return at_s * below + mean_s * (1.0 - below) + std_s * density


def _reason(
    snapshot: Snapshot, policy: Policy, job: Job, driver: Driver, *, begin_s: float, pickup_s: float, door_s: float
) -> Reason | None:
    if driver.id in job.offered_to:
        return Reason.OFFER_OPEN
    if not math.isfinite(door_s):
        return Reason.NO_WAY
    if driver.state is DriverState.UPCOMING:
        return Reason.NOT_ON_DUTY
    if (found := obstacle(snapshot, job, driver, begin_s=begin_s, pickup_s=pickup_s)) is not None:
        return found
    if driver.state is DriverState.INBOUND:
        return Reason.BUSY
    if policy.strategy == "nearest":
        if driver.state is not DriverState.IDLE:
            return Reason.BUSY
        if snapshot.distance_m(driver.place, job.pickup) > job.radius_m:
            return Reason.TOO_FAR
    return None


def _reach(snapshot: Snapshot, policy: Policy) -> dict[str, float]:
    """Return what each driver's place costs: nearer to the demand than the average driver is dearer."""
    total = sum(demand.weight for demand in snapshot.demand)
    if not (policy.position_weight and total and snapshot.drivers):
        return {}
    ways: dict[str, float] = {}
    for driver in snapshot.drivers:
        times = [(snapshot.time_s(driver.place, demand.place), demand.weight) for demand in snapshot.demand]
        ways[driver.id] = sum(seconds * weight for seconds, weight in times if math.isfinite(seconds)) / total
    mean = sum(ways.values()) / len(ways)
    return {driver: policy.position_weight * (mean - way) for driver, way in ways.items()}


def _fairness(snapshot: Snapshot, policy: Policy) -> dict[str, float]:
    """Return what each driver's lot costs: less who idled longer than average, or missed too much."""
    drivers = snapshot.drivers
    if not drivers or not (policy.fairness_weight or policy.max_misses):
        return {}
    mean = sum(driver.idle_s for driver in drivers) / len(drivers)
    return {
        driver.id: policy.fairness_weight * (mean - driver.idle_s)
        - (policy.miss_pull_s if goes_first(driver, policy) else 0.0)
        for driver in drivers
    }
