"""The way of a ping: Redis, watchers, flush, PostGIS, trail."""

import time
from datetime import datetime, timedelta

import orjson
import pytest
from django.contrib.gis.geos import Point
from django.core.management import call_command
from django.db import connection, connections

from dispatch import services as dispatch
from dispatch.models import DriverPosition, DriverSession
from dispatch.selectors import nearest_drivers
from fleetsync.core import clock, hub, ids, redis
from tests.factories import (
    CITY,
    DeliveryFactory,
    DriverFactory,
    DriverPositionFactory,
    DriverSessionFactory,
    OrderFactory,
    RestaurantStaffFactory,
    ZoneFactory,
)
from tests.tracking.conftest import access_of
from tracking import gateway, services
from tracking.errors import PositionFromFuture
from tracking.flusher import Flusher
from tracking.models import PositionTrail
from tracking.pings import PingPoint

pytestmark = pytest.mark.django_db(transaction=True)
NORTH = Point(-76.61, 39.295, srid=4326)


NAMES = ("seen", "changed", "draining", "watch", "late")


@pytest.fixture(autouse=True)
def _nothing_left_of_other_tests(transactional_db):
    """Empty what Django does not: Redis, and the trail, which no model manages."""
    redis.call(lambda client: client.delete(*(redis.key("positions", name) for name in NAMES)))
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracking_positiontrail")


def point(lat: float = 39.295, *, seq: int = 1, at: datetime | None = None, lng: float = -76.61) -> PingPoint:
    return PingPoint(lat=lat, lng=lng, recorded_at=at or clock.now(), seq=seq)


def take(driver, *points: PingPoint, now: datetime | None = None) -> None:
    services.take_positions(driver_id=driver.pk, points=points, now=now or clock.now())


def flush() -> int:
    return len(services.flush_positions(now=clock.now(), thinner=services.Thinner()))


def online(**fields):
    """Return a driver who is online at CITY."""
    driver = DriverFactory(**fields)
    session = DriverSessionFactory(driver=driver)
    past = clock.now() - timedelta(seconds=20)
    DriverPositionFactory(driver=driver, received_at=past)
    return session


class TestTakePositions:
    def test_touches_redis_alone(self, django_assert_num_queries):
        driver = online().driver
        with django_assert_num_queries(0):
            take(driver, point())
        assert DriverPosition.objects.get(driver=driver).point.y == pytest.approx(39.29)

    def test_lets_the_newest_win_whatever_comes_last(self):
        driver, now = online().driver, clock.now()
        take(driver, point(39.296, seq=5, at=now))
        take(driver, point(39.297, seq=4, at=now))
        take(driver, point(39.298, seq=9, at=now - timedelta(seconds=1)))
        assert flush() == 1
        assert DriverPosition.objects.get(driver=driver).point.y == pytest.approx(39.296)

    def test_follows_him_to_a_phone_whose_clock_is_behind(self):
        ZoneFactory()
        now, driver = clock.now(), DriverFactory()
        self.go_online(driver, now)
        take(driver, point(39.296, seq=50, at=now + timedelta(seconds=20)), now=now)
        self.go_online(driver, now)
        slow = now - timedelta(seconds=90)
        for second in (1, 2):
            at = timedelta(seconds=second)
            take(driver, point(39.29 + second / 1000, seq=second, at=slow + at), now=now + at)
            assert flush() == 1
            position = DriverPosition.objects.get(driver=driver)
            assert position.point.y == pytest.approx(39.29 + second / 1000)
            assert (position.recorded_at, position.received_at) == (slow + at, now + at)

    def test_forgets_what_the_other_phone_sent_and_a_flush_had_drained_already(self):
        ZoneFactory()
        now, driver = clock.now(), DriverFactory()
        self.go_online(driver, now)
        take(driver, point(39.296, seq=50, at=now + timedelta(seconds=20)), now=now)
        assert len(gateway.drain()) == 1
        self.go_online(driver, now + timedelta(seconds=1))
        assert flush() == 1
        assert DriverPosition.objects.get(driver=driver).point.y == pytest.approx(39.29)
        take(driver, point(39.297, at=now - timedelta(seconds=90)), now=now + timedelta(seconds=2))
        assert flush() == 1
        assert DriverPosition.objects.get(driver=driver).point.y == pytest.approx(39.297)

    def go_online(self, driver, now) -> None:
        dispatch.start_session(driver=driver, position=CITY, off_at=None, now=now, actor="test")

    def test_takes_the_newest_of_a_request_and_the_rest_for_the_trail(self):
        driver, now = online().driver, clock.now()
        old = [point(39.30 + number / 100, seq=number, at=now - timedelta(seconds=60 - number)) for number in range(3)]
        take(driver, point(39.295, seq=9, at=now), *old)
        flush()
        assert DriverPosition.objects.get(driver=driver).point.y == pytest.approx(39.295)
        lats = sorted(round(row.point.y, 3) for row in PositionTrail.objects.filter(driver_id=driver.pk))
        assert lats == [39.295, 39.3, 39.31, 39.32]

    def test_refuses_the_future_and_keeps_nothing(self):
        driver, now = online().driver, clock.now()
        with pytest.raises(PositionFromFuture):
            take(driver, point(at=now), point(at=now + timedelta(seconds=31), seq=2), now=now)
        assert flush() == 0
        take(driver, point(at=now + timedelta(seconds=29)), now=now)
        assert flush() == 1

    def test_writes_to_the_database_at_once_while_redis_is_away(self, monkeypatch):
        session = online()

        def away(command):
            raise redis.RedisDown

        monkeypatch.setattr(redis, "call", away)
        take(session.driver, point())
        position = DriverPosition.objects.get(driver=session.driver)
        assert position.point.y == pytest.approx(39.295)
        assert clock.now() - position.received_at < timedelta(seconds=5)


class TestWatching:
    def watched(self, monkeypatch, driver, *points: PingPoint) -> list[tuple[str, dict]]:
        told: list = []
        monkeypatch.setattr(hub, "publish_many", lambda frames: told.extend(frames))
        for each in points or (point(),):
            take(driver, each)
        return told

    def ride(self, status: str, **fields):
        session = online()
        order = OrderFactory(taken=True, **fields)
        return DeliveryFactory(order=order, driver=session.driver, session=session, status=status)

    def audiences(self, told: list[tuple[str, dict]], topic: str) -> set[str]:
        return {who for name, frame in told if name == topic for who in frame["to"]}

    @pytest.mark.parametrize(
        ("status", "customer", "kitchen"),
        [
            ("ASSIGNED", False, True),
            ("ARRIVED_AT_PICKUP", False, True),
            ("PICKED_UP", True, False),
            ("ARRIVED_AT_DROPOFF", True, False),
            ("RETURNING", False, False),
        ],
    )
    def test_shows_a_driver_to_those_who_may_see_him(self, monkeypatch, status, customer, kitchen):
        delivery = self.ride(status)
        services.renew_watch(driver_ids=[delivery.driver_id])
        told = self.watched(monkeypatch, delivery.driver)
        order, rst = ids.public("order_id", delivery.order_id), ids.public("restaurant_id", delivery.restaurant_id)
        assert ("CUSTOMER" in self.audiences(told, f"order:{order}")) is customer
        assert ("LINK" in self.audiences(told, f"order:{order}")) is customer
        assert (self.audiences(told, f"restaurant:{rst}") == {"RESTAURANT"}) is kitchen
        assert {"DISPATCHER", "ADMIN"} <= self.audiences(told, f"order:{order}")

    def test_shows_the_kitchen_nobody_who_is_far_away(self, monkeypatch):
        delivery = self.ride("ASSIGNED")
        services.renew_watch(driver_ids=[delivery.driver_id])
        told = self.watched(monkeypatch, delivery.driver, point(39.35))
        assert {name.partition(":")[0] for name, _ in told} == {"order"}
        assert "RESTAURANT" not in {who for _, frame in told for who in frame["to"]}

    def test_tells_nothing_of_a_free_driver_or_of_an_old_point(self, monkeypatch):
        driver, now = online().driver, clock.now()
        assert self.watched(monkeypatch, driver) == []
        delivery = self.ride("PICKED_UP")
        services.renew_watch(driver_ids=[delivery.driver_id])
        told = self.watched(monkeypatch, delivery.driver, point(at=now), point(at=now - timedelta(seconds=1), seq=2))
        assert len(told) == 1
        assert set(told[0][1]["data"]) == {"order_id", "delivery_id", "lat", "lng", "heading_deg", "speed_mps"}

    def test_is_rebuilt_from_the_deliveries_after_redis_was_emptied(self, monkeypatch):
        delivery, idle = self.ride("PICKED_UP"), online().driver
        stale = gateway.View(topic="order:x", to=("CUSTOMER",), delivery="dlv", order="ord")
        gateway.set_watches({idle.pk: [stale]})
        assert services.rebuild_watches() == 2
        assert services.rebuild_watches() == 0
        assert len(self.watched(monkeypatch, delivery.driver)) == 1
        assert self.watched(monkeypatch, idle) == []


class TestFlushPositions:
    def test_brings_a_ping_into_the_nearest_driver_search(self):
        session = online()
        now = clock.now()
        assert [each.driver_id for each in nearest_drivers(origin=NORTH, radius_m=50, limit=3, now=now)] == []
        take(session.driver, point())
        flush()
        (near,) = nearest_drivers(origin=NORTH, radius_m=50, limit=3, now=clock.now())
        assert (near.driver_id, round(near.distance_m)) == (session.driver_id, 0)

    def test_renews_the_lease(self):
        session = online()
        DriverSession.objects.filter(pk=session.pk).update(lease_until=clock.now() + timedelta(seconds=5))
        take(session.driver, point())
        flush()
        session.refresh_from_db()
        assert session.lease_until > clock.now() + timedelta(seconds=50)

    def test_repeats_what_was_not_written(self, monkeypatch):
        driver = online().driver
        take(driver, point())

        def broken(**_):
            raise RuntimeError

        with monkeypatch.context() as patch, pytest.raises(RuntimeError):
            patch.setattr("tracking.services.flushing.move_drivers", broken)
            flush()
        take(driver, point(39.30, seq=2, at=clock.now() + timedelta(seconds=1)))
        assert (flush(), DriverPosition.objects.get(driver=driver).point.y) == (1, pytest.approx(39.295))
        assert (flush(), DriverPosition.objects.get(driver=driver).point.y) == (1, pytest.approx(39.30))
        assert flush() == 0

    def test_writes_all_drivers_in_one_go(self, django_assert_max_num_queries):
        drivers = [online().driver for _ in range(20)]
        for driver in drivers:
            take(driver, point())
        with django_assert_max_num_queries(20):
            assert flush() == 20
        assert {round(row.point.y, 3) for row in DriverPosition.objects.all()} == {39.295}


class TestPublishMaps:
    def test_sends_a_zone_its_online_drivers_in_one_frame(self, monkeypatch):
        one = online()
        two = DriverSessionFactory(zone=one.zone, status="PAUSED")
        DriverPositionFactory(driver=two.driver, heading_deg=90.0)
        offline = DriverPositionFactory().driver
        told: list = []
        monkeypatch.setattr(hub, "publish_many", told.extend)
        services.publish_maps(driver_ids=[one.driver_id, two.driver_id, offline.pk], now=clock.now())
        ((topic, frame),) = told
        assert topic == frame["topic"] == f"zone:{ids.public('zone_id', one.zone_id)}"
        assert (frame["type"], frame["seq"]) == ("positions", None)
        rows = {row[0]: row[1:] for row in frame["data"]["drivers"]}
        assert set(rows) == {ids.public("driver_id", each.driver_id) for each in (one, two)}
        lng, lat, heading, age_s, status = rows[ids.public("driver_id", two.driver_id)]
        assert (lng, lat, heading, status) == (CITY.x, CITY.y, 90.0, "PAUSED")
        assert 0 <= age_s < 5


class TestFlusher:
    def test_works_in_one_process_only_and_another_takes_over(self):
        driver = online().driver
        first, second = Flusher(), Flusher()
        take(driver, point())
        first.turn()
        assert first.mine
        connections["default"].inc_thread_sharing()
        try:
            assert not in_other_session(second)
            first._let_go()
            until = time.monotonic() + 5  # the server notices a moment later that the session has gone
            while not (taken := in_other_session(second)) and time.monotonic() < until:
                time.sleep(0.05)
            assert taken
        finally:
            connections["default"].dec_thread_sharing()

    def test_runs_until_it_is_stopped(self, monkeypatch):
        driver = online().driver
        take(driver, point())
        turns: list[int] = []
        real = Flusher.turn

        def counted(self: Flusher) -> None:
            real(self)
            turns.append(1)
            if len(turns) == 2:
                self.stop()

        monkeypatch.setattr(Flusher, "turn", counted)
        monkeypatch.setattr("signal.signal", lambda *_: None)
        monkeypatch.setattr("fleetsync.core.health._keep_beating", lambda *_: None)  # it would outlive the test
        call_command("run_flusher")
        assert len(turns) == 2
        assert DriverPosition.objects.get(driver=driver).point.y == pytest.approx(39.295)

    def test_goes_on_after_redis_and_database_were_away(self, monkeypatch):
        failures = [redis.RedisDown(), connection_lost()]
        flusher = Flusher()

        def turn() -> None:
            if failures:
                raise failures.pop()
            flusher.stop()

        monkeypatch.setattr(flusher, "turn", turn)
        flusher.run()
        assert failures == []


def connection_lost() -> Exception:
    from django.db import OperationalError

    return OperationalError("server closed the connection")


def in_other_session(flusher: Flusher) -> bool:
    """Ask for the lock from a thread, which has a database session of its own."""
    import threading

    answers: list[bool] = []

    def ask() -> None:
        flusher.turn()
        answers.append(flusher.mine)
        flusher._let_go()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return answers[0]


class TestTrail:
    def test_is_thinned_by_time_and_by_way(self):
        driver, thinner = online().driver, services.Thinner()
        start = clock.now() - timedelta(seconds=60)
        for second, lat in [(0, 39.29), (1, 39.2901), (2, 39.2910), (5, 39.2910), (13, 39.2910)]:
            moment = start + timedelta(seconds=second)
            take(driver, point(lat, seq=second, at=moment), now=moment)
            services.flush_positions(now=moment, thinner=thinner)
        kept = PositionTrail.objects.filter(driver_id=driver.pk).order_by("at")
        assert [round((row.at - start).total_seconds()) for row in kept] == [0, 2, 13]

    def test_keeps_nothing_of_a_driver_who_is_offline(self):
        driver = DriverPositionFactory().driver
        take(driver, point())
        flush()
        assert not PositionTrail.objects.exists()

    def test_marks_where_a_status_changed(self):
        driver, now = online().driver, clock.now()
        services.mark_trail(driver_id=driver.pk, status="PICKED_UP", at=now)
        row = PositionTrail.objects.get()
        assert (row.driver_id, row.status, row.at, row.point.y) == (driver.pk, "PICKED_UP", now, pytest.approx(39.29))


class TestPositionsView:
    def post(self, client, user, body) -> object:
        return client.post(
            "/api/v1/positions",
            body if isinstance(body, (bytes, str)) else orjson.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {access_of(user)}"},
        )

    def body(self, **changes) -> dict:
        point = {"lat": 39.295, "lng": -76.61, "recorded_at": clock.now().isoformat(), "seq": 1}
        return {"points": [point | changes]}

    def test_takes_a_driver_s_points(self, client):
        driver = online().driver
        answer = self.post(client, driver.user, self.body())
        assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
        assert flush() == 1

    def test_is_for_drivers_only(self, client):
        staff = RestaurantStaffFactory()
        assert self.post(client, staff.user, self.body()).status_code == 403
        assert client.post("/api/v1/positions", b"{}", content_type="application/json").status_code == 401

    def test_names_what_is_wrong(self, client):
        driver = online().driver
        answer = self.post(client, driver.user, self.body(lat=91))
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "points.0.lat")
        late = self.body(recorded_at=(clock.now() + timedelta(minutes=5)).isoformat())
        answer = self.post(client, driver.user, late)
        assert (answer.status_code, answer.json()["code"]) == (422, "position-from-future")
        assert flush() == 0
