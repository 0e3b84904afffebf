import subprocess
import sys
from dataclasses import replace

import pytest

from dispatch.engine import DriverState, Policy, Reason, decide
from tests.dispatch.engine.builders import MINUTE, NOW_S, Town

POLICY = Policy(strategy="nearest")


def offers(town, **more):
    return [(p.driver, p.jobs) for p in decide(town.snapshot(**more), POLICY).proposals]


class TestNearest:
    def test_asks_the_nearest_idle_driver_at_once_though_the_food_is_far_from_ready(self):
        town = Town()
        town.job("a", ready=40)
        town.driver("far", at=3)
        town.driver("near", at=2)
        town.driver("busy", at=0, state=DriverState.BUSY, free=1)
        (proposal,) = decide(town.snapshot(), POLICY).proposals
        assert (proposal.driver, proposal.jobs) == ("near", ("a",))
        assert proposal.pickup_eta_s == NOW_S + 40 * MINUTE
        assert proposal.dropoff_eta_s == (NOW_S + 47 * MINUTE,)
        assert proposal.score == {"distance_m": 1200, "travel_s": 120}

    def test_serves_the_oldest_order_first(self):
        town = Town()
        town.job("young", placed=-1)
        town.job("old", placed=-2)
        town.driver("only")
        assert offers(town) == [("only", ("old",))]

    def test_looks_no_further_than_the_radius_of_the_search(self):
        town = Town()
        town.job("a", radius_m=1500)
        town.driver("far", at=2.6)
        plan = decide(town.snapshot(), POLICY)
        assert plan.proposals == ()
        assert plan.unplaced == {"a": Reason.NO_DRIVER}
        assert [(e.driver, e.reason, e.value) for e in plan.exclusions["a"]] == [("far", Reason.TOO_FAR, 1560)]

    def test_waits_for_the_next_attempt(self):
        town = Town()
        town.job("a", next_attempt_s=NOW_S + 5)
        town.driver("d")
        plan = decide(town.snapshot(), POLICY)
        assert (plan.proposals, plan.waiting["a"].due_s) == ((), NOW_S + 5)
        assert offers(town, now_s=NOW_S + 5) == [("d", ("a",))]

    @pytest.mark.parametrize(
        ("job", "driver", "reason"),
        [
            ({"declined": frozenset({"d"})}, {}, Reason.DECLINED),
            ({}, {"has_open_offer": True}, Reason.HOLDS_OFFER),
            ({"vehicles": frozenset({"car"})}, {"vehicle": "bike"}, Reason.VEHICLE),
            ({"size": 3}, {"capacity": 2}, Reason.CAPACITY),
            ({"ready": 10}, {"off_s": NOW_S + 9 * MINUTE}, Reason.SHIFT_ENDS),
            ({}, {"break_s": (NOW_S + 5 * MINUTE, NOW_S + 20 * MINUTE)}, Reason.BREAK),
        ],
    )
    def test_says_why_a_driver_cannot(self, job, driver, reason):
        town = Town()
        town.job("a", **job)
        town.driver("d", **driver)
        plan = decide(town.snapshot(), POLICY)
        assert plan.unplaced == {"a": Reason.NO_DRIVER}
        assert [(e.driver, e.reason) for e in plan.exclusions["a"]] == [("d", reason)]

    def test_leaves_held_and_offered_jobs_alone(self):
        town = Town()
        town.job("hold", held=True)
        town.job("out", offered_to=frozenset({"x"}))
        town.driver("d")
        plan = decide(town.snapshot(), POLICY)
        assert (plan.proposals, plan.unplaced) == ((), {"hold": Reason.ON_HOLD})
        assert plan.waiting["out"].driver == "x"

    def test_breaks_ties_by_id_whatever_the_order_of_the_lists(self):
        town = Town()
        for name in ("c", "a", "b"):
            town.driver(name, at=1)
            town.job(f"j{name}")
        expected = [("a", ("ja",)), ("b", ("jb",)), ("c", ("jc",))]
        assert offers(town) == expected
        snapshot = town.snapshot()
        turned = replace(snapshot, jobs=snapshot.jobs[::-1], drivers=snapshot.drivers[::-1])
        assert [(p.driver, p.jobs) for p in decide(turned, POLICY).proposals] == expected


class TestPurity:
    def test_the_engine_and_nearest_need_the_standard_library_alone(self):
        code = (
            "import sys; from dispatch.engine import *; from dispatch.engine.warm import rehearsal;"
            "decide(rehearsal(table=False), Policy(strategy='nearest'));"
            "print(sorted({'numpy', 'scipy', 'numba', 'django'} & set(sys.modules)))"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert out.stdout.strip() == "[]"

    def test_the_whole_engine_runs_without_django(self):
        code = (
            "import sys; from dispatch.engine.warm import warm; import dispatch.engine.mdrp, dispatch.engine.child;"
            "warm(); print('django' in sys.modules)"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert out.stdout.strip() == "False"
