"""Tracking links cannot be made up."""

from uuid import uuid4

import pytest

from fleetsync.core import ids
from orders.errors import TrackingLinkInvalid
from orders.links import order_of_token, status_url, tracking_token, tracking_url


class TestTrackingToken:
    def test_leads_back_to_its_order(self):
        order_id = uuid4()
        assert order_of_token(tracking_token(order_id)) == order_id

    @pytest.mark.parametrize("spoil", [lambda token: token[:-1], lambda token: "", lambda token: token.split(".")[0]])
    def test_is_refused_when_it_is_spoilt(self, spoil):
        with pytest.raises(TrackingLinkInvalid):
            order_of_token(spoil(tracking_token(uuid4())))

    def test_of_one_order_does_not_open_another(self):
        signature = tracking_token(uuid4()).partition(".")[2]
        with pytest.raises(TrackingLinkInvalid):
            order_of_token(f"{ids.public('order_id', uuid4())}.{signature}")

    def test_needs_the_same_secret(self, settings):
        token = tracking_token(uuid4())
        settings.SECRET_KEY = "another" * 8
        with pytest.raises(TrackingLinkInvalid):
            order_of_token(token)

    def test_needs_no_quoting_in_an_address(self, settings):
        settings.FLEETSYNC_PUBLIC_URL = "https://eats.example/"
        order_id = uuid4()
        assert tracking_url(order_id) == f"https://eats.example/track/{tracking_token(order_id)}"
        assert set(tracking_token(order_id)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
        assert status_url(order_id) == f"/api/v1/orders/{ids.public('order_id', order_id)}"
