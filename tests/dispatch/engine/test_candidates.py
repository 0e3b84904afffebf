import pytest

from dispatch.engine import DriverState, Policy, Reason, decide
from dispatch.engine.candidates import candidates
from tests.dispatch.engine.builders import MINUTE, NOW_S, Town

PLAIN = Policy(strategy="nearest", position_weight=0.0)


def minutes(seconds: float) -> float:
    return (seconds - NOW_S) / MINUTE


class TestCandidates:
    def test_tells_every_minute_of_the_way(self):
        town = Town()
        town.job("j", at=0, to=5, ready=6, placed=-10)
        town.driver("a", at=2)
        (found,) = candidates(town.snapshot(), PLAIN, "j")
        times = [found.free_s, found.arrive_s, found.pickup_s, found.leave_s, found.door_s]
        assert [minutes(each) for each in times] == [0, 2, 6, 7, 13]  # half services are a minute each
        assert (found.driver, found.reason, found.distance_m) == ("a", None, 1200.0)
        assert found.parts["to_door"] == 23 * MINUTE
        assert found.cost_s == sum(found.parts.values())

    def test_puts_who_is_first_at_the_door_first_and_who_cannot_last(self):
        town = Town()
        town.job("j", declined=frozenset({"no"}))
        town.driver("far", at=9)
        town.driver("near", at=1)
        town.driver("no", at=0)
        assert [(each.driver, each.reason) for each in candidates(town.snapshot(), PLAIN, "j")] == [
            ("near", None),
            ("far", None),
            ("no", Reason.DECLINED),
        ]

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"has_open_offer": True}, Reason.HOLDS_OFFER),
            ({"state": DriverState.UPCOMING, "free": 5}, Reason.NOT_ON_DUTY),
            ({"state": DriverState.INBOUND}, Reason.BUSY),
            ({"off_s": NOW_S + 30}, Reason.SHIFT_ENDS),
            ({"break_s": (NOW_S + 60, NOW_S + 600)}, Reason.BREAK),
            ({"vehicle": "bike"}, Reason.VEHICLE),
            ({"capacity": 1}, Reason.CAPACITY),
        ],
    )
    def test_says_what_keeps_a_driver_from_it(self, fields, reason):
        town = Town()
        town.job("j", vehicles=frozenset({"car"}) if "vehicle" in fields else None, size=2)
        town.driver("d", at=1, **fields)
        (found,) = candidates(town.snapshot(), PLAIN, "j")
        assert found.reason is reason

    def test_lets_a_busy_driver_come_later_where_the_strategy_looks_ahead(self):
        town = Town()
        town.job("j", ready=0)
        town.driver("d", at=1, free=8, state=DriverState.BUSY)
        (found,) = candidates(town.snapshot(), Policy(position_weight=0.0), "j")
        assert found.reason is None
        assert minutes(found.arrive_s) == 9
        (found,) = candidates(town.snapshot(), PLAIN, "j")
        assert found.reason is Reason.BUSY

    @pytest.mark.parametrize(("strategy", "reason"), [("plan", Reason.SHIFT_ENDS), ("batch", None), ("nearest", None)])
    def test_expects_food_when_the_strategy_does(self, strategy, reason):
        town = Town()
        town.job("j", ready=10, ready_std_s=600.0)  # in hand after 10 minutes, some 4 later on average
        town.driver("d", at=3, off_s=NOW_S + 11 * MINUTE)
        snapshot, policy = town.snapshot(), Policy(strategy=strategy, position_weight=0.0, lead_s=900)
        (found,) = candidates(snapshot, policy, "j")
        assert found.reason is reason
        assert (decide(snapshot, policy).unplaced == {}) is (reason is None)

    def test_a_break_that_is_over_when_he_is_free_hinders_nobody(self):
        town = Town()
        town.job("j", ready=20)
        town.driver("d", free=15, state=DriverState.BUSY, break_s=(NOW_S - MINUTE, NOW_S + 10 * MINUTE))
        assert decide(town.snapshot(), Policy()).waiting["j"].driver == "d"
        assert [each.reason for each in candidates(town.snapshot(), Policy(), "j")] == [None]

    def test_refuses_a_job_the_snapshot_does_not_hold(self):
        with pytest.raises(KeyError):
            candidates(Town().snapshot(), PLAIN, "j")


class TestRefusals:
    """Priced as the search does: the time of an answer, and what the next best costs more."""

    def town(self, *, placed=0, priority=0):
        town = Town()
        town.job("j", ready=0, placed=placed, priority=priority)
        town.driver("sure", at=3)
        town.driver("shy", at=1, accept_p=0.5)
        return town

    def prices(self, town, policy):
        return {each.driver: each.parts["answer"] for each in candidates(town.snapshot(), policy, "j")}

    def test_cost_the_time_of_an_answer_and_the_longer_way_of_the_next(self):
        policy = Policy(position_weight=0.0, answer_s=20, acceptance_weight=0.5)
        assert self.prices(self.town(), policy) == {"sure": 0.0, "shy": 0.5 * 0.5 * (20 + 2 * MINUTE)}

    def test_cost_more_where_the_order_goes_first(self):
        policy = Policy(position_weight=0.0, answer_s=20, acceptance_weight=0.5, priority_weight=1.0)
        assert self.prices(self.town(priority=1), policy)["shy"] == 2 * 0.5 * 0.5 * (20 + 2 * MINUTE)

    def test_cost_nothing_where_the_strategy_does_not_look(self):
        assert set(self.prices(self.town(), Policy(strategy="batch", position_weight=0.0)).values()) == {0.0}

    def test_of_the_only_driver_cost_as_long_as_the_search_waits_for_another(self):
        town = Town()
        town.job("j", ready=0)
        town.driver("shy", at=1, accept_p=0.5)
        policy = Policy(position_weight=0.0, answer_s=20, acceptance_weight=1.0)
        assert self.prices(town, policy) == {"shy": 0.5 * (20 + 1800)}
