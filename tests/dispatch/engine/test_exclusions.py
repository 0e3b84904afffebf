"""Who is named beside a decision, and why he is not asked."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine import Pairs, Policy, Reason, Table, decide
from dispatch.engine.candidates import candidates
from tests.dispatch.engine.builders import MINUTE, NOW_S, WORLDS, Town, random_snapshot

POLICY = Policy(strategy="plan")
STRATEGIES = ("plan", "batch", "nearest")


def left_out(snapshot, policy=POLICY, job="a"):
    return [(e.driver, e.reason, e.value) for e in decide(snapshot, policy).exclusions[job]]


class TestReasons:
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
    def test_an_unplaced_job_says_why_each_driver_cannot(self, job, driver, reason):
        town = Town()
        town.job("a", **job)
        town.driver("d", **driver)
        assert decide(town.snapshot(), POLICY).unplaced == {"a": Reason.NO_DRIVER}
        assert left_out(town.snapshot()) == [("d", reason, 0.0)]

    def test_a_place_without_a_way_is_no_candidate(self):
        town = Town()
        town.job("a")
        town.driver("d")
        snapshot = town.snapshot(travel=Pairs(seconds={}))
        assert decide(snapshot, POLICY).unplaced == {"a": Reason.NO_DRIVER}
        assert left_out(snapshot) == [("d", Reason.NO_WAY, 0.0)]

    def test_the_next_best_driver_is_named_with_how_much_later_he_would_be(self):
        town = Town()
        town.job("a")
        town.driver("d", at=1)
        town.driver("e", at=3)
        assert left_out(town.snapshot()) == [("e", Reason.LATER, 120)]

    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_how_much_later_he_would_be_is_told_in_seconds_at_the_door_whatever_the_job_weighs(self, strategy):
        town = Town()
        town.job("a", priority=4, placed=-60)
        town.driver("d", at=1)
        town.driver("e", at=6, accept_p=0.5)
        assert left_out(town.snapshot(), Policy(strategy=strategy)) == [("e", Reason.LATER, 5 * MINUTE)]

    def test_who_is_asked_in_parallel_is_not_left_out(self):
        town = Town()
        town.job("a", refusals=2)
        for name in ("d", "e", "f"):
            town.driver(name, at=1)
        snapshot = town.snapshot()
        assert [p.driver for p in decide(snapshot, POLICY).proposals] == ["d", "e"]
        assert left_out(snapshot) == [("f", Reason.LATER, 0.0)]

    def test_the_nearest_is_named_though_he_turned_it_down_and_others_could_take_it(self):
        town = Town()
        town.job("a", declined=frozenset({"z"}))
        town.driver("z", at=0)
        for i in range(7):
            town.driver(f"d{i}", at=5 + i)
        named = left_out(town.snapshot())
        assert named[0] == ("z", Reason.DECLINED, 0.0)
        assert [driver for driver, _, _ in named[1:]] == ["d1", "d2", "d3", "d4"]

    def test_the_nearest_are_named_where_nobody_can_take_it(self):
        town = Town()
        town.job("a", vehicles=frozenset({"car"}))
        for i in range(8):
            town.driver(f"d{i}", at=50 - 6 * i, vehicle="bike")
        assert [driver for driver, _, _ in left_out(town.snapshot())] == ["d7", "d6", "d5", "d4", "d3"]

    def test_who_was_not_weighed_missed_nothing(self):
        town = Town()
        town.job("a")
        for i in range(4):
            town.driver(f"d{i}", at=i + 1)
        assert left_out(town.snapshot(), replace(POLICY, candidates_k=2)) == [
            ("d1", Reason.LATER, MINUTE),
            ("d2", Reason.NOT_WEIGHED, 0.0),
            ("d3", Reason.NOT_WEIGHED, 0.0),
        ]

    def test_nobody_is_later_than_nobody(self):
        town = Town()
        town.job("a", placed=-30)
        town.job("b", placed=-20)
        town.driver("d")
        snapshot, policy = town.snapshot(), replace(POLICY, max_stops=1)
        assert decide(snapshot, policy).unplaced == {"b": Reason.NO_DRIVER}
        assert left_out(snapshot, policy, "b") == [("d", Reason.LATER, 0.0)]

    def test_a_shift_ends_before_food_that_will_on_average_be_later(self):
        town = Town()
        town.job("a", ready=10, ready_std_s=600.0)  # in hand after 10 minutes, and some 4 on average
        town.driver("d", at=3, off_s=NOW_S + 11 * MINUTE)
        town.driver("e", at=6)
        snapshot, policy = town.snapshot(), Policy(position_weight=0.0)
        assert [p.driver for p in decide(snapshot, policy).proposals] == ["e"]
        assert left_out(snapshot, policy) == [("d", Reason.SHIFT_ENDS, 0.0)]
        reasons = {each.driver: each.reason for each in candidates(snapshot, policy, "a")}
        assert reasons == {"e": None, "d": Reason.SHIFT_ENDS}

    @pytest.mark.parametrize("strategy", STRATEGIES)
    @pytest.mark.parametrize("lost", [0, 1, 2])  # the counter, the door, the driver
    def test_no_way_is_no_way_in_every_strategy(self, strategy, lost):
        town = Town()
        town.job("a")
        town.driver("d", at=1)
        rows = [[0.0 if a == b else math.inf if lost in (a, b) else MINUTE for b in range(3)] for a in range(3)]
        snapshot = town.snapshot(travel=Table(rows=tuple(map(tuple, rows))))
        assert left_out(snapshot, Policy(strategy=strategy)) == [("d", Reason.NO_WAY, 0.0)]

    @given(seed=st.integers(0, 100_000), world=st.sampled_from(WORLDS), strategy=st.sampled_from(STRATEGIES))
    @settings(max_examples=60, deadline=None)
    def test_who_looks_back_finds_the_same(self, seed, world, strategy):
        snapshot = random_snapshot(seed, world=world)
        policy = Policy(strategy=strategy, ready_quantile_std=0.0)
        plan = decide(snapshot, policy)
        for job, excluded in plan.exclusions.items():
            found = {each.driver: each for each in candidates(snapshot, policy, job)}
            asked = [p for p in plan.proposals if job in p.jobs]
            assert not {p.driver for p in asked} & {each.driver for each in excluded}
            for each in excluded:
                if each.reason is Reason.LATER:
                    assert found[each.driver].reason is None
                    door_s = asked[0].dropoff_eta_s[asked[0].jobs.index(job)] if asked else math.inf
                    later_s = max(0.0, found[each.driver].door_s - door_s)
                    assert each.value == pytest.approx(later_s, abs=1e-3)
