from datetime import timedelta
from uuid import uuid4

import pytest

from dispatch.events import DeliveryAssigned, DeliveryUnassigned
from dispatch.states import DeliveryStatus, OfferStatus
from fleetsync.core import clock, ids
from fleetsync.core.events import change
from orders.events import OrderDelivered
from orders.states import OrderStatus
from simulation.balance import weigh
from simulation.clients.ledger import Ledger
from tests.factories import DeliveryFactory, DriverFactory, OfferFactory, OrderFactory

pytestmark = pytest.mark.django_db


def public(order) -> str:
    return ids.public("order_id", order.pk)


def ledger_of(*orders) -> Ledger:
    ledger = Ledger()
    for number, order in enumerate(orders):
        ledger.placed(order_id=public(order), marker=f"#{number}", tapped=0.0, answered=0.1)
    return ledger


def emit(*facts) -> None:
    with change(now=clock.now(), actor="test") as say:
        for fact in facts:
            say(fact)


def of(delivery):
    return {
        "order_id": delivery.order_id,
        "delivery_id": delivery.pk,
        "restaurant_id": delivery.restaurant_id,
        "zone_id": delivery.zone_id,
    }


def assigned(delivery, driver):
    now = clock.now()
    return DeliveryAssigned(
        **of(delivery), driver_id=driver.pk, offer_id=None, by="offer", pickup_eta_at=now, dropoff_eta_at=now
    )


class TestWeigh:
    def test_reads_how_orders_fared(self):
        now = clock.now()
        ready = now - timedelta(minutes=20)
        done = OrderFactory(
            status=OrderStatus.DELIVERED,
            placed_at=now - timedelta(minutes=30),
            delivered_at=now,
            ready_at=ready,
            food_ready_at=ready,
        )
        DeliveryFactory(
            order=done,
            status=DeliveryStatus.DELIVERED,
            driver=DriverFactory(),
            picked_up_at=ready + timedelta(minutes=3),
            delivered_at=now,
        )
        table = weigh(ledger=ledger_of(done, OrderFactory()), target_min=25.0).to_dict()
        assert table["orders"] == {
            "placed": 2, "delivered": 1, "cancelled": 0, "rejected": 0, "open": 1, "lost": 0, "doubled": 0,
        }  # fmt: skip
        assert table["minutes"]["click_to_door"]["mean"] == 30.0
        assert table["minutes"]["ready_to_pickup"]["mean"] == 3.0
        assert table["minutes"]["overage"]["mean"] == 5.0

    def test_counts_offers_of_our_orders_alone(self):
        delivery, other = DeliveryFactory(), DeliveryFactory()
        OfferFactory(delivery=delivery, status=OfferStatus.RETURNED)
        OfferFactory(delivery=delivery, status=OfferStatus.DECLINED)
        OfferFactory(delivery=delivery, status=OfferStatus.EXPIRED)
        OfferFactory(delivery=other, status=OfferStatus.DECLINED)
        table = weigh(ledger=ledger_of(delivery.order)).to_dict()
        assert table["offers"] == {"made": 3, "accepted": 1, "declined": 1, "expired": 1}

    def test_finds_an_order_that_the_database_lacks(self):
        ledger = Ledger()
        lost = ids.public("order_id", uuid4())
        ledger.placed(order_id=lost, marker="#a", tapped=0.0, answered=0.1)
        ledger.promised(stream=f"order:{lost}", type="order.placed", by="customer")
        table = weigh(ledger=ledger).to_dict()
        assert table["orders"]["lost"] == 1
        assert table["orders"]["placed"] == table["orders"]["open"] == 1

    def test_finds_a_promise_without_its_event(self):
        order = OrderFactory()
        delivered = OrderDelivered(order_id=order.pk, restaurant_id=order.restaurant_id, zone_id=order.zone_id)
        ledger = ledger_of(order)
        ledger.promised(stream=f"order:{public(order)}", type="order.delivered", by="driver")
        assert weigh(ledger=ledger).lost == 1
        emit(delivered)
        assert weigh(ledger=ledger).lost == 0
        ledger.promised(stream=f"order:{public(order)}", type="order.delivered", by="driver")
        assert weigh(ledger=ledger).lost == 1

    def test_finds_two_orders_of_one_tap(self):
        first, second = OrderFactory(dropoff_note="Ring twice. #0"), OrderFactory(dropoff_note="Ring twice. #0")
        assert weigh(ledger=ledger_of(first)).doubled == 1
        second.dropoff_note = "Ring twice. #of-another-tap"
        second.save()
        assert weigh(ledger=ledger_of(first)).doubled == 0

    def test_finds_two_drivers_at_once(self):
        delivery, one, two = DeliveryFactory(), DriverFactory(), DriverFactory()
        emit(assigned(delivery, one), assigned(delivery, two))
        assert weigh(ledger=ledger_of(delivery.order)).doubled == 1

    def test_lets_one_driver_follow_another(self):
        delivery, one, two = DeliveryFactory(), DriverFactory(), DriverFactory()
        gone = DeliveryUnassigned(**of(delivery), driver_id=one.pk, reason="flat tyre")
        emit(assigned(delivery, one), gone, assigned(delivery, two))
        assert weigh(ledger=ledger_of(delivery.order)).doubled == 0

    def test_finds_food_that_two_drivers_were_told_is_theirs(self):
        order = OrderFactory()
        ledger = ledger_of(order)
        for driver in ("one", "two"):
            ledger.promised(stream=f"order:{public(order)}", type="delivery.picked_up", by=driver)
        assert weigh(ledger=ledger).doubled == 1
