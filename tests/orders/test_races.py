"""Who is first wins, and the history is one that the life allows."""

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection

from fleetsync.core import ids
from fleetsync.core.errors import DomainError
from fleetsync.core.models import Event
from orders import services
from orders.models import Order
from orders.states import CancelledBy, OrderStatus, may_follow
from tests.factories import OrderFactory
from tests.orders.conftest import NOW

S = OrderStatus
ROUNDS = 12
SAID = {
    "order.accepted": S.ACCEPTED,
    "order.preparing": S.PREPARING,
    "order.ready": S.READY,
    "order.picked_up": S.PICKED_UP,
    "order.delivered": S.DELIVERED,
    "order.rejected": S.REJECTED,
    "order.cancelled": S.CANCELLED,
}


def at_once(*steps):
    """Take all steps at the same moment, each in a thread of its own; refusals are expected."""
    barrier, bugs = threading.Barrier(len(steps)), []

    def take(step):
        try:
            barrier.wait()
            step()
        except DomainError:
            pass
        except Exception as error:
            bugs.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=[step]) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bugs == []


@pytest.mark.django_db(transaction=True)
class TestStepsAtOnce:
    def test_leave_one_legal_history(self):
        outcomes = set()
        for _ in range(ROUNDS):
            order = OrderFactory(placed_at=NOW, accept_by=NOW)
            by = {"order_id": order.pk, "now": NOW + timedelta(minutes=1)}
            at_once(
                lambda by=by: services.accept_order(actor="kitchen", **by),
                lambda by=by: services.mark_ready(actor="kitchen", **by),
                lambda by=by: services.reject_order(actor="kitchen", reason="too-busy", **by),
                lambda by=by: services.cancel_order(
                    actor="customer", by=CancelledBy.CUSTOMER, reason="changed-mind", **by
                ),
                lambda by=by: services.reject_if_silent(**by),
                lambda by=by: services.mark_picked_up(actor="driver", **by),
                lambda by=by: services.mark_delivered(actor="driver", **by),
            )
            history = Event.objects.filter(stream=f"order:{ids.public('order_id', order.pk)}").order_by("seq")
            assert [row.seq for row in history] == list(range(1, len(history) + 1))
            road = [S.PLACED, *(SAID[row.type] for row in history)]
            assert all(may_follow(before, after) for before, after in pairwise(road))
            order.refresh_from_db()
            assert order.status == road[-1]
            outcomes.add(order.status)
        assert outcomes <= {S.DELIVERED, S.REJECTED, S.CANCELLED}

    def test_accepts_once_however_often_it_is_tapped(self):
        order = OrderFactory(placed_at=NOW)
        by = {"order_id": order.pk, "now": NOW, "actor": "kitchen"}
        at_once(*[lambda: services.accept_order(**by)] * 8)
        assert Event.objects.count() == 1
        assert Order.objects.get().status == S.ACCEPTED
