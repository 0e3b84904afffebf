"""How likely an offer is taken."""

from __future__ import annotations

import math
import random

import pytest

from dispatch.engine import Policy, decide
from dispatch.engine.acceptance import LEAST, MOST, RATE, Answers, Slopes, common_rate, rate, slopes
from dispatch.engine.arrays import build
from tests.dispatch.engine.builders import MINUTE, NOW_S, Town

POLICY = Policy(strategy="plan", position_weight=0.0)


class TestRate:
    def test_is_that_of_all_drivers_before_the_first_answer(self):
        assert common_rate([]) == RATE
        assert rate(Answers(), 0.6) == 0.6

    def test_comes_near_to_a_drivers_own_with_his_answers(self):
        assert rate(Answers(offers=8, taken=0), 0.8) == pytest.approx(0.4)
        assert rate(Answers(offers=20, taken=20), 0.65) == pytest.approx(0.9)

    def test_stays_within_its_bounds(self):
        assert rate(Answers(offers=10_000, taken=0), RATE) == LEAST
        assert rate(Answers(offers=10_000, taken=10_000), RATE) == MOST


class TestSlopes:
    @staticmethod
    def answers(pay: float, distance: float, offers: int = 20_000) -> Answers:
        """Return what a driver with these slopes answers."""
        rng, sums = random.Random(3), dict.fromkeys(Answers.__slots__, 0.0)
        for _ in range(offers):
            y = rng.uniform(0, 3)
            x = math.log(600 / (y + rng.uniform(3, 8)))
            p = 1 / (1 + math.exp(-(0.8 + pay * (x - 4.2) - distance * (y - 1.5))))
            taken = rng.random() < p
            new = {"offers": 1, "taken": taken, "x": x, "y": y, "xx": x * x, "xy": x * y, "yy": y * y}
            new |= {"taken_x": taken * x, "taken_y": taken * y}
            for name, value in new.items():
                sums[name] += value
        return Answers(**sums)

    def test_are_found_again_though_pay_and_distance_go_together(self):
        found = self.answers(pay=1.0, distance=0.3)
        learnt = slopes([found], common_rate([found]))
        assert learnt.pay == pytest.approx(1.0, rel=0.15)
        assert learnt.distance == pytest.approx(0.3, rel=0.15)

    def test_are_cautious_without_answers_and_never_of_the_wrong_sign(self):
        assumed = slopes([], RATE)
        assert (assumed.pay, assumed.distance) == (pytest.approx(Slopes().pay), pytest.approx(Slopes().distance))
        odd = self.answers(pay=-1.0, distance=-0.5)
        assert slopes([odd], common_rate([odd])) == Slopes(pay=0.0, distance=0.0)


class TestChance:
    def test_falls_with_the_distance_and_rises_with_the_pay(self):
        town = Town()
        town.job("poor", at=0, to=5, pay=300.0)
        town.job("rich", at=0, to=5, pay=600.0)
        town.driver("near", at=1, accept_p=0.7, usual_km=1.2, usual_pay=math.log(300 / 4.2))
        town.driver("far", at=6, accept_p=0.7, usual_km=1.2, usual_pay=math.log(300 / 4.2))
        town.driver("new", at=6, accept_p=0.7)
        chance = build(town.snapshot(), POLICY).chance  # drivers and jobs by id
        far, near, new = chance
        assert far[0] < near[0] < near[1]
        # 3.6 km to the pickup, 3 km to the door
        shift = 0.2 * (1.2 - 3.6) + math.log(300 / 6.6) - math.log(300 / 4.2)
        assert far[0] == pytest.approx(1 / (1 + 3 / 7 * math.exp(-shift)))
        assert new.tolist() == [0.7, 0.7]

    def test_the_driver_who_says_yes_is_asked_before_one_a_little_nearer(self):
        town = Town()
        town.job("a")
        town.driver("moody", at=1, accept_p=0.3)
        town.driver("steady", at=1.2)
        town.driver("third", at=1.3)
        (asked,) = decide(town.snapshot(answer_s=60.0), POLICY).proposals
        assert asked.driver == "steady"
        (asked,) = decide(town.snapshot(answer_s=60.0), Policy(position_weight=0.0, acceptance_weight=0.0)).proposals
        assert asked.driver == "moody"

    def test_offers_go_out_earlier_by_the_refusals_to_expect(self):
        town = Town()
        town.job("a", ready=20)
        town.driver("d", at=3, accept_p=0.5)
        waiting = decide(town.snapshot(answer_s=45.0), POLICY).waiting["a"]
        assert waiting.due_s == NOW_S + 16 * MINUTE - 45


class TestParallel:
    def test_a_second_driver_is_asked_again_when_one_of_two_refused(self):
        town = Town()
        town.job("a", refusals=3, declined=frozenset({"x"}), offered_to=frozenset({"asked"}))
        town.driver("asked", at=0.5, has_open_offer=True)
        town.driver("next", at=2)  # a minute and a half later
        town.driver("x", at=0)
        plan = decide(town.snapshot(), POLICY)
        assert [(p.driver, p.jobs, p.parallel) for p in plan.proposals] == [("next", ("a",), True)]
        assert plan.waiting["a"].driver == "asked"

    @pytest.mark.parametrize(
        ("refusals", "later_s", "asked"),
        [(1, 0, False), (2, 59, True), (2, 61, False), (3, 61, True), (3, 119, True), (3, 121, False)],
    )
    def test_a_second_driver_may_be_a_minute_later_for_every_refusal_from_the_second_on(self, refusals, later_s, asked):
        town = Town()
        town.job("a", refusals=refusals, ready=-5)
        town.driver("first", at=1)
        town.driver("next", at=1 + later_s / MINUTE)
        proposals = decide(town.snapshot(), POLICY).proposals
        assert [(p.driver, p.parallel) for p in proposals] == [("first", False), ("next", True)][: 1 + asked]

    def test_nobody_is_later_for_food_that_is_not_ready_yet(self):
        town = Town()
        town.job("a", refusals=2, ready=8)
        town.driver("first", at=1)
        town.driver("next", at=6)
        plan = decide(town.snapshot(), Policy(position_weight=0.0, lead_s=600))
        assert [(p.driver, p.parallel) for p in plan.proposals] == [("first", False), ("next", True)]

    def test_two_are_enough(self):
        town = Town()
        town.job("a", refusals=3, offered_to=frozenset({"asked", "too"}))
        town.driver("asked", has_open_offer=True)
        town.driver("too", has_open_offer=True)
        town.driver("next", at=2)
        assert decide(town.snapshot(), POLICY).proposals == ()
