"""The search of a delivery: opened, retried, given up, re-opened, held, cancelled."""

from datetime import timedelta

import pytest

from dispatch import errors, handlers, services, timers
from dispatch.models import Delivery, DispatchJob, DriverSession, Offer
from fleetsync.core.events import topic_of
from fleetsync.core.ids import uuid7
from fleetsync.core.models import Event
from orders.events import OrderAccepted, OrderCancelled, OrderDelayed
from tests.dispatch.conftest import types_of
from tests.factories import OrderFactory

ACTOR = "usr_test"


class TestOpenDelivery:
    def test_begins_the_search_in_the_restaurants_zone(self, kitchen):
        delivery = kitchen.delivery()
        assert (delivery.status, delivery.zone, delivery.driver) == ("SEARCHING", kitchen.zone, None)
        assert (delivery.pickup_point, delivery.dropoff_point) == (
            kitchen.restaurant.point,
            delivery.order.dropoff_point,
        )
        job = delivery.job
        assert (job.searching, job.attempt, job.next_attempt_at, job.search_until) == (True, 0, kitchen.now, None)
        assert types_of(topic_of("order", delivery.order_id)) == ["delivery.searching"]

    def test_may_run_twice(self, kitchen):
        delivery = kitchen.delivery()
        again = services.open_delivery(order_id=delivery.order_id, ready_at=delivery.ready_at, now=kitchen.now)
        assert again.pk == delivery.pk
        assert Event.objects.count() == 1

    def test_opens_nothing_for_an_order_that_was_called_off(self, kitchen):
        order = OrderFactory(restaurant=kitchen.restaurant, status="CANCELLED")
        assert services.open_delivery(order_id=order.pk, ready_at=kitchen.now, now=kitchen.now) is None
        assert not Delivery.objects.exists()
        assert not Event.objects.exists()


class TestHandlers:
    def facts_of(self, order):
        return {"order_id": order.pk, "restaurant_id": order.restaurant_id, "zone_id": order.zone_id}

    def test_follow_the_order(self, kitchen):
        order = OrderFactory(restaurant=kitchen.restaurant, taken=True)
        for _ in range(2):
            handlers.open_delivery(OrderAccepted(**self.facts_of(order), ready_at=order.ready_at))
        later = order.ready_at + timedelta(minutes=7)
        for _ in range(2):
            handlers.take_over_delay(OrderDelayed(**self.facts_of(order), ready_at=later, reason="busy"))
        assert Delivery.objects.get().ready_at == later
        for _ in range(2):
            handlers.cancel_delivery(OrderCancelled(**self.facts_of(order), reason="oops", by="CUSTOMER"))
        assert (Delivery.objects.get().status, Delivery.objects.get().reason) == ("CANCELLED", "oops")
        assert types_of(topic_of("order", order.pk)) == ["delivery.searching", "delivery.cancelled"]

    def test_have_nothing_to_cancel_before_there_is_a_delivery(self, kitchen):
        order = OrderFactory(restaurant=kitchen.restaurant)
        handlers.cancel_delivery(OrderCancelled(**self.facts_of(order), reason="oops", by="CUSTOMER"))
        assert not Event.objects.exists()


class TestCancelDelivery:
    def test_withdraws_open_offers_with_their_batch(self, kitchen):
        kitchen.online(capacity=3)
        first, second = kitchen.delivery(), kitchen.delivery()
        kitchen.round()
        batch = uuid7()
        offer = Offer.objects.get()
        other = second if offer.delivery_id == first.pk else first
        Offer.objects.update(batch_id=batch)
        Offer.objects.create(
            delivery=other, driver=offer.driver, session=offer.session, batch_id=batch, distance_m=1,
            pickup_eta_at=kitchen.now, dropoff_eta_at=kitchen.now, offered_at=kitchen.now,
            expires_at=offer.expires_at, ack_by=offer.ack_by,
        )  # fmt: skip
        services.cancel_delivery(order_id=offer.delivery.order_id, reason="oops", now=kitchen.now)
        assert set(Offer.objects.values_list("status", "reason")) == {("WITHDRAWN", "cancelled")}
        other.refresh_from_db()
        assert other.status == "SEARCHING"

    def test_frees_the_driver_who_held_it(self, kitchen):
        delivery, driver = kitchen.carried()
        services.cancel_delivery(order_id=delivery.order_id, reason="oops", now=kitchen.now)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.driver) == ("CANCELLED", driver)
        assert Offer.objects.get().status == "RETURNED"
        assert (DriverSession.objects.get().load, DriverSession.objects.get().status) == (0, "AVAILABLE")

    def test_leaves_what_is_on_board(self, kitchen):
        delivery, driver = kitchen.carried()
        services.pick_up(delivery_id=delivery.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        before = Event.objects.count()
        services.cancel_delivery(order_id=delivery.order_id, reason="oops", now=kitchen.now)
        delivery.refresh_from_db()
        assert delivery.status == "EN_ROUTE_TO_DROPOFF"
        assert Event.objects.count() == before


class TestSearch:
    def test_retries_at_growing_intervals_and_radius_until_a_person_must_decide(self, kitchen):
        delivery = kitchen.delivery()
        now, attempts = kitchen.now, []
        for _ in range(200):
            kitchen.round(now)
            job = DispatchJob.objects.get()
            attempts.append((job.next_attempt_at, job.radius_m))
            now = min(job.next_attempt_at, job.search_until)
            if now == job.search_until:
                break
        pauses = [
            (after - before).total_seconds()
            for before, after in zip(
                [kitchen.now, *[at for at, _ in attempts]], [at for at, _ in attempts], strict=False
            )
        ]
        assert [radius for _, radius in attempts[:4]] == [3000, 5000, 7000, 7000]
        assert pauses[:4] == sorted(pauses[:4])
        assert 2.5 <= pauses[0] <= 5
        assert max(pauses) <= 60
        assert now == kitchen.now + timedelta(minutes=15)
        assert timers.due.next_search_end_at() == now
        assert timers.end_searches(now) == 1
        assert timers.end_searches(now) == 0
        delivery.refresh_from_db()
        assert delivery.status == "NO_DRIVER_FOUND"
        types = types_of(topic_of("order", delivery.order_id))
        assert types.count("delivery.search_retried") == len(attempts)
        assert types[-1] == "delivery.no_driver_found"
        kitchen.now = now
        kitchen.online()
        assert not Offer.objects.exists()

    def test_asks_the_first_driver_who_comes_online(self, kitchen, relay, django_capture_on_commit_callbacks):
        kitchen.delivery()
        kitchen.round()
        assert DispatchJob.objects.get().next_attempt_at > kitchen.now
        kitchen.online()
        services.wake_zone(zone_id=kitchen.zone.pk, now=kitchen.now)
        kitchen.round()
        assert Offer.objects.get().status == "OPEN"


class TestReopenDelivery:
    def test_searches_anew_and_asks_again_who_refused(self, kitchen):
        session = kitchen.online()
        delivery = kitchen.delivery()
        kitchen.round()
        offer = Offer.objects.get()
        services.decline_offer(offer_id=offer.pk, driver=session.driver, reason="no", now=kitchen.now, actor=ACTOR)
        Delivery.objects.update(status="NO_DRIVER_FOUND")
        DispatchJob.objects.update(searching=False, attempt=9)
        later = kitchen.now + timedelta(seconds=20)
        for _ in range(2):
            services.reopen_delivery(delivery_id=delivery.pk, now=later, actor=ACTOR)
        job = DispatchJob.objects.get()
        assert (job.searching, job.attempt, job.radius_m, job.search_until) == (True, 0, 1500, None)
        kitchen.round(later)
        assert Offer.objects.get(status="OPEN").driver == session.driver
        assert types_of(topic_of("order", delivery.order_id)).count("delivery.reopened") == 1

    def test_is_refused_while_somebody_carries_it(self, kitchen):
        delivery, _ = kitchen.carried()
        with pytest.raises(errors.WrongStep):
            services.reopen_delivery(delivery_id=delivery.pk, now=kitchen.now, actor=ACTOR)


class TestHoldDelivery:
    def test_keeps_it_out_of_the_rounds_until_it_is_released(self, kitchen):
        delivery = kitchen.delivery()
        services.hold_delivery(delivery_id=delivery.pk, held=True, now=kitchen.now, actor=ACTOR)
        kitchen.online()
        kitchen.round()
        assert not Offer.objects.exists()
        services.hold_delivery(delivery_id=delivery.pk, held=False, now=kitchen.now, actor=ACTOR)
        kitchen.round()
        assert Offer.objects.count() == 1

    def test_tells_of_it_once(self, kitchen):
        delivery = kitchen.delivery()
        for held in (True, True, False, False):
            services.hold_delivery(delivery_id=delivery.pk, held=held, now=kitchen.now, actor=ACTOR)
        told = types_of(topic_of("order", delivery.order_id))
        assert told[-2:] == ["delivery.held", "delivery.released"]
        assert told.count("delivery.held") == 1

    def test_takes_an_open_offer_back(self, kitchen):
        kitchen.online()
        delivery = kitchen.delivery()
        kitchen.round()
        services.hold_delivery(delivery_id=delivery.pk, held=True, now=kitchen.now, actor=ACTOR)
        assert Offer.objects.get().reason == "held"

    def test_is_refused_for_what_is_carried(self, kitchen):
        delivery, _ = kitchen.carried()
        with pytest.raises(errors.WrongStep):
            services.hold_delivery(delivery_id=delivery.pk, held=True, now=kitchen.now, actor=ACTOR)


class TestPrioritizeDelivery:
    def test_lets_it_go_first(self, kitchen):
        kitchen.delivery()
        urgent = kitchen.delivery()
        services.prioritize_delivery(delivery_id=urgent.pk, priority=5, now=kitchen.now, actor=ACTOR)
        kitchen.online()
        kitchen.round()
        assert Offer.objects.get().delivery == urgent

    def test_tells_of_it_once(self, kitchen):
        delivery = kitchen.delivery()
        for _ in range(2):
            services.prioritize_delivery(delivery_id=delivery.pk, priority=5, now=kitchen.now, actor=ACTOR)
        told = types_of(topic_of("order", delivery.order_id))
        assert told.count("delivery.prioritized") == 1
