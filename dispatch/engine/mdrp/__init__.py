"""The public benchmark days: reading them, simulating them, measuring dispatchers on them.

`assign` is the engine with its default policy in the plain form (see `form.py`):

    from dispatch.engine.mdrp import load, simulate, measure, assign
    day = load("mdrplib/0o100t100s1p100")
    print(measure(day, simulate(day, assign), "plan").ctd_mean)
"""

from __future__ import annotations

from typing import Final

from dispatch.engine.mdrp.adapter import Assigner
from dispatch.engine.mdrp.bounds import direct_bound
from dispatch.engine.mdrp.form import AnswerForm, Assign, SnapshotForm
from dispatch.engine.mdrp.instance import Instance, InstanceError, load
from dispatch.engine.mdrp.metrics import Measures, measure
from dispatch.engine.mdrp.sim import Conditions, Result, RuleError, simulate

assign: Final[Assign] = Assigner()

__all__ = [
    "AnswerForm",
    "Assign",
    "Assigner",
    "Conditions",
    "Instance",
    "InstanceError",
    "Measures",
    "Result",
    "RuleError",
    "SnapshotForm",
    "assign",
    "direct_bound",
    "load",
    "measure",
    "simulate",
]
