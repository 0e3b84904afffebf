import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from dispatch.engine import DriverState, Policy, Reason, Table, decide
from dispatch.engine.assignment import sparse
from tests.dispatch.engine.builders import MINUTE, NOW_S, Town, random_snapshot

POLICY = Policy(strategy="batch")


def offers(snapshot):
    return [(p.driver, p.jobs) for p in decide(snapshot, POLICY).proposals]


class TestBatch:
    def test_waits_until_one_more_round_would_delay_the_food(self):
        town = Town()
        town.job("a", ready=20)  # leave at 20 - 1 (half service) - 3 (way) = 16
        town.driver("d", at=3)
        snapshot = town.snapshot()
        plan = decide(snapshot, POLICY)
        assert plan.proposals == ()
        assert (plan.waiting["a"].driver, plan.waiting["a"].due_s) == ("d", NOW_S + 16 * MINUTE)
        assert offers(replace(snapshot, now_s=NOW_S + 16 * MINUTE - 10.5)) == []
        assert offers(replace(snapshot, now_s=NOW_S + 16 * MINUTE - 9.5)) == [("d", ("a",))]

    def test_takes_the_pairs_that_are_best_together(self):
        town = Town()
        town.job("left", at=0, to=-5)
        town.job("right", at=2, to=7)
        town.driver("middle", at=1.1)
        town.driver("east", at=3)
        assert sorted(offers(town.snapshot())) == [("east", ("right",)), ("middle", ("left",))]

    def test_keeps_a_job_for_a_near_driver_who_is_soon_free(self):
        town = Town()
        town.job("a")
        town.driver("far", at=20)
        town.driver("soon", at=0, state=DriverState.BUSY, free=2)
        plan = decide(town.snapshot(), POLICY)
        assert plan.proposals == ()
        assert plan.waiting["a"].driver == "soon"

    def test_knows_who_may_not_be_asked(self):
        town = Town()
        town.job("a", declined=frozenset({"d"}))
        town.driver("d")
        plan = decide(town.snapshot(), POLICY)
        assert plan.unplaced == {"a": Reason.NO_DRIVER}
        assert [(e.driver, e.reason) for e in plan.exclusions["a"]] == [("d", Reason.DECLINED)]

    @pytest.mark.parametrize(
        ("driver", "lost", "reason"),
        [({}, 0, "no-way"), ({}, 1, "no-way"), ({"state": "BUSY", "free": 5}, None, "busy"),
         ({"state": "UPCOMING", "free": 5}, None, "not-on-duty")],
    )  # fmt: skip
    def test_says_why_a_driver_is_not_asked(self, driver, lost, reason):
        town = Town()
        town.job("a")
        town.driver("d", at=1, **{**driver, "state": DriverState(driver.get("state", "IDLE"))})
        if lost is None:
            town.driver("e", at=1)
        n = len(town.places)
        rows = [[0.0 if a == b else math.inf if lost in (a, b) else MINUTE for b in range(n)] for a in range(n)]
        plan = decide(town.snapshot(travel=Table(rows=tuple(map(tuple, rows)))), POLICY)
        assert [(e.driver, e.reason, e.value) for e in plan.exclusions["a"]] == [("d", reason, 0.0)]

    @pytest.mark.parametrize("seed", range(20))
    def test_says_something_about_every_job(self, seed):
        snapshot = random_snapshot(seed)
        plan = decide(snapshot, POLICY)
        said = [j for p in plan.proposals for j in p.jobs] + [*plan.waiting, *plan.unplaced]
        assert sorted(said) == sorted(j.id for j in snapshot.jobs if j.holder is None)

    def test_answers_the_same_when_the_lists_are_shuffled(self):
        snapshot = random_snapshot(5)
        turned = replace(snapshot, jobs=snapshot.jobs[::-1], drivers=snapshot.drivers[::-1])
        assert decide(turned, POLICY) == decide(snapshot, POLICY)


class TestSparse:
    def test_costs_what_the_dense_problem_costs(self):
        cost = np.random.default_rng(3).uniform(-50, 1000, (40, 60))
        i, j = sparse(cost)
        a, b = linear_sum_assignment(cost)
        assert (j < 60).all()
        assert cost[i, j].sum() == pytest.approx(cost[a, b].sum())

    def test_leaves_out_only_rows_without_a_possible_column(self):
        cost = np.random.default_rng(4).uniform(0, 10, (30, 20))
        cost[3] = 1e12
        i, j = sparse(cost)
        assert (j < 20).sum() == 20
        assert j[list(i).index(3)] >= 20
