"""How two hours went, at any moment that is asked for."""

from datetime import timedelta

import pytest

from dispatch.models import Round, RoundRecord
from fleetsync.core import clock, ids
from tests.factories import DeliveryFactory, DispatcherFactory, DispatchJobFactory, DriverSessionFactory, ZoneFactory
from tracking import selectors
from tracking.selectors import Pace

pytestmark = pytest.mark.django_db
MIN = timedelta(minutes=1)


def found(restaurant_zone, *, made, due, assigned, now):
    """Make a delivery that came up, was due and had a driver so many minutes ago; None: not due, no driver."""
    delivery = DeliveryFactory(
        order__restaurant__zone=restaurant_zone,
        created_at=now - made * MIN,
        assigned_at=None if assigned is None else now - assigned * MIN,
    )
    DispatchJobFactory(delivery=delivery, first_due_at=None if due is None else now - due * MIN)
    return delivery


class TestPace:
    def test_counts_from_due_not_from_the_click(self):
        now, zone = clock.now(), ZoneFactory()
        found(zone, made=30, due=20, assigned=18, now=now)
        assert selectors.pace(until=now).assign_typical_s == 120

    def test_counts_from_the_beginning_of_the_search_where_it_was_due_before(self):
        now, zone = clock.now(), ZoneFactory()
        found(zone, made=30, due=40, assigned=27, now=now)
        found(zone, made=60, due=None, assigned=58, now=now)
        pace = selectors.pace(until=now)
        assert (pace.assign_typical_s, pace.assign_slowest_s) == (180, 180)

    def test_knows_nothing_of_what_came_later(self):
        now, zone = clock.now(), ZoneFactory()
        found(zone, made=60, due=60, assigned=59, now=now)
        found(zone, made=40, due=40, assigned=10, now=now)
        DeliveryFactory(status="DELIVERED", delivered_at=now - 20 * MIN, promised_at=now - 25 * MIN)
        DeliveryFactory(status="DELIVERED", delivered_at=now - 50 * MIN, promised_at=now)
        assert selectors.pace(until=now - 30 * MIN) == Pace(
            delivered=1, kept_percent=100.0, assign_typical_s=60, assign_slowest_s=60
        )
        assert selectors.pace(until=now) == Pace(
            delivered=2, kept_percent=50.0, assign_typical_s=1800, assign_slowest_s=1800
        )

    def test_is_of_one_zone_where_that_is_asked_and_nothing_where_nothing_was(self):
        now, zone = clock.now(), ZoneFactory()
        found(zone, made=30, due=20, assigned=18, now=now)
        nothing = Pace(delivered=0, kept_percent=None, assign_typical_s=None, assign_slowest_s=None)
        assert selectors.pace(until=now, zone_id=zone.pk).assign_typical_s == 120
        assert selectors.pace(until=now, zone_id=ZoneFactory().pk) == nothing


class TestFigures:
    def test_counts_what_is_now(self, django_assert_num_queries):
        now = clock.now()
        for status in ("SEARCHING", "SEARCHING", "DELIVERED"):
            DeliveryFactory(status=status, delivered_at=now if status == "DELIVERED" else None)
        for status in ("AVAILABLE", "BUSY", "PAUSED"):
            DriverSessionFactory(status=status)
        with django_assert_num_queries(5):
            found = selectors.figures(now=now)
        assert (found.on_their_way, found.searching, found.drivers_online, found.drivers_busy) == (0, 2, 2, 1)


class TestLastRound:
    def test_is_the_one_before_the_moment_asked_for(self, acting):
        now, zone = clock.now(), ZoneFactory()
        Round.objects.create(pk=zone.pk, ran_at=now, next_tick_at=now, strategy="batch", solve_ms=3.0)
        for minutes, solve_ms in ((50, 7.0), (20, 9.0)):
            RoundRecord.objects.create(
                zone=zone, fence=1, at=now - minutes * MIN, strategy="plan", engine="e", machine="m", travel="t",
                solve_ms=solve_ms, jobs=1, drivers=1, offers=1, data=b"",
            )  # fmt: skip
        ops, path = acting(DispatcherFactory()), f"/api/v1/zones/{ids.public('zone_id', zone.pk)}/figures"
        then = ops.get(path, {"at": (now - 30 * MIN).isoformat()}).json()
        assert (then["round"]["solve_ms"], then["round"]["strategy"]) == (7.0, "plan")
        assert ops.get(path, {"at": (now - 60 * MIN).isoformat()}).json()["round"] is None
        assert ops.get(path).json()["round"]["solve_ms"] == 3.0
