from dataclasses import replace

import pytest

from dispatch.engine import Demand, DriverState, Past, Policy, Reason, decide
from dispatch.engine.plan import memo
from tests.dispatch.engine.builders import MINUTE, NOW_S, Town, random_snapshot

POLICY = Policy(strategy="plan")


def offers(snapshot, policy=POLICY):
    return [(p.driver, p.jobs) for p in decide(snapshot, policy).proposals]


class TestOffering:
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

    def test_sends_offers_earlier_by_the_lead_and_by_what_refusals_are_expected_to_take(self):
        town = Town()
        town.job("a", ready=20)
        town.driver("d", at=3, accept_p=0.5)
        policy = replace(POLICY, lead_s=60, answer_s=20)
        assert decide(town.snapshot(), policy).waiting["a"].due_s == NOW_S + 16 * MINUTE - 80

    def test_gives_each_job_to_the_driver_who_serves_all_best(self):
        town = Town()
        town.job("left", at=0, to=-5)
        town.job("right", at=2, to=7)
        town.driver("middle", at=1.1)
        town.driver("east", at=3)
        assert offers(town.snapshot()) == [("east", ("right",)), ("middle", ("left",))]

    def test_plans_a_second_trip_for_a_busy_driver_and_says_when_it_starts(self):
        town = Town()
        town.job("a", to=5)
        town.job("b", at=6, to=9, placed=-5)
        town.driver("d", at=0)
        plan = decide(town.snapshot(), POLICY)
        assert [p.jobs for p in plan.proposals] == [("a",)]
        # pickup 1, leave 2, door 8, free 9: he sets out for b then
        assert (plan.waiting["b"].driver, plan.waiting["b"].due_s) == ("d", NOW_S + 9 * MINUTE)

    def test_says_times_and_parts_of_the_cost(self):
        town = Town()
        town.job("a", placed=-38)
        town.driver("d", at=3)
        (proposal,) = decide(town.snapshot(), POLICY).proposals
        assert proposal.leave_s == NOW_S
        assert proposal.pickup_eta_s == NOW_S + 4 * MINUTE
        assert proposal.dropoff_eta_s == (NOW_S + 11 * MINUTE,)
        assert proposal.score_of("a") == {
            "click_to_door_s": 49 * MINUTE,
            "late_s": 9 * MINUTE,
            "food_waits_s": 4 * MINUTE,
            "travel_s": 3 * MINUTE,
            "driver_s": 0.0,
        }

    def test_says_of_each_job_of_a_trip_how_long_it_waits_and_how_late_it_is(self):
        town = Town()
        town.job("old", ready=-10, placed=-45, restaurant="r")
        town.job("new", ready=0, placed=-20, to=6, restaurant="r")
        town.driver("d", at=1)
        (proposal,) = decide(town.snapshot(), POLICY).proposals
        assert proposal.jobs == ("old", "new")  # in hand after 2, doors after 9 and 12
        scores = [proposal.score_of(job) for job in proposal.jobs]
        assert [score["food_waits_s"] for score in scores] == [12 * MINUTE, 2 * MINUTE]
        assert [score["late_s"] for score in scores] == [14 * MINUTE, 0.0]
        assert [score["click_to_door_s"] for score in scores] == [54 * MINUTE, 32 * MINUTE]
        assert {score["travel_s"] for score in scores} == {MINUTE}

    def test_asks_two_drivers_after_two_refusals(self):
        town = Town()
        town.job("a", refusals=2, declined=frozenset({"x"}))
        town.driver("near", at=1)
        town.driver("next", at=2)
        town.driver("x", at=0)
        proposals = decide(town.snapshot(), POLICY).proposals
        assert [(p.driver, p.jobs, p.parallel) for p in proposals] == [
            ("near", ("a",), False),
            ("next", ("a",), True),
        ]

    def test_lets_a_driver_who_missed_too_much_go_first_as_far_as_it_is_worth(self):
        town = Town()
        town.job("a", ready=-5)
        town.driver("near", at=1)
        town.driver("passed over", at=3, misses=4)
        snapshot, guarded = town.snapshot(), replace(POLICY, max_misses=4, miss_pull_s=150)
        assert offers(snapshot) == [("near", ("a",))]
        assert offers(snapshot, replace(guarded, max_misses=5)) == [("near", ("a",))]
        assert offers(snapshot, guarded) == [("passed over", ("a",))]  # two minutes later at the door
        assert offers(snapshot, replace(guarded, miss_pull_s=110)) == [("near", ("a",))]
        (proposal,) = decide(snapshot, guarded).proposals
        assert (proposal.score["misses"], proposal.score["driver_s"]) == (4.0, -150.0)

    def test_does_not_take_an_order_that_is_only_expected_for_work(self):
        town = Town()
        town.job("a", ready=-5)
        town.driver("near", at=1)
        town.driver("passed over", at=3, misses=4)
        past = tuple(
            Past(id=f"p{n}", pickup=town.place(3), dropoff=town.place(8), placed_s=NOW_S - 60 * n, ready_s=NOW_S)
            for n in range(1, 10)
        )
        snapshot = town.snapshot(past=past)
        assert offers(snapshot, replace(POLICY, max_misses=4)) == [("passed over", ("a",))]

    def test_decides_the_same_whoever_missed_what_where_the_guardrail_is_off(self):
        for seed in range(20):
            snapshot = random_snapshot(seed)
            missed = replace(snapshot, drivers=tuple(replace(d, misses=50) for d in snapshot.drivers))
            assert decide(missed, POLICY) == decide(snapshot, POLICY)

    def test_prefers_the_driver_who_idled_longer_only_when_fairness_is_on(self):
        town = Town()
        town.job("a")
        town.driver("near", at=1, idle_s=0)
        town.driver("patient", at=2, idle_s=1200)
        assert offers(town.snapshot()) == [("near", ("a",))]
        assert offers(town.snapshot(), replace(POLICY, fairness_weight=0.1)) == [("patient", ("a",))]


class TestStacking:
    def test_puts_two_jobs_of_one_restaurant_into_one_trip_when_that_is_quicker_for_both_together(self):
        town = Town()
        town.job("near", to=5, restaurant="r")
        town.job("far", to=6, restaurant="r")
        town.driver("only")
        assert offers(town.snapshot()) == [("only", ("near", "far"))]

    @pytest.mark.parametrize(
        "limit",
        [{"max_batch": 1}, {"max_detour_s": 0}, {"max_food_age_s": 300}, {"target_s": 600, "max_late_s": 0}],
    )
    def test_keeps_within_the_limits_of_the_policy(self, limit):
        town = Town()
        town.job("near", to=5, restaurant="r")
        town.job("far", to=6, restaurant="r")
        town.driver("only")
        assert offers(town.snapshot(), replace(POLICY, **limit)) == [("only", ("near",))]

    def two_restaurants(self, **more):
        """Two doors beside each other, two counters 300 m apart, one driver at the first."""
        town = Town()
        town.job("a", at=0, to=6, restaurant="r", **more)
        town.job("b", at=0.5, to=7, restaurant="s")
        town.driver("only")
        return town

    def test_fetches_at_two_restaurants_in_one_trip_where_the_policy_calls_them_near(self):
        snapshot = self.two_restaurants().snapshot()
        assert offers(snapshot) == [("only", ("a",))]
        assert offers(snapshot, replace(POLICY, stack_within_m=299)) == [("only", ("a",))]
        (proposal,) = decide(snapshot, replace(POLICY, stack_within_m=300)).proposals
        assert (proposal.restaurant, proposal.jobs) == ("r", ("a", "b"))
        # a counter at 0: 1 in, 1 out, half a minute over, 1 in, 1 out; then 5.5 to the first door, 1 more to the next
        assert proposal.pickup_etas_s == (NOW_S + 1 * MINUTE, NOW_S + 3.5 * MINUTE)
        assert proposal.dropoff_eta_s == (NOW_S + 11 * MINUTE, NOW_S + 14 * MINUTE)

    def test_asks_early_enough_for_the_food_of_both_restaurants(self):
        town = Town()
        town.job("a", at=0, to=6, restaurant="r", ready=20)
        town.job("b", at=0.5, to=7, restaurant="s", ready=20)
        town.driver("only", at=-2)
        plan = decide(town.snapshot(), replace(POLICY, stack_within_m=300))
        # 2 to the first counter, 1 in: 17 for the first. Both: 2, 1 in, 1 out, half a minute over, 1 in: 14.5
        assert {job: w.due_s - NOW_S for job, w in plan.waiting.items()} == {"a": 17 * MINUTE, "b": 17 * MINUTE}

    def test_fetches_at_two_restaurants_only_what_every_limit_allows(self):
        near = replace(POLICY, stack_within_m=300)
        for limit in ({"max_batch": 1}, {"max_detour_s": 60}, {"max_food_age_s": 300}):
            assert offers(self.two_restaurants().snapshot(), replace(near, **limit)) == [("only", ("a",))]
        three = self.two_restaurants()
        three.job("c", at=0.25, to=6.5, restaurant="t")
        assert all(len(jobs) == 2 for _, jobs in offers(three.snapshot(), near))
        ends = self.two_restaurants()
        ends.drivers[0] = replace(ends.drivers[0], off_s=NOW_S + 3 * MINUTE)
        assert offers(ends.snapshot(), near) == [("only", ("a",))]

    def test_leaves_an_offer_of_two_restaurants_as_it_is_out(self):
        town = Town()
        for name, at, restaurant in (("a", 0, "r"), ("b", 0.5, "s")):
            town.job(name, at=at, to=6, restaurant=restaurant, offered_to=frozenset({"d"}))
        town.driver("d", has_open_offer=True)
        town.driver("other")
        plan = decide(town.snapshot(), replace(POLICY, stack_within_m=300))
        assert (plan.proposals, plan.resets) == ((), ())
        assert {job: w.driver for job, w in plan.waiting.items()} == {"a": "d", "b": "d"}

    def test_never_loads_more_than_a_driver_can_carry(self):
        town = Town()
        town.job("near", to=5, restaurant="r", size=2)
        town.job("far", to=6, restaurant="r", size=2)
        town.driver("only", capacity=3)
        assert offers(town.snapshot()) == [("only", ("near",))]


class TestWhoIsBound:
    def inbound(self, **more):
        town = Town()
        town.job("held", to=5, restaurant="r", holder="d", ready=5)
        town.driver("d", state=DriverState.INBOUND, free=2, restaurant="r", holding=("held",), **more)
        return town

    def test_a_driver_on_the_way_may_get_another_job_of_the_same_restaurant(self):
        town = self.inbound()
        town.job("new", to=6, restaurant="r", ready=5)
        plan = decide(town.snapshot(), POLICY)
        (reset,) = plan.resets
        assert (reset.driver, reset.jobs, reset.added, reset.removed) == ("d", ("held", "new"), ("new",), ())
        assert reset.pickup_eta_s == NOW_S + 5 * MINUTE
        assert reset.dropoff_eta_s == (NOW_S + 12 * MINUTE, NOW_S + 15 * MINUTE)

    def test_a_driver_on_the_way_is_never_sent_elsewhere_and_keeps_a_job(self):
        town = self.inbound()
        town.job("urgent", at=0, to=1, restaurant="s", placed=-60)
        plan = decide(town.snapshot(), POLICY)
        assert (plan.resets, plan.proposals) == ((), ())
        assert plan.waiting["urgent"].driver == "d"

    def test_a_trip_that_is_out_as_an_offer_does_not_change(self):
        town = Town()
        town.job("out", to=5, restaurant="r", offered_to=frozenset({"d"}))
        town.job("new", to=6, restaurant="r")
        town.driver("d", has_open_offer=True)
        plan = decide(town.snapshot(), POLICY)
        assert (plan.proposals, plan.resets) == ((), ())
        assert plan.waiting["out"].driver == "d"
        assert plan.waiting["new"].due_s == NOW_S + 9 * MINUTE

    def test_a_held_job_whose_driver_is_gone_is_named(self):
        town = Town()
        town.job("lost", holder="ghost")
        town.driver("d")
        assert decide(town.snapshot(), POLICY).unplaced == {"lost": Reason.NOT_ON_DUTY}

    def test_operations_can_hold_a_job_back(self):
        town = Town()
        town.job("a", held=True)
        town.driver("d")
        plan = decide(town.snapshot(), POLICY)
        assert (plan.proposals, plan.unplaced) == ((), {"a": Reason.ON_HOLD})


class TestForesight:
    def test_a_driver_is_kept_for_what_is_ordered_all_the_time(self):
        from dispatch.engine import Past

        town = Town()
        town.job("a", at=0, to=-5, restaurant="s")
        town.driver("west", at=-1.2)
        town.driver("east", at=1)
        kitchen, door = town.place(2), town.place(9)
        past = tuple(
            Past(id=f"p{i}", pickup=kitchen, dropoff=door, placed_s=NOW_S - 840, ready_s=NOW_S - 780) for i in range(1)
        )
        assert offers(town.snapshot()) == [("east", ("a",))]
        assert offers(town.snapshot(past=past)) == [("west", ("a",))]
        assert offers(town.snapshot(past=past), replace(POLICY, foresight_weight=0)) == [("east", ("a",))]

    @pytest.mark.parametrize("busy", [5.0, 15.0, 40.0, 60.0])
    @pytest.mark.parametrize("away", [10.0, 30.0, 45.0])
    def test_food_does_not_wait_for_what_never_comes(self, busy, away):
        """Every three minutes something short is ordered, and something else brings it to its door."""
        assert self.waited(POLICY.foresight_wait_s, busy=busy, away=away) == 0.0

    def test_it_would_if_what_is_expected_counted_without_end(self):
        assert self.waited(7200.0, busy=60.0, away=45.0) > 50.0

    def waited(self, patience: float, *, busy: float, away: float) -> float:
        """Return the minutes until somebody is asked to fetch food that stands ready, one driver idle at its counter."""
        memory = None
        for half_minute in range(150):
            passed = half_minute / 2
            town = Town()
            town.job("a", to=away, ready=-passed, placed=-passed)
            town.driver("idle")
            town.driver("busy", free=max(1.0, busy - passed), state=DriverState.BUSY)
            kitchen, door = town.place(0), town.place(2)
            ordered = [(k, 3 * k - passed) for k in range(-20, 60) if -15 < 3 * k - passed <= 0]
            past = tuple(
                Past(
                    id=f"p{k + 100}",
                    pickup=kitchen,
                    dropoff=door,
                    placed_s=NOW_S + at * MINUTE,
                    ready_s=NOW_S + (at + 1) * MINUTE,
                )
                for k, at in ordered
            )
            plan = decide(town.snapshot(past=past, memo=memory, period_s=30.0), Policy(foresight_wait_s=patience))
            if plan.proposals:
                assert plan.proposals[0].jobs == ("a",)
                return passed
            memory = plan.memo
        return passed

    def test_demand_that_weighs_nothing_counts_for_nothing(self):
        town = Town()
        town.job("a")
        town.driver("d", at=1)
        town.driver("e", at=3)
        nothing = (Demand(place=town.place(4), weight=0.0),)
        assert decide(town.snapshot(demand=nothing), POLICY) == decide(town.snapshot(), POLICY)


class TestLength:
    def test_an_offer_of_more_jobs_than_a_route_may_hold_stays_as_it_is(self):
        town = Town()
        for name in "abcd":
            town.job(name, offered_to=frozenset({"d"}))
        town.driver("d", has_open_offer=True)
        plan = decide(town.snapshot(), Policy(max_stops=1))
        assert (plan.proposals, plan.unplaced) == ((), {})

    def test_a_driver_holds_more_jobs_than_a_route_may_and_than_he_lists(self):
        town = Town()
        for n in range(20):
            town.job(f"j{n:02}", holder="d", to=1 + n / 10)
        town.driver("d", state=DriverState.INBOUND, restaurant="r0", holding=())
        plan = decide(town.snapshot(), POLICY)
        assert plan.proposals == ()


class TestMemo:
    def test_comes_back_as_it_was_written(self):
        routes = {"d": (("a", "b"), ("c",)), "e": (("ü",),)}
        assert memo.read(memo.write(routes)) == routes

    @pytest.mark.parametrize(
        "junk",
        [
            b"",
            b"\xff",
            b"[]",
            b"{}",
            b'{"v":1}',
            b'{"v":1,"routes":{"d":[["a",3]]}}',
            b'{"v":2,"routes":{}}',
            b'{"v":1,"routes":{"d":"ab"}}',
            b"[" * 100_000,
        ],
    )
    def test_is_ignored_when_it_is_not_one(self, junk):
        town = Town()
        town.job("a")
        town.driver("d")
        assert memo.read(junk) == {}
        assert offers(town.snapshot(memo=junk)) == [("d", ("a",))]

    def test_that_lies_is_not_believed(self):
        town = Town()
        town.job("a", declined=frozenset({"d"}))
        town.job("b", at=1, holder="e")
        town.driver("d")
        town.driver("e", at=1, state=DriverState.INBOUND, restaurant="r1", holding=("b",))
        lie = memo.write({"d": (("a", "b", "nobody"), ("a",)), "e": (("a",),), "x": (("a",),)})
        plan = decide(town.snapshot(memo=lie), POLICY)
        assert (plan.proposals, plan.resets) == ((), ())
        assert plan.waiting["a"].driver == "e"

    @pytest.mark.parametrize("most", [1, 8, 9])
    def test_never_makes_more_moves_than_the_policy_allows_once_every_job_has_a_place(self, most):
        town = Town()
        for i in range(8):
            town.job(f"j{i}", at=i, to=-i)
        for i in range(3):
            town.driver(f"d{i}", at=2 * i)
        free, bounded = (decide(town.snapshot(), replace(POLICY, max_moves=n)) for n in (20_000, most))
        assert free.stats["moves"] > 9
        assert bounded.stats["moves"] == max(8, most)  # an insertion a job, then improvements
        assert bounded.unplaced == {}
        assert bounded.stats["objective_s"] >= free.stats["objective_s"]
