"""The socket, against a real uvicorn process: who may open it, what is heard, how it is closed."""

import time

import pytest
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from accounts.services import make_socket_ticket, open_login
from fleetsync.core import clock, hub, ids
from fleetsync.core.events import change
from orders.links import tracking_token
from restaurants.events import RestaurantChanged
from tests.factories import (
    DeliveryFactory,
    DispatcherFactory,
    DriverFactory,
    DriverSessionFactory,
    OrderFactory,
    RestaurantStaffFactory,
    UserFactory,
)
from tests.tracking.conftest import ORIGIN, access_of
from tests.tracking.sale import Sale

pytestmark = pytest.mark.django_db(transaction=True)


class TestOpening:
    def test_greets_a_user_with_clock_and_role_and_echoes_only_the_protocol(self, live):
        user = UserFactory()
        with live.log_in(user) as phone:
            assert phone.wire.subprotocol == "fleetsync.v1"
            hello = phone.hear()
        assert hello["type"] == "ready"
        assert (hello["role"], hello["user_id"]) == ("CUSTOMER", ids.public("user_id", user.pk))
        assert hello["scale"] == 1.0
        assert abs(time.time() - timezone.datetime.fromisoformat(hello["now"]).timestamp()) < 5

    @pytest.mark.parametrize(
        "protocols",
        [
            (),
            ("fleetsync.v1",),
            ("fleetsync.v1", "bearer.nonsense"),
            ("fleetsync.v1", "ticket.nonsense"),
            ("fleetsync.v1", "track.nonsense"),
        ],
    )
    def test_refuses_who_cannot_prove_who_it_is(self, live, protocols):
        with live.connect(*protocols) as phone:
            assert phone.closed()[0] == 4401

    def test_refuses_a_refresh_token(self, live):
        refresh = open_login(user=UserFactory(), real_now=clock.real_now()).refresh
        with live.connect("fleetsync.v1", f"bearer.{refresh}") as phone:
            assert phone.closed()[0] == 4401

    def test_refuses_a_bearer_without_the_protocol(self, live):
        with live.connect(f"bearer.{access_of(UserFactory())}") as phone:
            assert phone.wire.subprotocol is None
            assert phone.closed()[0] == 4401

    @pytest.mark.parametrize("name", ["token", "access_token", "ticket"])
    def test_refuses_a_secret_in_the_address(self, live, name):
        access = access_of(UserFactory())
        with live.connect("fleetsync.v1", f"bearer.{access}", query=f"?{name}={access}") as phone:
            assert phone.closed()[0] == 4401

    def test_takes_a_ticket_once(self, live):
        ticket, _ = make_socket_ticket(user=UserFactory(), real_now=clock.real_now())
        with live.connect("fleetsync.v1", f"ticket.{ticket}") as phone:
            assert phone.hear()["type"] == "ready"
        with live.connect("fleetsync.v1", f"ticket.{ticket}") as again:
            assert again.closed()[0] == 4401

    def test_lets_our_own_pages_in(self, live):
        with live.log_in(UserFactory(), origin=ORIGIN) as phone:
            assert phone.hear()["type"] == "ready"

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN + ".evil.example"])
    def test_turns_away_the_pages_of_others_before_the_handshake(self, live, origin):
        with pytest.raises(InvalidStatus) as refused:
            live.log_in(UserFactory(), origin=origin)
        assert refused.value.response.status_code == 403


class TestTopics:
    def test_gives_the_snapshot_that_the_live_view_gives(self, live, sale, client):
        with live.log_in(sale.order.customer) as phone:
            snapshot = phone.subscribe(sale.topic)
        bearer = f"Bearer {access_of(sale.order.customer)}"
        path = f"/api/v1/orders/{sale.topic.partition(':')[2]}/live"
        answer = client.get(path, headers={"Authorization": bearer})
        assert answer.status_code == 200
        assert {**snapshot["data"], "now": ""} == {**answer.json(), "now": ""}
        assert snapshot["seq"] == snapshot["data"]["seq"]

    def test_tells_a_status_change_within_a_second(self, live, sale, relay):
        with live.log_in(sale.order.customer) as phone:
            phone.subscribe(sale.topic)
            began = time.monotonic()
            sale.prepare()
            relay()
            frame = phone.hear()
        assert (frame["type"], frame["topic"], frame["seq"]) == ("order.preparing", sale.topic, 1)
        assert time.monotonic() - began < 1.0

    def test_hides_the_search_from_the_customer_and_shows_it_to_ops(self, live, sale, relay):
        delivery = DeliveryFactory(order=sale.order)
        zone = f"zone:{ids.public('zone_id', sale.order.restaurant.zone_id)}"
        with live.log_in(sale.order.customer) as phone, live.log_in(DispatcherFactory()) as desk:
            phone.subscribe(sale.topic)
            desk.subscribe(zone)
            sale.search_again(delivery)
            sale.prepare()
            relay()
            assert desk.hear_type("delivery.search_retried")["seq"] == 1
            frame = phone.hear()
        assert (frame["type"], frame["seq"]) == ("order.preparing", 2)

    def test_leaves_other_people_s_ids_out_of_the_customer_s_frames(self, live, sale, relay):
        delivery, driver = DeliveryFactory(order=sale.order), DriverFactory()
        with live.log_in(sale.order.customer) as phone:
            phone.subscribe(sale.topic)
            sale.assign(delivery, driver)
            relay()
            data = phone.hear_type("delivery.assigned")["data"]
        assert "driver_id" not in data
        assert "offer_id" not in data

    def test_numbers_a_kitchen_s_events_in_its_own_feed(self, live, relay):
        staff = RestaurantStaffFactory()
        one, two = (Sale(OrderFactory(restaurant=staff.restaurant, taken=True)) for _ in range(2))
        with live.log_in(staff.user) as tablet:
            snapshot = tablet.subscribe(one.kitchen)
            assert len(snapshot["data"]["orders"]) == 2
            one.prepare()
            relay()
            two.prepare()
            relay()
            heard = [tablet.hear(), tablet.hear()]
        assert [(each["topic"], each["seq"]) for each in heard] == [(one.kitchen, 1), (one.kitchen, 2)]
        assert heard[1]["data"]["order_id"] == two.topic.partition(":")[2]

    @pytest.mark.parametrize("kind", ["order", "restaurant", "zone", "driver:me", "nobody"])
    def test_closes_on_a_topic_of_somebody_else(self, live, sale, kind):
        topics = {
            "order": sale.topic,
            "restaurant": sale.kitchen,
            "zone": f"zone:{ids.public('zone_id', sale.order.restaurant.zone_id)}",
            "driver:me": "driver:me",
            "nobody": f"order:{ids.encode('ord', ids.uuid7())}",
        }
        with live.log_in(UserFactory()) as stranger:
            stranger.send(type="subscribe", topic=topics[kind])
            assert stranger.closed()[0] == (4400 if kind == "driver:me" else 4403)

    def test_ends_a_driver_s_topic_when_the_order_is_taken_from_him(self, live, sale, relay):
        driver = DriverFactory()
        session = DriverSessionFactory(driver=driver, zone=sale.order.restaurant.zone)
        delivery = DeliveryFactory(order=sale.order, driver=driver, session=session, status="ASSIGNED")
        with live.log_in(driver.user) as phone:
            phone.subscribe(sale.topic)
            sale.unassign(delivery, driver)
            relay()
            assert phone.hear_type("unsubscribed")["topic"] == sale.topic
            sale.prepare()
            relay()
            assert phone.silence() == []

    def test_closes_on_staff_who_leave_and_not_on_those_who_stay(self, live, relay):
        leaves = RestaurantStaffFactory()
        stays = RestaurantStaffFactory(restaurant=leaves.restaurant)
        topic = f"restaurant:{ids.public('restaurant_id', leaves.restaurant_id)}"
        with live.log_in(leaves.user) as gone, live.log_in(stays.user) as here:
            gone.subscribe(topic)
            here.subscribe(topic)
            leaves.delete()
            with change(now=clock.now()) as emit:
                emit(RestaurantChanged(restaurant_id=stays.restaurant_id, fields=("staff",)))
            relay()
            assert gone.closed() == (4403, "topic-forbidden")
            assert here.hear()["type"] == "restaurant.changed"
            here.send(type="ping")
            assert here.hear_type("pong")

    def test_is_heard_no_more_after_unsubscribing(self, live, sale, relay):
        with live.log_in(sale.order.customer) as phone:
            phone.subscribe(sale.topic)
            phone.send(type="unsubscribe", topic=sale.topic)
            assert phone.hear()["type"] == "unsubscribed"
            sale.prepare()
            relay()
            assert phone.silence() == []

    def test_shows_a_link_holder_the_order_alone(self, live, sale, relay):
        with live.connect("fleetsync.v1", f"track.{tracking_token(sale.order.pk)}", origin=ORIGIN) as page:
            hello = page.hear()
            assert (hello["role"], hello["user_id"], hello["topic"]) == ("LINK", None, sale.topic)
            snapshot = page.subscribe(sale.topic)
            assert snapshot["data"]["dropoff"]["address"] is None
            sale.prepare()
            relay()
            frame = page.hear()
            assert (frame["type"], frame["data"]) == ("order.preparing", {"order_id": sale.topic.partition(":")[2]})
            page.send(type="subscribe", topic=f"order:{ids.public('order_id', OrderFactory().pk)}")
            assert page.closed()[0] == 4403


class TestResuming:
    def test_gives_every_event_once_and_in_order_after_a_cut(self, live, sale, relay):
        with live.log_in(sale.order.customer) as phone:
            phone.subscribe(sale.topic)
            for number in range(3):
                sale.delay(number)
            relay()
            before = [phone.hear() for _ in range(3)]
        for number in range(3, 303):
            sale.delay(number)
        relay(limit=300)
        with live.log_in(sale.order.customer) as phone:
            snapshot = phone.subscribe(sale.topic, after_seq=before[-1]["seq"])
            assert (snapshot["seq"], snapshot["data"]["seq"]) == (3, 303)
            sale.delay(303)
            relay()
            after = [phone.hear() for _ in range(301)]
            after += phone.silence(0.2)
        heard = [*before, *after]
        assert [frame["seq"] for frame in heard] == list(range(1, 305))
        assert [frame["data"]["reason"] for frame in heard] == [str(number) for number in range(304)]

    def test_begins_anew_where_the_client_knows_more_than_the_log(self, live, sale, relay):
        sale.delay()
        relay()
        with live.log_in(sale.order.customer) as phone:
            phone.send(type="subscribe", topic=sale.topic, after_seq=9)
            assert [phone.hear()["type"] for _ in range(3)] == ["ready", "reset", "snapshot"]
            sale.delay()
            relay()
            assert phone.hear()["seq"] == 2

    def test_begins_anew_where_the_log_has_forgotten(self, live, sale, relay):
        for number in range(4):
            sale.delay(number)
        relay()
        forget(sale.topic, up_to=2)
        with live.log_in(sale.order.customer) as phone:
            phone.send(type="subscribe", topic=sale.topic, after_seq=1)
            assert [(frame := phone.hear())["type"] for _ in range(3)] == ["ready", "reset", "snapshot"]
            assert frame["seq"] == 4

    def test_hears_what_no_hint_told_of(self, live, sale, relay, monkeypatch):
        with live.log_in(sale.order.customer) as phone:
            phone.subscribe(sale.topic)
            with monkeypatch.context() as deaf:
                deaf.setattr(hub, "publish_many", lambda frames: None)
                sale.delay(1)
                sale.delay(2)
                relay()
            heard = [phone.hear(within_s=8), phone.hear()]
        assert [frame["seq"] for frame in heard] == [1, 2]

    def test_fills_a_hole_as_soon_as_a_later_event_is_told(self, live, sale, relay, monkeypatch):
        with live.log_in(sale.order.customer) as phone:
            phone.subscribe(sale.topic)
            with monkeypatch.context() as deaf:
                deaf.setattr(hub, "publish_many", lambda frames: None)
                sale.delay(1)
                relay()
            sale.delay(2)
            relay()
            assert [phone.hear(within_s=1)["seq"], phone.hear(within_s=1)["seq"]] == [1, 2]

    def test_hears_a_repeated_hint_once(self, live, sale, relay, monkeypatch):
        told: list = []
        publish = hub.publish_many
        monkeypatch.setattr(hub, "publish_many", lambda frames: told.extend(frames) or publish(frames))
        with live.log_in(sale.order.customer) as phone:
            phone.subscribe(sale.topic)
            sale.delay(1)
            relay()
            publish(told)
            sale.delay(2)
            relay()
            assert [frame["seq"] for frame in phone.silence()] == [1, 2]


def forget(stream: str, *, up_to: int) -> None:
    """Remove the oldest events of a stream, as retention would remove whole streams."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM core_event WHERE stream = %s AND seq <= %s", [stream, up_to])
