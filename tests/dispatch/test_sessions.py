"""Going online and offline."""

from datetime import timedelta

import pytest
from django.contrib.gis.geos import Point

from accounts.events import DriverProfileChanged, DriverSuspended
from dispatch import errors, handlers, services, timers
from dispatch.models import DriverPosition, DriverSession, Offer, Shift
from fleetsync.core import clock
from fleetsync.core.events import topic_of
from fleetsync.core.models import Event
from restaurants.models import Zone
from tests.dispatch.conftest import types_of
from tests.factories import CITY, DriverFactory

ACTOR = "usr_test"


class TestStartSession:
    def test_leases_the_driver_for_a_minute_in_the_zone_where_he_stands(self, kitchen):
        session = kitchen.online()
        assert (session.status, session.zone, session.load, session.capacity) == ("AVAILABLE", kitchen.zone, 0, 2)
        assert session.lease_until == kitchen.now + timedelta(seconds=60)
        position = DriverPosition.objects.get(driver=session.driver)
        assert position.available
        assert (position.point.x, position.point.y) == (CITY.x, CITY.y)
        assert types_of(topic_of("driver", session.driver_id)) == ["session.started"]

    def test_lets_the_lease_end_with_the_shift(self, kitchen):
        driver, end = DriverFactory(), kitchen.now + timedelta(hours=3)
        Shift.objects.create(driver=driver, starts_at=kitchen.now - timedelta(hours=1), ends_at=end)
        assert kitchen.online(driver).off_at == end

    def test_renews_the_session_that_lives(self, kitchen):
        first = kitchen.online()
        kitchen.now += timedelta(seconds=40)
        second = kitchen.online(first.driver)
        assert second.pk == first.pk
        assert second.lease_until == kitchen.now + timedelta(seconds=60)
        assert types_of(topic_of("driver", first.driver_id)) == ["session.started"]

    @pytest.mark.parametrize(("load", "moves"), [(0, True), (1, False)])
    def test_renews_it_in_the_zone_where_he_stands_now_if_he_holds_nothing(self, kitchen, load, moves):
        session = kitchen.online()
        DriverSession.objects.update(load=load)
        there = Zone.objects.create(
            name="East", polygon="SRID=4326;POLYGON((-76.6 39.2,-76.59 39.2,-76.59 39.38,-76.6 39.38,-76.6 39.2))"
        )
        again = kitchen.online(session.driver, at=Point(-76.595, 39.29, srid=4326))
        assert again.pk == session.pk
        assert DriverSession.objects.get().zone == (there if moves else kitchen.zone)

    @pytest.mark.parametrize(
        ("fields", "refusal"),
        [
            ({"approved_at": None}, errors.DriverNotApproved),
            ({"suspended_at": "2026-01-01T00:00Z"}, errors.DriverSuspended),
        ],
    )
    def test_is_refused_to_who_may_not_drive(self, kitchen, fields, refusal):
        with pytest.raises(refusal):
            kitchen.online(**fields)
        assert not DriverSession.objects.exists()
        assert not Event.objects.exists()

    def test_is_refused_outside_every_zone(self, kitchen):
        with pytest.raises(errors.OutsideZones):
            kitchen.online(at=Point(0.0, 0.0, srid=4326))
        assert not DriverSession.objects.exists()
        assert not DriverPosition.objects.exists()

    def test_is_refused_after_the_end_of_the_shift(self, kitchen):
        with pytest.raises(errors.ShiftOver):
            services.start_session(
                driver=DriverFactory(), position=CITY, off_at=kitchen.now, now=kitchen.now, actor=ACTOR
            )
        assert not DriverSession.objects.exists()

    def test_brings_along_what_is_still_on_board(self, kitchen):
        delivery, driver = kitchen.carried()
        services.pick_up(delivery_id=delivery.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        services.end_session(session_id=delivery.session_id, reason="driver", now=kitchen.now, actor=ACTOR)
        kitchen.now += timedelta(seconds=5)
        session = kitchen.online(driver)
        delivery.refresh_from_db()
        assert delivery.session == session
        assert (session.status, session.load) == ("BUSY", 1)
        services.drop_off(delivery_id=delivery.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        session.refresh_from_db()
        assert (session.status, session.load) == ("AVAILABLE", 0)


class TestPauseSession:
    def test_takes_open_offers_back_and_makes_no_new_ones(self, kitchen):
        session = kitchen.online()
        delivery = kitchen.delivery()
        kitchen.round()
        services.pause_session(driver=session.driver, now=kitchen.now, actor=ACTOR)
        offer = Offer.objects.get(delivery=delivery)
        assert (offer.status, offer.reason) == ("WITHDRAWN", "driver-paused")
        assert not DriverPosition.objects.get(driver=session.driver).available
        kitchen.round()
        assert Offer.objects.count() == 1
        services.resume_session(driver=session.driver, now=kitchen.now, actor=ACTOR)
        assert DriverPosition.objects.get(driver=session.driver).available
        kitchen.round(kitchen.now + timedelta(seconds=10))
        assert list(Offer.objects.order_by("id").values_list("status", flat=True)) == ["WITHDRAWN", "OPEN"]

    def test_may_run_twice(self, kitchen):
        session = kitchen.online()
        for _ in range(2):
            services.pause_session(driver=session.driver, now=kitchen.now, actor=ACTOR)
        assert types_of(topic_of("driver", session.driver_id)) == ["session.started", "session.paused"]

    def test_is_refused_offline(self, kitchen):
        with pytest.raises(errors.SessionNotFound):
            services.pause_session(driver=DriverFactory(), now=kitchen.now, actor=ACTOR)


class TestEndSession:
    def test_gives_back_what_is_not_picked_up_and_keeps_what_is_on_board(self, kitchen):
        aboard, driver = kitchen.carried()
        services.pick_up(delivery_id=aboard.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        waiting = kitchen.delivery()
        services.assign(delivery_id=waiting.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        assert services.end_session(session_id=aboard.session_id, reason="driver", now=kitchen.now, actor=ACTOR)
        for row in (aboard, waiting):
            row.refresh_from_db()
        assert (aboard.status, aboard.driver) == ("EN_ROUTE_TO_DROPOFF", driver)
        assert (waiting.status, waiting.driver, waiting.session) == ("SEARCHING", None, None)
        assert waiting.job.searching
        session = DriverSession.objects.get()
        assert (session.status, session.load, session.end_reason) == ("OFFLINE", 1, "driver")
        assert not DriverPosition.objects.get(driver=driver).available

    def test_withdraws_open_offers(self, kitchen):
        session = kitchen.online()
        kitchen.delivery()
        kitchen.round()
        services.end_session(session_id=session.pk, reason="driver", now=kitchen.now, actor=ACTOR)
        assert Offer.objects.get().status == "WITHDRAWN"

    def test_may_run_twice(self, kitchen):
        session = kitchen.online()
        assert services.end_session(session_id=session.pk, reason="driver", now=kitchen.now, actor=ACTOR)
        assert not services.end_session(session_id=session.pk, reason="driver", now=kitchen.now, actor=ACTOR)
        assert types_of(topic_of("driver", session.driver_id)) == ["session.started", "session.ended"]


class TestLease:
    def test_ends_in_the_second_it_runs_out(self, kitchen):
        session = kitchen.online()
        assert timers.due.next_lease_end_at() == session.lease_until
        assert timers.end_silent_sessions(session.lease_until - timedelta(seconds=1)) == 0
        assert timers.end_silent_sessions(session.lease_until) == 1
        session.refresh_from_db()
        assert (session.status, session.end_reason, session.ended_at) == ("OFFLINE", "silent", session.lease_until)
        assert not DriverPosition.objects.get(driver=session.driver).available
        assert timers.due.next_lease_end_at() is None

    def test_is_kept_by_a_ping_that_came_meanwhile(self, kitchen):
        session = kitchen.online()
        late = session.lease_until
        DriverSession.objects.update(lease_until=late + timedelta(seconds=60))
        assert not services.end_session(session_id=session.pk, reason="silent", now=late, actor="relay")
        assert DriverSession.objects.get().ended_at is None

    def test_of_the_others_ends_too_where_one_session_cannot_be_ended(self, kitchen):
        _, driver = kitchen.carried()
        others = [kitchen.online() for _ in range(3)]
        DriverSession.objects.filter(driver=driver).update(load=0)  # and he holds one: it cannot be taken off
        late = kitchen.now + timedelta(hours=1)
        assert timers.end_silent_sessions(late) == 3
        assert timers.end_silent_sessions(late) == 0
        assert [each.driver for each in DriverSession.objects.filter(ended_at=None)] == [driver]
        assert DriverSession.objects.filter(pk__in=[each.pk for each in others], end_reason="silent").count() == 3

    def test_is_five_real_seconds_at_least_where_business_time_runs_fast(self, kitchen):
        clock.set_scale(scale=60)
        kitchen.now = clock.now()
        session = kitchen.online()
        assert session.lease_until == kitchen.now + timedelta(seconds=300)


class TestHandlers:
    def test_put_a_suspended_driver_offline(self, kitchen):
        session = kitchen.online()
        for _ in range(2):
            handlers.end_session(DriverSuspended(driver_id=session.driver_id, reason="rude"))
        session.refresh_from_db()
        assert (session.status, session.end_reason) == ("OFFLINE", "suspended")

    def test_let_a_session_hold_what_fits_now(self, kitchen):
        _, driver = kitchen.carried()
        for capacity, room in [(5, True), (1, False), (0, False)]:
            handlers.follow_capacity(DriverProfileChanged(driver_id=driver.pk, vehicle="CAR", capacity=capacity))
            assert DriverSession.objects.get().capacity == max(capacity, 1)
            assert DriverPosition.objects.get().available is room

    def test_let_the_capacity_sink_with_the_load_of_who_changed_to_a_smaller_vehicle(self, kitchen):
        delivery, driver = kitchen.carried(DriverFactory(vehicle="CAR", capacity=3))
        held = [delivery, kitchen.delivery(), kitchen.delivery()]
        for each in held[1:]:
            services.assign(delivery_id=each.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        type(driver).objects.update(vehicle="BICYCLE", capacity=1)
        handlers.follow_capacity(DriverProfileChanged(driver_id=driver.pk, vehicle="BICYCLE", capacity=1))
        seen = []
        for each in held:
            session = DriverSession.objects.get()
            seen.append((session.load, session.capacity, DriverPosition.objects.get().available))
            services.drop_off(delivery_id=each.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        session = DriverSession.objects.get()
        seen.append((session.load, session.capacity, DriverPosition.objects.get().available))
        assert seen == [(3, 3, False), (2, 2, False), (1, 1, False), (0, 1, True)]
