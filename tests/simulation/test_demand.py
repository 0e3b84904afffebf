from itertools import islice

from simulation.city import CENTRE
from simulation.clients.shops import Shop
from simulation.demand import Appetite, orders_of

ITEM = {
    "id": "itm_a",
    "price_minor": 600,
    "available": True,
    "option_groups": [
        {"least": 1, "most": 1, "options": [{"id": "opt_a", "available": True}, {"id": "opt_b", "available": True}]},
        {"least": 0, "most": 3, "options": [{"id": "opt_c", "available": True}, {"id": "opt_d", "available": False}]},
    ],
}
SHOPS = [Shop(id=f"rst_{n}", name=f"Kitchen {n}", place=CENTRE, minimum_minor=1000, items=[ITEM]) for n in range(3)]


def plans(seed: int, number: int = 200):
    return list(
        islice(orders_of(shops=SHOPS, seed=seed, start_s=1000.0, appetite=Appetite(orders_per_hour=90)), number)
    )


class TestOrdersOf:
    def test_is_the_same_day_for_the_same_seed(self):
        assert plans(1) == plans(1)
        assert plans(1) != plans(2)

    def test_begins_at_once_and_keeps_the_rate(self):
        found = plans(1, 900)
        assert found[0].place_s == 1000.0
        hours = (found[-1].place_s - found[0].place_s) / 3600.0
        assert 80 < 899 / hours < 100

    def test_reaches_the_minimum_with_options_that_fit(self):
        for plan in plans(3):
            assert 600 * sum(item.quantity for item in plan.items) >= 1000
            for item in plan.items:
                assert len({"opt_a", "opt_b"} & set(item.options)) == 1
                assert "opt_d" not in item.options

    def test_cooks_for_four_to_eight_minutes(self):
        assert all(240.0 <= plan.cook_s <= 480.0 for plan in plans(1))

    def test_of_no_shops_is_nothing(self):
        assert list(orders_of(shops=[], seed=1, start_s=0.0, appetite=Appetite())) == []
