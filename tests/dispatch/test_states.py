"""Every pair of every life."""

import itertools

import pytest

from dispatch.states import (
    ACTIVE,
    BEFORE_PICKUP,
    DELIVERY_FOLLOWERS,
    FINISHED,
    OFFER_FOLLOWERS,
    ON_BOARD,
    ROAD,
    SESSION_FOLLOWERS,
    DeliveryStatus,
    OfferStatus,
    SessionStatus,
    may_follow,
)

D, S = DeliveryStatus, SessionStatus


class TestDeliveryStatus:
    def test_has_followers_for_every_state(self):
        assert set(DELIVERY_FOLLOWERS) == set(D)

    @pytest.mark.parametrize(("present", "new"), list(itertools.product(D, D)))
    def test_follows_only_what_the_table_says(self, present, new):
        assert may_follow(present, new) is (new in DELIVERY_FOLLOWERS[present])

    def test_ends_where_it_is_finished(self):
        assert {state for state in D if not DELIVERY_FOLLOWERS[state]} == FINISHED

    def test_goes_the_road_step_by_step(self):
        assert all(may_follow(before, after) for before, after in itertools.pairwise(ROAD))

    def test_goes_back_to_searching_only_before_the_pickup(self):
        assert {state for state in ACTIVE if may_follow(state, D.SEARCHING)} == BEFORE_PICKUP
        assert set() == ON_BOARD & BEFORE_PICKUP


class TestOfferStatus:
    def test_is_answered_once(self):
        assert set(OFFER_FOLLOWERS) == set(OfferStatus)
        assert OFFER_FOLLOWERS[OfferStatus.OPEN] == {
            OfferStatus.ACCEPTED,
            OfferStatus.DECLINED,
            OfferStatus.EXPIRED,
            OfferStatus.WITHDRAWN,
            OfferStatus.UNDELIVERED,
        }
        assert OFFER_FOLLOWERS[OfferStatus.ACCEPTED] == {OfferStatus.RETURNED}
        assert [state for state in OfferStatus if OFFER_FOLLOWERS[state]] == [OfferStatus.OPEN, OfferStatus.ACCEPTED]


class TestSessionStatus:
    def test_ends_offline(self):
        assert set(SESSION_FOLLOWERS) == set(S)
        assert [state for state in S if not SESSION_FOLLOWERS[state]] == [S.OFFLINE]
        assert all(S.OFFLINE in SESSION_FOLLOWERS[state] for state in S if state != S.OFFLINE)
