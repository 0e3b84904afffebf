"""The life of an order, pair by pair."""

from itertools import product

import pytest

from orders.states import (
    CANCELLABLE,
    CARRIABLE,
    FOLLOWERS,
    OPEN,
    CancelledBy,
    OrderStatus,
    Reason,
    may_follow,
    reason_word,
    steps_to,
)

S = OrderStatus
CANCELLABLE_BY_ANYBODY = {S.PLACED, S.ACCEPTED, S.PREPARING, S.READY}
# from: to, as design.md tells the life
LIFE = {
    S.PLACED: {S.ACCEPTED, S.REJECTED, S.CANCELLED},
    S.ACCEPTED: {S.PREPARING, S.CANCELLED},
    S.PREPARING: {S.READY, S.CANCELLED},
    S.READY: {S.PICKED_UP, S.CANCELLED},
    S.PICKED_UP: {S.DELIVERED, S.RETURNING},
    S.RETURNING: {S.RETURNED},
}


class TestMayFollow:
    @pytest.mark.parametrize(("present", "new"), list(product(S, S)), ids=lambda status: status.value)
    def test_knows_every_pair(self, present, new):
        assert may_follow(present, new) is (new in LIFE.get(present, set()))


class TestStepsTo:
    @pytest.mark.parametrize(("present", "goal"), list(product(S, S)), ids=lambda status: status.value)
    def test_walks_only_along_the_life(self, present, goal):
        steps = steps_to(present, goal)
        if steps is None:
            return
        for before, after in zip((present, *steps), steps, strict=False):
            assert may_follow(before, after)
        assert not steps or steps[-1] == goal

    @pytest.mark.parametrize(
        ("present", "goal", "steps"),
        [
            (S.PLACED, S.READY, (S.ACCEPTED, S.PREPARING, S.READY)),
            (S.ACCEPTED, S.PICKED_UP, (S.PREPARING, S.READY, S.PICKED_UP)),
            (S.READY, S.DELIVERED, (S.PICKED_UP, S.DELIVERED)),
            (S.PICKED_UP, S.RETURNED, (S.RETURNING, S.RETURNED)),
            (S.DELIVERED, S.READY, ()),
            (S.READY, S.READY, ()),
            (S.DELIVERED, S.RETURNING, None),
            (S.RETURNING, S.DELIVERED, None),
            (S.CANCELLED, S.ACCEPTED, None),
            (S.REJECTED, S.PICKED_UP, None),
            (S.PLACED, S.CANCELLED, None),
        ],
    )
    def test_implies_the_earlier_steps(self, present, goal, steps):
        assert steps_to(present, goal) == steps


class TestTables:
    def test_what_is_open_has_a_way_on(self):
        assert {status for status in S if FOLLOWERS[status]} == OPEN

    def test_what_can_be_carried_can_be_picked_up(self):
        assert {S.ACCEPTED, S.PREPARING, S.READY} == CARRIABLE

    def test_nobody_cancels_where_the_life_does_not_lead(self):
        for by in CancelledBy:
            assert all(may_follow(status, S.CANCELLED) for status in CANCELLABLE[by])

    def test_customers_cancel_until_the_stove_and_others_until_the_road(self):
        assert CANCELLABLE[CancelledBy.CUSTOMER] == {S.PLACED, S.ACCEPTED}
        assert CANCELLABLE[CancelledBy.RESTAURANT] == CANCELLABLE[CancelledBy.OPS] == CANCELLABLE_BY_ANYBODY


class TestReasonWord:
    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("sold-out", Reason.SOLD_OUT),
            ("Sold out", Reason.SOLD_OUT),
            ("CHANGED_MIND", Reason.CHANGED_MIND),
            ("Mrs Miller of 5 Pratt Street is a bore", Reason.OTHER),
            ("", Reason.OTHER),
        ],
    )
    def test_lets_no_sentence_into_the_log(self, text, word):
        assert reason_word(text) is word
