"""Shifts, breaks and fairness, as a round sees them."""

from datetime import timedelta

import pytest
from django.contrib.gis.geos import Point
from django.db import IntegrityError, transaction

from dispatch import services
from dispatch.conf import conf_of
from dispatch.engine import DriverState, Policy
from dispatch.models import DecisionRecord, Shift
from dispatch.selectors.snapshot import look_at_zone
from fleetsync.core import ids
from fleetsync.core.errors import InvalidInput
from fleetsync.core.travel import provider
from tests.factories import DriverFactory, OfferFactory, ShiftFactory

TICK = timedelta(seconds=10)
HOUR = timedelta(hours=1)


@pytest.fixture
def seen(kitchen):
    """Return a function that gives the drivers a round would see, by id."""
    kitchen.delivery()

    def look(**policy):
        snapshot = look_at_zone(
            zone_id=kitchen.zone.pk,
            conf=conf_of({}),
            travel=provider(),
            now=kitchen.now,
            period=TICK,
            memo=None,
            policy=Policy(**policy),
        ).snapshot
        return {driver.id: driver for driver in snapshot.drivers}, snapshot.places

    return look


def went_home(kitchen, driver=None, at=None):
    session = kitchen.online(driver, **({"at": at} if at else {}))
    services.end_session(session_id=session.pk, reason="driver", now=kitchen.now, actor="usr_test")
    return session.driver


class TestComingDrivers:
    def test_are_expected_where_they_were_seen_last_when_their_shift_begins(self, kitchen, seen):
        driver = went_home(kitchen, at=Point(-76.605, 39.285, srid=4326))
        shift = ShiftFactory(driver=driver, starts_at=kitchen.now + HOUR / 2)
        drivers, places = seen()
        (coming,) = drivers.values()
        assert (coming.id, coming.state) == (str(driver.pk), DriverState.UPCOMING)
        assert coming.free_s == coming.on_s == shift.starts_at.timestamp()
        assert coming.off_s == shift.ends_at.timestamp()
        assert places[coming.place] == (-76.605, 39.285)

    def test_are_not_those_who_begin_too_late_or_are_late_themselves(self, kitchen, seen):
        for starts_at in (kitchen.now + 2 * HOUR, kitchen.now - HOUR, kitchen.now + TICK):
            ShiftFactory(driver=went_home(kitchen), starts_at=starts_at)
        assert seen()[0] == {}
        assert len(seen(look_ahead_s=7200)[0]) == 1

    def test_are_not_those_who_may_not_drive_or_are_here_already(self, kitchen, seen):
        soon = kitchen.now + HOUR / 2
        suspended, here = went_home(kitchen), kitchen.online().driver
        suspended.suspended_at = kitchen.now
        suspended.save()
        for driver in (suspended, here, DriverFactory()):
            ShiftFactory(driver=driver, starts_at=soon)
        (only,) = seen()[0].values()
        assert (only.id, only.state) == (str(here.pk), DriverState.IDLE)

    def test_are_expected_to_refuse_as_often_as_anybody(self, kitchen, seen):
        soon = kitchen.now + HOUR / 2
        picky, fresh = went_home(kitchen), went_home(kitchen)
        for driver in (picky, fresh):
            ShiftFactory(driver=driver, starts_at=soon)
        OfferFactory(driver=picky, status="DECLINED", distance_m=1500, answered_at=kitchen.now)
        for _ in range(2):  # the same whether somebody is online or nobody
            drivers = seen()[0]
            common = 20 * 0.85 / 21
            assert drivers[str(fresh.pk)].accept_p == pytest.approx(common)
            assert drivers[str(picky.pk)].accept_p == pytest.approx(8 * common / 9)
            assert drivers[str(picky.pk)].usual_km == 1.5
            kitchen.online()

    def test_are_looked_for_by_plan_alone(self, kitchen, seen):
        ShiftFactory(driver=went_home(kitchen), starts_at=kitchen.now + HOUR / 2)
        assert seen(strategy="batch")[0] == seen(strategy="nearest")[0] == {}


class TestShiftOfAnOnlineDriver:
    def test_holds_though_it_was_planned_after_he_came(self, kitchen, seen):
        driver = kitchen.online().driver
        assert next(iter(seen()[0].values())).off_s == float("inf")
        shift = ShiftFactory(driver=driver, starts_at=kitchen.now - HOUR, ends_at=kitchen.now + HOUR)
        assert next(iter(seen()[0].values())).off_s == shift.ends_at.timestamp()

    def test_brings_its_break(self, kitchen, seen):
        driver = kitchen.online().driver
        pause = (kitchen.now + HOUR, kitchen.now + 1.5 * HOUR)
        ShiftFactory(driver=driver, starts_at=kitchen.now - HOUR, break_from=pause[0], break_to=pause[1])
        assert next(iter(seen()[0].values())).break_s == tuple(each.timestamp() for each in pause)

    def test_sends_nobody_on_a_trip_that_runs_into_the_break(self, kitchen):
        driver = kitchen.online().driver
        delivery = kitchen.delivery()
        ShiftFactory(
            driver=driver, starts_at=kitchen.now, break_from=delivery.ready_at, break_to=delivery.ready_at + HOUR
        )
        kitchen.round()
        assert not delivery.offers.exists()
        Shift.objects.all().delete()
        kitchen.round(kitchen.now + timedelta(seconds=20))  # the next attempt
        assert delivery.offers.count() == 1


class TestPlanShift:
    @pytest.mark.parametrize(
        ("begins", "ends", "field"),
        [
            (None, 2, "break_from"),
            (1, None, "break_to"),
            (2, 1, "break_from"),
            (-1, 1, "break_from"),
            (7, 9, "break_from"),
        ],
    )
    def test_refuses_a_break_that_is_not_inside(self, kitchen, begins, ends, field):
        hours = {"break_from": begins, "break_to": ends}
        pause = {name: None if at is None else kitchen.now + at * HOUR for name, at in hours.items()}
        shift = {"driver_id": DriverFactory().pk, "starts_at": kitchen.now, "ends_at": kitchen.now + 8 * HOUR}
        with pytest.raises(InvalidInput) as refusal:
            services.plan_shift(**shift, **pause)
        assert refusal.value.attr == field
        assert not Shift.objects.exists()

    def test_is_held_by_the_database_too(self, kitchen):
        with pytest.raises(IntegrityError, match="shift_break_inside"), transaction.atomic():
            ShiftFactory(break_from=kitchen.now - HOUR, break_to=kitchen.now)


class TestMisses:
    def test_are_decisions_for_others_since_he_was_asked_last(self, kitchen, seen):
        passed, asked = kitchen.online().driver, kitchen.online().driver
        name = ids.public("driver_id", passed.pk)

        def decided(minutes, reason="later", by=asked):
            DecisionRecord.objects.create(
                delivery=kitchen.delivery(), zone=kitchen.zone, fence=1, at=kitchen.now - timedelta(minutes=minutes),
                strategy="plan", solve_ms=1.0, driver=by, exclusions=[{"driver_id": name, "reason": reason, "value": 9.0}],
            )  # fmt: skip

        type(passed.sessions.get()).objects.update(started_at=kitchen.now - HOUR)
        for minutes in (70, 30, 20, 10):
            decided(minutes)
        decided(9, reason="busy")
        decided(8, by=None)
        misses = {key: driver.misses for key, driver in seen(max_misses=3)[0].items()}
        assert misses == {str(passed.pk): 3, str(asked.pk): 0}
        OfferFactory(driver=passed, status="DECLINED", offered_at=kitchen.now - timedelta(minutes=15))
        assert seen(max_misses=3)[0][str(passed.pk)].misses == 1
        assert seen()[0][str(passed.pk)].misses == 0
