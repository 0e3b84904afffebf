"""Frames over the socket, against a real uvicorn process: limits, how it ends, two processes."""

import time
from datetime import timedelta

import pytest

from accounts.services import end_sessions, log_out, open_login
from fleetsync.core import clock, hub, ids
from tests.factories import (
    DriverFactory,
    UserFactory,
)
from tests.tracking.conftest import Server, access_of
from tracking.conf import SOCKET

pytestmark = pytest.mark.django_db(transaction=True)


class TestFrames:
    def test_answers_a_ping_with_the_clock(self, live):
        with live.log_in(UserFactory()) as phone:
            phone.send(type="ping")
            pong = phone.hear_type("pong")
        assert pong["data"]["scale"] == 1.0
        assert pong["data"]["now"] == pong["at"] or pong["data"]["now"] <= pong["at"]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "hello",
            "[]",
            "null",
            "{}",
            '{"type":"dance"}',
            '{"type":"subscribe"}',
            '{"type":"subscribe","topic":7}',
            '{"type":"subscribe","topic":"order:ord_1"}',
            '{"type":"subscribe","topic":"moon:1"}',
            '{"type":"subscribe","topic":"driver:drv_00000000000000000000000000"}',
            '{"type":"subscribe","topic":"driver:me","after_seq":-1}',
            '{"type":"ping","more":1}',
            '{"type":"position","points":[]}',
            '{"type":"position","points":[{"lat":91,"lng":0,"recorded_at":"2026-01-01T00:00:00Z","seq":1}]}',
            '{"type":"position","points":[{"lat":true,"lng":0,"recorded_at":"2026-01-01T00:00:00Z","seq":1}]}',
            '{"type":"position","points":[{"lat":1e999,"lng":0,"recorded_at":"2026-01-01T00:00:00Z","seq":1}]}',
            '{"type":"position","points":[{"lat":1,"lng":0,"recorded_at":"2026-01-01T00:00:00","seq":1}]}',
            "[" * 20_000,
            b"\x00\x01",
        ],
        ids=lambda text: str(text)[:60],
    )
    def test_closes_on_what_is_no_frame(self, live, text):
        with live.log_in(DriverFactory().user) as phone:
            phone.wire.send(text)
            assert phone.closed()[0] == 4400

    def test_closes_on_a_frame_beyond_64_kib(self, live):
        with live.log_in(UserFactory()) as phone:
            phone.wire.send('{"type":"ping","more":"' + "x" * 70_000 + '"}')
            assert phone.closed()[0] == 1009

    def test_closes_on_a_flood(self, live):
        with live.log_in(UserFactory()) as phone:
            phone.hear_type("ready")
            for _ in range(int(SOCKET.frames_a_s * SOCKET.burst_s) + 50):
                phone.send(type="ping")
            assert phone.closed()[0] == 4429

    def test_refuses_positions_of_who_is_no_driver(self, live):
        point = {"lat": 39.29, "lng": -76.61, "recorded_at": clock.now().isoformat(), "seq": 1}
        with live.log_in(UserFactory()) as phone:
            phone.send(type="position", points=[point])
            assert phone.closed()[0] == 4403

    def test_tells_of_a_refusal_without_closing(self, live):
        late = {"lat": 39.29, "lng": -76.61, "recorded_at": (clock.now() + timedelta(hours=1)).isoformat(), "seq": 1}
        with live.log_in(DriverFactory().user) as phone:
            phone.send(type="position", points=[late])
            refusal = phone.hear_type("error")["data"]
            assert (refusal["of"], refusal["code"]) == ("position", "position-from-future")
            phone.send(type="ack", offer_id="ofr_1")
            assert phone.hear_type("error")["data"]["code"] == "offer-not-found"

    def test_notes_that_an_offer_is_on_the_screen(self, live):
        from tests.factories import OfferFactory

        offer = OfferFactory(acked_at=None)
        with live.log_in(offer.driver.user) as phone:
            public = ids.public("offer_id", offer.pk)
            phone.send(type="ack", offer_id=public)
            assert phone.hear_type("acked")["data"] == {"offer_id": public}
        offer.refresh_from_db()
        assert offer.acked_at is not None


class TestEnding:
    def test_closes_all_sockets_of_a_user_whose_sessions_end(self, live, relay):
        user = UserFactory()
        with live.log_in(user) as one, live.log_in(user) as two:
            one.hear_type("ready")
            two.hear_type("ready")
            end_sessions(user=user, reason="password-changed", now=clock.now(), real_now=clock.real_now())
            relay()
            assert one.closed() == (4401, "password-changed")
            assert two.closed()[0] == 4401

    def test_closes_within_five_seconds_though_no_hint_told(self, live, relay, monkeypatch):
        user = UserFactory()
        with live.log_in(user) as phone:
            phone.hear_type("ready")
            monkeypatch.setattr(hub, "publish_many", lambda frames: None)
            end_sessions(user=user, reason="suspended", now=clock.now(), real_now=clock.real_now())
            began = time.monotonic()
            assert phone.closed()[0] == 4401
        assert time.monotonic() - began < 6

    def test_closes_the_socket_of_a_login_that_logs_out_and_no_other(self, live):
        user = UserFactory()
        login = open_login(user=user, real_now=clock.real_now())
        with live.connect("fleetsync.v1", f"bearer.{login.access}") as phone, live.log_in(user) as other:
            phone.hear_type("ready")
            other.hear_type("ready")
            log_out(token=login.refresh, real_now=clock.real_now())
            assert phone.closed()[0] == 4401
            other.send(type="ping")
            assert other.hear_type("pong")

    def test_closes_when_the_token_expires_unless_a_fresh_one_came(self, live, settings):
        user = UserFactory()
        settings.FLEETSYNC_ACCESS_LIFE_S = 2
        short = access_of(user)
        settings.FLEETSYNC_ACCESS_LIFE_S = 600
        with (
            live.connect("fleetsync.v1", f"bearer.{short}") as lazy,
            live.connect("fleetsync.v1", f"bearer.{short}") as good,
        ):
            good.send(type="auth", bearer=access_of(user))
            assert good.hear_type("authenticated")
            assert lazy.closed() == (4401, "the token has expired")
            good.send(type="ping")
            assert good.hear_type("pong")

    def test_refuses_the_token_of_another_user(self, live):
        with live.log_in(UserFactory()) as phone:
            phone.send(type="auth", bearer=access_of(UserFactory()))
            assert phone.closed()[0] == 4401

    def test_closes_on_who_reads_nothing_and_lets_the_neighbours_be(self, live, sale, relay):
        topic = sale.topic
        frames = [
            {"type": "order.delayed", "topic": topic, "seq": seq, "at": "", "data": {"reason": "x" * 20_000}}
            for seq in range(1, 601)
        ]
        with (
            live.log_in(sale.order.customer, max_queue=1) as slow,
            live.log_in(sale.order.customer) as quick,
        ):
            slow.subscribe(topic)
            quick.subscribe(topic)
            for start in range(0, 600, 20):
                hub.publish_many((topic, frame) for frame in frames[start : start + 20])
                assert [quick.hear()["seq"] for _ in range(20)] == list(range(start + 1, start + 21))
            code, reason = slow.closed(within_s=10)
        assert (code, "after_seq" in reason) == (4408, True)


class TestTwoProcesses:
    def test_serve_the_same_order_alike(self, live, sale, relay):
        other = Server().wait()
        try:
            with live.log_in(sale.order.customer) as here, other.log_in(sale.order.customer) as there:
                here.subscribe(sale.topic)
                there.subscribe(sale.topic)
                sale.delay(1)
                relay()
                sale.delay(2)
                relay()
                assert [frame["seq"] for frame in (here.hear(), here.hear())] == [1, 2]
                assert [frame["seq"] for frame in (there.hear(), there.hear())] == [1, 2]
        finally:
            other.stop()

    def test_work_on_the_stock_layer_as_well(self, live, sale, relay, settings):
        settings.FLEETSYNC_FANOUT = "channels"
        stock = Server(FLEETSYNC_FANOUT="channels").wait()
        try:
            with stock.log_in(sale.order.customer) as phone:
                phone.subscribe(sale.topic)
                sale.delay(1)
                relay()
                assert phone.hear(within_s=2)["seq"] == 1
        finally:
            stock.stop()
