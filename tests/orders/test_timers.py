"""The kitchen's silence."""

from datetime import timedelta

import pytest

from fleetsync.core import timers
from fleetsync.core.models import Event
from orders import services
from orders.states import OrderStatus
from tests.factories import OrderFactory
from tests.orders.conftest import NOW

pytestmark = pytest.mark.django_db


def timer():
    return next(each for each in timers.all_timers() if each.name == "orders.kitchen_silence")


class TestKitchenSilence:
    def test_is_next_due_when_the_first_answer_is(self):
        assert timer().next_due() is None
        OrderFactory(placed_at=NOW, accept_by=NOW + timedelta(minutes=9))
        OrderFactory(placed_at=NOW, accept_by=NOW + timedelta(minutes=4))
        OrderFactory(placed_at=NOW, accept_by=NOW, taken=True)
        assert timer().next_due() == NOW + timedelta(minutes=4)

    def test_rejects_what_is_due_at_the_very_second(self):
        silent = OrderFactory(placed_at=NOW, accept_by=NOW + timedelta(minutes=4))
        patient = OrderFactory(placed_at=NOW, accept_by=NOW + timedelta(minutes=4, seconds=1))
        now = NOW + timedelta(minutes=4)
        assert timer().run_due(now) == 1
        silent.refresh_from_db()
        patient.refresh_from_db()
        assert (silent.status, silent.reason, silent.closed_at) == (OrderStatus.REJECTED, "kitchen-silent", now)
        assert patient.status == OrderStatus.PLACED
        event = Event.objects.get()
        assert (event.type, event.actor, event.at, event.payload["reason"]) == (
            "order.rejected",
            "relay",
            now,
            "kitchen-silent",
        )
        assert timer().run_due(now) == 0

    def test_leaves_an_answer_that_came_in_time(self):
        order = OrderFactory(placed_at=NOW, accept_by=NOW + timedelta(minutes=4))
        services.accept_order(order_id=order.pk, now=NOW, actor="kitchen")
        assert services.reject_if_silent(order_id=order.pk, now=NOW + timedelta(hours=1)) is False
        order.refresh_from_db()
        assert order.status == OrderStatus.ACCEPTED

    def test_rejects_the_others_where_one_cannot_be(self, monkeypatch):
        bad, good = (OrderFactory(placed_at=NOW, accept_by=NOW + timedelta(minutes=each)) for each in (1, 2))
        reject = services.reject_if_silent

        def fail_once(*, order_id, now):
            if order_id == bad.pk:
                raise RuntimeError
            return reject(order_id=order_id, now=now)

        monkeypatch.setattr(services, "reject_if_silent", fail_once)
        assert timer().run_due(NOW + timedelta(minutes=4)) == 1
        for row, status in ((bad, OrderStatus.PLACED), (good, OrderStatus.REJECTED)):
            row.refresh_from_db()
            assert row.status == status
