"""The apps' rules find rows that were changed behind the services' back."""

from datetime import timedelta

import pytest

from dispatch.models import Delivery, DispatchJob, DriverSession, Offer
from dispatch.states import DeliveryStatus, OfferStatus
from fleetsync.core import clock, ids
from fleetsync.core.conservation import check_all
from fleetsync.core.events import change
from fleetsync.core.models import IdempotencyKey
from orders import services
from orders.models import Order, OrderLine
from orders.states import OrderStatus
from tests import factories

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(hours=2)


def broken() -> set[str]:
    """Return the rules that are broken now, each with a line for every row."""
    found = check_all()
    assert all(lines for lines in found.values())
    return set(found)


class TestOrders:
    def test_in_a_state_that_no_event_tells_of(self, relay):
        order = factories.OrderFactory()
        OrderLine.objects.create(
            order=order, name="x", unit_minor=order.subtotal_minor, quantity=1, total_minor=order.subtotal_minor
        )
        services.reject_order(order_id=order.pk, reason="ops", now=clock.now(), actor="usr_x")
        relay()
        assert broken() == set()
        Order.objects.update(status=OrderStatus.CANCELLED)
        assert broken() == {"every order is in the state its events tell"}

    def test_whose_lines_do_not_add_up(self):
        factories.OrderFactory()
        assert broken() == {"every order's lines and fees add up"}

    def test_that_wait_for_their_kitchen_too_long(self):
        factories.OrderLineFactory(order__accept_by=clock.now() - LONG_AGO)
        assert "no order waits for its kitchen past the deadline" in broken()

    def test_that_were_answered_but_do_not_exist(self):
        IdempotencyKey.objects.create(
            user_id=ids.uuid7(),
            route="/api/v1/orders",
            key="k",
            body_hash="",
            status=202,
            body={"id": ids.encode("ord", ids.uuid7())},
            created_at=clock.real_now(),
        )
        assert broken() == {"every stored answer of POST /orders points at one order"}


class TestDispatch:
    def test_sessions_that_carry_other_than_their_load(self):
        session = factories.DriverSessionFactory()
        assert broken() == set()
        DriverSession.objects.update(load=1)
        assert broken() == {"every live session carries exactly its active deliveries, within its capacity"}
        assert session.load == 0

    def test_sessions_that_outlive_their_lease(self):
        session = factories.DriverSessionFactory()
        DriverSession.objects.filter(pk=session.pk).update(lease_until=clock.now() - LONG_AGO)
        assert broken() == {"no session outlives its lease"}

    def test_offers_that_stay_open(self):
        offer = factories.OfferFactory()
        DispatchJob.objects.create(delivery=offer.delivery, zone=offer.delivery.zone, next_attempt_at=clock.now())
        before = broken()
        Offer.objects.update(expires_at=clock.now() - LONG_AGO)
        assert broken() - before == {
            "no offer stays open past its deadline, on a finished delivery or after its session"
        }

    def test_offers_accepted_for_somebody_elses_delivery(self):
        offer = factories.OfferFactory(status=OfferStatus.ACCEPTED)
        assert (
            "no delivery has two accepted offers, and an accepted offer has its delivery under way with that driver"
            in broken()
        )
        assert offer.delivery.driver is None

    def test_deliveries_that_nobody_searches_for(self):
        factories.DeliveryFactory()
        assert "a delivery is searched for exactly while it has no driver yet" in broken()

    def test_deliveries_that_end_otherwise_than_their_orders(self):
        delivery = factories.DeliveryFactory()
        Order.objects.filter(pk=delivery.order_id).update(status=OrderStatus.DELIVERED)
        assert "an order and its delivery end alike" in broken()

    def test_deliveries_in_a_state_that_no_event_tells_of(self, relay):
        from dispatch.events import DeliveryOpened

        delivery = factories.DeliveryFactory()
        order = delivery.order
        with change(now=clock.now()) as emit:
            emit(
                DeliveryOpened(
                    order_id=order.pk,
                    delivery_id=delivery.pk,
                    restaurant_id=order.restaurant_id,
                    zone_id=order.zone_id,
                    ready_at=clock.now(),
                )
            )
        relay()
        rule = "every delivery is in the state its events tell"
        assert rule not in broken()
        Delivery.objects.update(status=DeliveryStatus.NO_DRIVER_FOUND)
        assert rule in broken()
