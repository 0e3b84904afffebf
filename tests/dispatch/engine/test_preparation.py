"""What is learned of kitchens: cases by hand, and what must hold for any past."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.preparation import (
    EARLIEST_S,
    LATEST_S,
    Belief,
    Cooked,
    Habit,
    Seen,
    basket_of,
    habit,
    habits,
)

MIN = 60.0


def cooked(late_min, *, hour=12, pieces=2, exact=True):
    return Cooked(hour=hour, pieces=pieces, late_s=late_min * MIN, exact=exact)


pasts = st.lists(
    st.builds(
        Cooked,
        hour=st.integers(0, 23),
        pieces=st.integers(1, 30),
        late_s=st.floats(-10_000, 20_000),
        exact=st.booleans(),
    ),
    max_size=40,
)
kinds = st.fixed_dictionaries({"hour": st.integers(0, 23), "pieces": st.integers(1, 30)})


class TestBelief:
    def test_of_a_point_is_certain(self):
        belief = Belief.point(600.0, low_s=0.0, high_s=3600.0)
        assert (belief.mean_s, belief.middle_s, belief.std_s, belief.quantile_s(0.9)) == (600.0, 600.0, 0.0, 600.0)

    def test_weighs_what_was_seen_against_what_was_believed(self):
        belief = Belief.point(0.0, low_s=0.0, high_s=3600.0).narrowed([Seen(value_s=600.0)] * 3, strength=1.0)
        assert belief.mean_s == pytest.approx(450.0)
        assert (belief.quantile_s(0.25), belief.quantile_s(0.26)) == (0.0, 600.0)

    def test_of_who_came_too_late_pulls_down_and_never_up(self):
        belief = Belief.log_normal(900.0, 0.6, high_s=5400.0)
        for moment_s, below in ((600.0, True), (5400.0, False)):
            after = belief.narrowed([Seen(value_s=moment_s, exact=False)], strength=1.0)
            assert (after.mean_s < belief.mean_s - 1.0) == below
            assert after.mean_s <= belief.mean_s + 1e-9

    def test_after_a_statement_is_the_normal_posterior_where_the_prior_is_broad(self):
        flat = Belief.point(0.0, low_s=0.0, high_s=20_000.0).narrowed(
            [Seen(value_s=60.0 * k) for k in range(334)], strength=0.0
        )
        after = flat.told(10_000.0, 480.0)
        assert after.mean_s == pytest.approx(10_000.0, abs=1.0)
        assert after.std_s == pytest.approx(480.0, rel=0.01)

    def test_shrinks_a_statement_towards_what_was_seen(self):
        prior = Belief.point(0.0, low_s=0.0, high_s=7200.0).narrowed([Seen(value_s=900.0)], strength=0.0, width_s=300.0)
        after = prior.told(1800.0, 480.0)
        # two normals: 900 +- 300 and 1800 +- 480
        weight = 300.0**2 / (300.0**2 + 480.0**2)
        assert after.mean_s == pytest.approx(900.0 + weight * 900.0, rel=0.01)
        assert after.std_s == pytest.approx(480.0 * weight**0.5, rel=0.03)

    def test_forgets_moments_that_passed_without_it(self):
        belief = Belief.log_normal(900.0, 0.6, high_s=5400.0).not_before(1200.0)
        assert belief.at_s[belief.mass > 0.0][0] == 1260.0
        assert belief.not_before(9000.0).mean_s == 5400.0


class TestHabit:
    def test_of_a_kitchen_without_past_is_as_stated(self):
        assert habit([], hour=12, pieces=2) == Habit(late_s=0.0, std_s=0.0, orders=0)

    def test_of_a_kitchen_always_ten_minutes_late_is_known_after_twenty_orders(self):
        late = [habit([cooked(10)] * n, hour=12, pieces=2).late_s / MIN for n in (1, 3, 10, 21)]
        assert late == pytest.approx([0.0, 1.6, 7.3, 10.0], abs=0.1)

    def test_is_not_moved_by_one_wild_order(self):
        for n in range(30):
            calm = [cooked(0)] * n
            wild = habit([cooked(90), *calm], hour=12, pieces=2)
            assert (wild.late_s, wild.std_s) == (0.0, 0.0)

    def test_differs_by_hour_and_basket(self):
        past = [cooked(12, hour=19), cooked(0, hour=9)] * 30
        assert habit(past, hour=19, pieces=2).late_s > 540.0
        assert habit(past, hour=9, pieces=2).late_s < 120.0
        past = [cooked(12, pieces=16), cooked(0, pieces=2)] * 30
        assert habit(past, hour=12, pieces=16).late_s > habit(past, hour=12, pieces=2).late_s + 400.0

    def test_knows_that_midnight_is_next_to_eleven_at_night(self):
        past = [cooked(10, hour=23)] * 20 + [cooked(0, hour=12)] * 20
        assert habit(past, hour=0, pieces=2).late_s > habit(past, hour=6, pieces=2).late_s

    def test_believes_the_last_orders_most(self):
        new_staff = [cooked(0)] * 100 + [cooked(15)] * 100
        assert habit(new_staff, hour=12, pieces=2).late_s < 5 * MIN < habit(new_staff[::-1], hour=12, pieces=2).late_s

    def test_learns_nothing_from_drivers_who_always_come_late(self):
        assert habit([cooked(20, exact=False)] * 50, hour=12, pieces=2).late_s == 0.0

    def test_says_how_wide_it_varies(self):
        past = [cooked(late) for late in (-6, -4, -2, 0, 2, 4, 6)] * 8
        assert 3 * MIN <= habit(past, hour=12, pieces=2).std_s <= 5 * MIN

    @given(pasts, kinds)
    def test_stays_on_the_grid(self, past, kind):
        learned = habit(past, **kind)
        assert EARLIEST_S <= learned.late_s <= LATEST_S
        assert 0.0 <= learned.std_s <= (LATEST_S - EARLIEST_S) / 2
        assert 0.0 <= learned.orders <= len(past)

    @given(pasts, kinds, st.integers(0, 39), st.floats(0, 5000))
    def test_never_falls_when_an_order_took_longer(self, past, kind, index, more_s):
        exact = [Cooked(hour=c.hour, pieces=c.pieces, late_s=c.late_s) for c in past]
        longer = [
            Cooked(hour=c.hour, pieces=c.pieces, late_s=c.late_s + (more_s if i == index else 0.0))
            for i, c in enumerate(exact)
        ]
        assert habit(longer, **kind).late_s >= habit(exact, **kind).late_s - 1e-6

    @given(pasts, kinds)
    def test_lies_between_what_was_stated_and_what_was_seen(self, past, kind):
        lates = [min(max(c.late_s, EARLIEST_S), LATEST_S) for c in past]
        assert min([0.0, *lates]) - 60.0 <= habit(past, **kind).late_s <= max([0.0, *lates]) + 60.0


class TestHabits:
    def test_has_a_cell_for_what_was_seen_and_for_nothing_else(self):
        cells = habits([cooked(5, hour=12, pieces=1), cooked(5, hour=12, pieces=3), cooked(5, hour=19, pieces=40)])
        assert list(cells) == [(12, 0), (12, 1), (19, 2)]

    def test_baskets_are_small_middling_and_big(self):
        assert [basket_of(n) for n in (0, 1, 2, 3, 5, 6, 50)] == [0, 0, 0, 1, 1, 2, 2]
