"""From an event or a ping to everybody who should know."""

import time
from datetime import timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Driver
from dispatch import services as dispatch
from dispatch.models import Delivery, Offer
from fleetsync.core import clock, ids
from fleetsync.core.models import Event
from orders import services as orders
from tests.factories import CITY, DriverFactory, OrderFactory, RestaurantFactory
from tests.travel import NoWay, Watching
from tracking import gateway, services
from tracking.models import PositionTrail
from tracking.pings import PingPoint

pytestmark = pytest.mark.django_db(transaction=True)


def assigned(relay) -> tuple[Delivery, Driver]:
    """Return a delivery that a driver at CITY has accepted, with all its news handed on."""
    restaurant = RestaurantFactory(zone__policy={"strategy": "nearest"})
    driver, now = DriverFactory(), clock.now()
    dispatch.start_session(driver=driver, position=CITY, off_at=None, now=now, actor="test")
    order = OrderFactory(restaurant=restaurant, taken=True)
    delivery = dispatch.open_delivery(order_id=order.pk, ready_at=order.ready_at, now=now)
    dispatch.run_round(zone_id=restaurant.zone_id, now=now, real_now=clock.real_now(), rng=Random(1))
    offer = Offer.objects.get(delivery=delivery, status="OPEN")
    dispatch.accept_offer(offer_id=offer.pk, driver=driver, now=now, actor="test")
    relay()
    delivery.refresh_from_db()
    return delivery, driver


def ping(driver: Driver, lat: float, seq: int = 1) -> None:
    point = PingPoint(lat=lat, lng=-76.61, recorded_at=clock.now(), seq=seq)
    services.take_positions(driver_id=driver.pk, points=[point], now=clock.now())


def watched_by(driver: Driver) -> set[str]:
    packed = gateway.watches().get(driver.pk)
    return {who for view in gateway._read_views(packed) for who in view.to}


class TestRenewWatch:
    def test_follows_the_driver_s_steps(self, relay):
        delivery, driver = assigned(relay)
        now = clock.now()
        assert watched_by(driver) == {"ADMIN", "DISPATCHER", "RESTAURANT"}
        dispatch.pick_up(delivery_id=delivery.pk, driver_id=driver.pk, now=now, actor="test")
        relay()
        assert watched_by(driver) == {"ADMIN", "CUSTOMER", "DISPATCHER", "LINK"}
        dispatch.drop_off(delivery_id=delivery.pk, driver_id=driver.pk, now=now, actor="test")
        relay()
        assert watched_by(driver) == set()

    def test_brings_a_ping_to_the_customer_s_socket_within_a_second(self, live, relay):
        delivery, driver = assigned(relay)
        topic = f"order:{ids.public('order_id', delivery.order_id)}"
        with live.log_in(delivery.order.customer) as phone, live.log_in(driver.user) as bike:
            phone.subscribe(topic)
            ping(driver, 39.2901)
            assert phone.silence() == []
            dispatch.pick_up(delivery_id=delivery.pk, driver_id=driver.pk, now=clock.now(), actor="test")
            relay()
            phone.hear_type("delivery.picked_up")
            began = time.monotonic()
            moment = clock.now().isoformat()
            bike.send(type="position", points=[{"lat": 39.2902, "lng": -76.61, "recorded_at": moment, "seq": 2}])
            frame = phone.hear_type("position")
        assert time.monotonic() - began < 1.0
        assert (frame["topic"], frame["seq"], frame["data"]["lat"]) == (topic, None, 39.2902)
        assert "to" not in frame


class TestMarkTrail:
    def test_keeps_where_the_steps_were_taken(self, relay):
        delivery, driver = assigned(relay)
        for step in (dispatch.pick_up, dispatch.drop_off):
            step(delivery_id=delivery.pk, driver_id=driver.pk, now=clock.now(), actor="test")
        relay()
        rows = PositionTrail.objects.filter(driver_id=driver.pk).exclude(status="").order_by("id")
        assert [row.status for row in rows] == ["ARRIVED_AT_PICKUP", "PICKED_UP", "ARRIVED_AT_DROPOFF", "DELIVERED"]


class TestRecomputeEtas:
    def changes(self, delivery: Delivery) -> list[str]:
        stream = f"order:{ids.public('order_id', delivery.order_id)}"
        found = Event.objects.filter(stream=stream, type="delivery.eta_changed").order_by("seq")
        return [row.payload["cause"] for row in found]

    def test_tells_a_range_from_the_search_on(self, relay):
        now = clock.now()
        order = OrderFactory(taken=True)
        delivery = dispatch.open_delivery(order_id=order.pk, ready_at=order.ready_at, now=now)
        relay()
        delivery.refresh_from_db()
        assert self.changes(delivery) == ["search"]
        assert now < delivery.eta_low_at < delivery.eta_high_at

    def test_follows_the_kitchen_s_delay(self, relay):
        delivery, _ = assigned(relay)
        before = delivery.eta_low_at
        later = delivery.ready_at + timedelta(minutes=20)
        orders.delay_order(order_id=delivery.order_id, ready_at=later, reason="busy", now=clock.now(), actor="test")
        relay()
        delivery.refresh_from_db()
        assert self.changes(delivery)[-1] == "kitchen"
        assert delivery.eta_low_at - before > timedelta(minutes=15)

    def test_keeps_quiet_while_nothing_much_moves(self, relay):
        delivery, _ = assigned(relay)
        told = len(self.changes(delivery))
        assert services.refresh_etas(now=clock.now()) == 0
        assert services.refresh_etas(now=clock.now() + timedelta(minutes=30)) == 1
        assert len(self.changes(delivery)) == told + 1

    def test_tells_a_range_where_the_map_knows_no_way(self, relay, monkeypatch):
        delivery, _ = assigned(relay)
        monkeypatch.setattr("tracking.services.etas.provider", NoWay)
        assert services.refresh_etas(now=clock.now() + timedelta(minutes=30)) == 1
        assert services.recompute_etas(delivery_ids=[delivery.pk], now=clock.now()) == 1

    def test_asks_for_all_ways_before_it_locks_anything(self, relay, monkeypatch):
        delivery, _ = assigned(relay)
        now = clock.now() + timedelta(minutes=30)
        order = OrderFactory(restaurant=delivery.restaurant, taken=True, placed_at=now)
        searching = dispatch.open_delivery(order_id=order.pk, ready_at=order.ready_at, now=now)
        with CaptureQueriesContext(connection) as asked:
            watching = Watching(asked)
            monkeypatch.setattr("tracking.services.etas.provider", lambda: watching)
            assert services.recompute_etas(delivery_ids=[searching.pk, delivery.pk], now=now) == 2
        assert watching.locks == [0, 0, 0]

    def test_looks_with_three_queries_and_no_polygon(self, relay, django_assert_num_queries):
        assigned(relay)
        with django_assert_num_queries(3) as asked:
            assert services.refresh_etas(now=clock.now()) == 0
        assert not [query["sql"] for query in asked.captured_queries if "polygon" in query["sql"]]
