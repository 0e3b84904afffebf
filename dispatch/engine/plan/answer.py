"""From routes to what is said and done now: offers, resets, waiting, reasons."""

from __future__ import annotations

import numpy as np

from dispatch.engine.arrays import FAR, Arrays, times
from dispatch.engine.model import (
    DriverState,
    Exclusion,
    Plan,
    Proposal,
    Reason,
    Reset,
    Snapshot,
    Waiting,
)
from dispatch.engine.plan import memo
from dispatch.engine.plan.cost import follow, route_cost
from dispatch.engine.plan.moves import first_trip_end
from dispatch.engine.plan.problem import Problem, Routes
from dispatch.engine.plan.search import Work
from dispatch.engine.policy import Policy

UNPLACED_S = 5400.0  # what a job without a place counts in the objective


class Answer:
    """Collects the plan of one round."""

    def __init__(
        self, snapshot: Snapshot, policy: Policy, a: Arrays, p: Problem, r: Routes
    ) -> None:
        self.snapshot, self.policy, self.a, self.p, self.r = snapshot, policy, a, p, r
        self.proposals: list[Proposal] = []
        self.resets: list[Reset] = []
        self.waiting: dict[str, Waiting] = {}
        self.unplaced: dict[str, Reason] = dict(a.left_out)
        self.exclusions: dict[str, tuple[Exclusion, ...]] = {}

    def plan(self, work: Work) -> Plan:
        """Return the round's plan."""
        a, r = self.a, self.r
        routes: dict[str, memo.Trips] = {}
        for d in np.nonzero(r.length)[0]:
            routes[a.drivers[d].id] = self._route(int(d))
        for k, job in enumerate(a.jobs):
            if r.where[k] >= 0 or job.holder is not None:
                continue
            if job.offered_to:
                self._wait(k, 0.0, min(job.offered_to))
            else:
                self.unplaced[job.id] = Reason.NO_DRIVER
                self.exclusions[job.id] = self._why_not(k, -1)
        lost = [a.jobs[k].weight_s for k in ()]  # noqa: F841
        objective = float(r.cost[r.cost < FAR / 2].sum())
        objective += UNPLACED_S * sum(1 for v in self.unplaced.values() if v is Reason.NO_DRIVER)
        return Plan(
            strategy="plan",
            proposals=tuple(self.proposals),
            resets=tuple(self.resets),
            waiting=self.waiting,
            unplaced=self.unplaced,
            exclusions=self.exclusions,
            memo=memo.write(routes),
            stats={
                "jobs": len(a.jobs),
                "drivers": len(a.drivers),
                "moves": work.done,
                "objective_s": objective,
            },
        )
