"""Who was passed over: orders that a driver could have taken, and that went to others."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.engine.model import Driver, Plan, Reason
from dispatch.engine.policy import Policy


def goes_first(driver: Driver, policy: Policy) -> bool:
    """Say whether he missed so many orders in a row that he goes first; never where the guardrail is off."""
    return 0 < policy.max_misses <= driver.misses


def count_misses(before: Mapping[str, int], plan: Plan) -> dict[str, int]:
    """Return each driver's misses in a row after this plan; who was asked begins anew.

    A miss is an order offered to somebody else although this driver was among the nearest and
    nothing kept him from it (`Reason.LATER` in `plan.exclusions`).
    """
    after = dict(before)
    asked = {proposal.driver for proposal in plan.proposals}
    for job in {job for proposal in plan.proposals for job in proposal.jobs}:
        for each in plan.exclusions.get(job, ()):
            if each.reason is Reason.LATER:
                after[each.driver] = after.get(each.driver, 0) + 1
    return {driver: misses for driver, misses in after.items() if driver not in asked}
