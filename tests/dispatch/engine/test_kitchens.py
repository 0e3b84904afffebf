"""What a dispatcher of the plain form learns of kitchens during a day, and that it peeks at nothing."""

import pytest

from dispatch.engine.mdrp.kitchens import Kitchens


def form(now, orders=(), couriers=()):
    return {"now": now, "orders": list(orders), "couriers": list(couriers)}


def order(name, *, told, placed=0, holder=None, std=8.0, restaurant="r1"):
    return {"id": name, "restaurant": restaurant, "placed": placed, "ready": told, "holder": holder, "ready_std": std}


def at_counter(name, *, since):
    return {"id": name, "state": "inbound", "restaurant": "r1", "free_at": since}


def ready_of(kitchens, one):
    return kitchens.ready_min(one, {})


class TestKitchens:
    def test_leave_known_times_alone(self):
        exact = {"id": 1, "restaurant": "r1", "placed": 0, "ready": 33, "holder": None}
        kitchens = Kitchens().after(form(0, [exact]))
        assert ready_of(kitchens, exact) == (33.0, 0.0)
        assert kitchens.after(form(40)).orders == 0

    def test_shrink_what_is_told_towards_the_usual(self):
        late, soon = order(1, told=50), order(2, told=1)
        kitchens = Kitchens().after(form(0, [late, soon]))
        (late_min, late_std), (soon_min, soon_std) = ready_of(kitchens, late), ready_of(kitchens, soon)
        assert (1.0 < soon_min < 15.0, 25.0 < late_min < 50.0) == (True, True)
        assert soon_std < late_std < 8.5

    def test_learn_from_a_courier_who_waited(self):
        """He came at 20 and left with it at 27: it took 27 minutes, whatever was told."""
        kitchens = Kitchens().after(form(0, [order(1, told=10)]))
        kitchens = kitchens.after(form(20, [order(1, told=21, holder="c")], [at_counter("c", since=20)]))
        kitchens = kitchens.after(form(27))
        (seen,) = kitchens.own["r1"]
        assert (seen.value_s, seen.exact, kitchens.orders) == (27 * 60.0, True, 1)

    def test_learn_the_exact_moment_where_it_lay_ready(self):
        kitchens = Kitchens().after(form(0, [order(1, told=10)]))
        kitchens = kitchens.after(form(20, [order(1, told=14, holder="c", std=0.0)], [at_counter("c", since=20)]))
        (seen,) = kitchens.after(form(22)).own["r1"]
        assert (seen.value_s, seen.exact) == (14 * 60.0, True)

    def test_learn_nothing_exact_from_who_still_waits_at_the_other_counter_of_his_trip(self):
        elsewhere = {**at_counter("c", since=20), "restaurant": "r2"}
        kitchens = Kitchens().after(form(0, [order(1, told=10)]))
        kitchens = kitchens.after(form(20, [order(1, told=10, holder="c")], [elsewhere]))
        (seen,) = kitchens.after(form(27)).own["r1"]
        assert not seen.exact

    def test_learn_only_a_bound_where_nobody_saw_it(self):
        (seen,) = Kitchens().after(form(0, [order(1, told=10)])).after(form(30)).own["r1"]
        assert (seen.value_s, seen.exact) == (30 * 60.0, False)

    def test_expect_it_after_the_moment_somebody_waits_for_it(self):
        kitchens = Kitchens().after(form(0, [order(1, told=10)]))
        before, _ = ready_of(kitchens, order(1, told=10))
        waiting = order(1, told=31, holder="c")
        minute, std = ready_of(kitchens.after(form(30, [waiting], [at_counter("c", since=28)])), waiting)
        assert before < 30.0 < minute
        assert std > 0.0

    def test_know_a_slow_restaurant_from_a_quick_one(self):
        kitchens = Kitchens()
        for n in range(8):
            slow, quick = order(2 * n, told=30, restaurant="slow"), order(2 * n + 1, told=30, restaurant="quick")
            kitchens = kitchens.after(form(0, [slow, quick]))
            kitchens = kitchens.after(
                form(9, [slow | {"ready": 40, "ready_std": 0.0}, quick | {"ready": 5, "ready_std": 0.0}])
            )
            kitchens = kitchens.after(form(10))
        slow, quick = (
            order("s", told=30, placed=10, restaurant="slow"),
            order("q", told=30, placed=10, restaurant="quick"),
        )
        kitchens = kitchens.after(form(10, [slow, quick]))
        assert ready_of(kitchens, slow)[0] > 32.0
        assert ready_of(kitchens, quick)[0] < 24.0

    def test_change_nothing_they_were_given(self):
        first = Kitchens().after(form(0, [order(1, told=10)]))
        open_before, own_before = dict(first.open), dict(first.own)
        first.after(form(30))
        assert (dict(first.open), dict(first.own), first.orders) == (open_before, own_before, 0)

    @pytest.mark.parametrize("told", [0, 5])
    def test_stay_after_the_placement(self, told):
        kitchens = Kitchens().after(form(5, [order(1, told=told + 5, placed=5)]))
        minute, std = ready_of(kitchens, order(1, told=told + 5, placed=5))
        assert minute > 5.0
        assert std > 0.0
