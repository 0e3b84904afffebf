import pytest
from rich.console import Console

from simulation.result import Offers, Outcome, Result, holdable_speed, percentile, show

RESULT = Result(
    outcomes=[
        Outcome(status="DELIVERED", click_to_door_min=20.0, ready_to_pickup_min=0.0),
        Outcome(status="DELIVERED", click_to_door_min=50.0, ready_to_pickup_min=4.0),
        Outcome(status="CANCELLED"),
        Outcome(status="RETURNED"),
        Outcome(status="REJECTED"),
        Outcome(status="PICKED_UP", ready_to_pickup_min=1.0),
        Outcome(status="RETURNING"),
        Outcome(status="LOST"),
    ],
    offers=Offers(made=9, accepted=4, declined=3, expired=1),
    lost=1,
    doubled=2,
    latency_ms={"place_202": [10.0, 20.0, 30.0]},
)


class TestToDict:
    def test_is_the_table_of_the_demo(self):
        assert RESULT.to_dict() == {
            "orders": {
                "placed": 8, "delivered": 2, "cancelled": 2, "rejected": 1, "open": 3, "lost": 1, "doubled": 2,
            },
            "offers": {"made": 9, "accepted": 4, "declined": 3, "expired": 1},
            "latency_ms": {
                "place_202": {"p50": 20.0, "p99": 29.8},
                "place_first_offer": {"p50": None, "p99": None},
                "due_first_offer": {"p50": None, "p99": None},
                "place_assigned": {"p50": None, "p99": None},
            },
            "minutes": {
                "click_to_door": {"mean": 35.0, "p50": 35.0, "p90": 47.0},
                "ready_to_pickup": {"mean": 2.0, "p50": 2.0, "p90": 3.6},
                "overage": {"mean": 5.0},
            },
            "undelivered_pct": 75.0,
        }  # fmt: skip

    def test_balances(self):
        orders = RESULT.to_dict()["orders"]
        assert orders["placed"] == sum(orders[name] for name in ("delivered", "cancelled", "rejected", "open"))

    def test_of_nothing_is_nothing(self):
        table = Result(outcomes=[], offers=Offers(), lost=0, doubled=0, latency_ms={}).to_dict()
        assert table["orders"]["placed"] == 0
        assert table["undelivered_pct"] == 0.0
        assert table["minutes"]["overage"] == {"mean": None}


class TestPercentile:
    @pytest.mark.parametrize(("percent", "value"), [(0, 1.0), (50, 2.5), (90, 3.7), (100, 4.0)])
    def test_lies_between_the_two_nearest(self, percent, value):
        assert percentile([4.0, 1.0, 3.0, 2.0], percent) == value


class TestHoldableSpeed:
    def test_is_the_speed_itself_while_steps_are_in_time(self):
        assert holdable_speed([1.0] * 100, 60.0, 5.0) == (1.0, 60.0)

    def test_shrinks_with_the_lateness(self):
        assert holdable_speed([12.0] * 100, 60.0, 5.0) == (12.0, 25.0)

    def test_is_never_below_real_time(self):
        assert holdable_speed([900.0] * 100, 60.0, 5.0)[1] == 1.0


def test_the_table_shows_every_figure():
    out = Console(width=110, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    show(RESULT.to_dict(), out, title="Result")
    text = out.export_text()
    assert "35.0 / 35.0 / 47.0" in text
    assert "20.0 / 29.8" in text
    assert "- / -" in text
