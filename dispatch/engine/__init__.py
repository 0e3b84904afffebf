"""The pure core of dispatch: a snapshot of a zone goes in, a plan comes out.

    from dispatch.engine import Policy, Snapshot, decide
    plan = decide(snapshot, Policy(strategy="nearest"))

Importing this package needs nothing but the standard library; `batch` and `plan` import
numpy, scipy and numba when first used, which only the engine's child process does
(`client.EngineProcess`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from dispatch.engine.backoff import radius_m, retry_after_s
from dispatch.engine.model import (
    Demand,
    Driver,
    DriverState,
    Exclusion,
    Job,
    Past,
    Plan,
    Proposal,
    Reason,
    Reset,
    Snapshot,
    Waiting,
)
from dispatch.engine.policy import Policy
from dispatch.engine.travel import Asked, Pairs, StraightLine, Table, Travel

Strategy: TypeAlias = Callable[[Snapshot, Policy], Plan]


def _nearest(snapshot: Snapshot, policy: Policy) -> Plan:
    from dispatch.engine.nearest import nearest

    return nearest(snapshot, policy)


def _batch(snapshot: Snapshot, policy: Policy) -> Plan:
    from dispatch.engine.batch import batch

    return batch(snapshot, policy)


def _plan(snapshot: Snapshot, policy: Policy) -> Plan:
    from dispatch.engine.plan import plan

    return plan(snapshot, policy)


STRATEGIES: Final[Mapping[str, Strategy]] = {"plan": _plan, "batch": _batch, "nearest": _nearest}


def decide(snapshot: Snapshot, policy: Policy) -> Plan:
    """Return the plan of `policy.strategy` for this snapshot. Pure: no clock, no I/O."""
    return STRATEGIES[policy.strategy](snapshot, policy)


__all__ = [
    "STRATEGIES",
    "Asked",
    "Demand",
    "Driver",
    "DriverState",
    "Exclusion",
    "Job",
    "Pairs",
    "Past",
    "Plan",
    "Policy",
    "Proposal",
    "Reason",
    "Reset",
    "Snapshot",
    "StraightLine",
    "Strategy",
    "Table",
    "Travel",
    "Waiting",
    "decide",
    "radius_m",
    "retry_after_s",
]
