"""`plan`: every open job sits in some driver's route; trips are offered as late as possible.

1. `problem`: the snapshot as records; `search.start_routes`: what is binding, then the plan
   of the last round (memo) as far as it still holds.
2. `search.improve`: insert new jobs, relocate single jobs, exchange `tails` of routes, deal
   whole routes anew by one assignment; only moves that lower the cost (`cost`).
3. `answer`: offer the trips that cannot wait another round; the rest stays free to change.

Bounded by `policy.max_moves`, never by a clock; the same snapshot gives the same bytes.
"""

from __future__ import annotations

from dispatch.engine.arrays import build
from dispatch.engine.model import Plan, Snapshot
from dispatch.engine.plan.answer import Answer
from dispatch.engine.plan.problem import build_problem
from dispatch.engine.plan.search import improve, start_routes
from dispatch.engine.policy import Policy


def plan(snapshot: Snapshot, policy: Policy) -> Plan:
    """Return what to do now by the plan search."""
    arrays = build(snapshot, policy)
    problem = build_problem(snapshot, policy, arrays)
    routes = start_routes(problem, arrays, snapshot.memo, policy)
    work = improve(problem, arrays, routes, policy)
    return Answer(snapshot, policy, arrays, problem, routes).plan(work.done)


__all__ = ["plan"]
