"""Giving back, taking away, giving by hand."""

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dispatch import errors, services
from dispatch.models import DispatchJob, DriverSession, Offer
from fleetsync.core import ids
from fleetsync.core.events import topic_of
from fleetsync.core.geo import lng_lat
from fleetsync.core.models import Event
from fleetsync.core.travel import straight_line
from orders.models import Order
from tests.dispatch.conftest import types_of
from tests.factories import DriverFactory
from tests.travel import NoWay, Watching

ACTOR = "usr_test"


class TestGiveBack:
    def give_back(self, kitchen, delivery, driver):
        return services.give_back(
            delivery_id=delivery.pk, driver_id=driver.pk, reason="flat tyre", now=kitchen.now, actor=ACTOR
        )

    def test_lets_the_search_go_on_without_him(self, kitchen):
        delivery, driver = kitchen.carried()
        row = self.give_back(kitchen, delivery, driver)
        assert (row.status, row.driver, row.session, row.assigned_at) == ("SEARCHING", None, None, None)
        offer = Offer.objects.get()
        assert (offer.status, offer.reason) == ("RETURNED", "flat tyre")
        assert DriverSession.objects.get().load == 0
        assert DispatchJob.objects.get().searching
        kitchen.round()
        assert not Offer.objects.filter(status="OPEN").exists()
        other = kitchen.online()
        services.wake_zone(zone_id=kitchen.zone.pk, now=kitchen.now)
        kitchen.round()
        assert Offer.objects.get(status="OPEN").driver == other.driver
        assert types_of(topic_of("driver", driver.pk))[-2:] == ["offer.returned", "session.freed"]

    def test_is_refused_after_the_pickup(self, kitchen):
        delivery, driver = kitchen.carried()
        services.pick_up(delivery_id=delivery.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        before = Event.objects.count()
        with pytest.raises(errors.WrongStep):
            self.give_back(kitchen, delivery, driver)
        assert Event.objects.count() == before
        assert DriverSession.objects.get().load == 1

    def test_is_not_found_by_another_driver(self, kitchen):
        delivery, _ = kitchen.carried()
        with pytest.raises(errors.DeliveryNotFound):
            self.give_back(kitchen, delivery, DriverFactory())


class TestUnassign:
    def test_takes_it_from_its_driver(self, kitchen):
        delivery, _ = kitchen.carried()
        row = services.unassign(delivery_id=delivery.pk, reason="stalled", now=kitchen.now, actor=ACTOR)
        assert (row.status, row.driver) == ("SEARCHING", None)
        assert types_of(topic_of("order", delivery.order_id))[-1] == "delivery.unassigned"

    def test_is_refused_while_nobody_holds_it(self, kitchen):
        delivery = kitchen.delivery()
        with pytest.raises(errors.WrongStep):
            services.unassign(delivery_id=delivery.pk, reason="stalled", now=kitchen.now, actor=ACTOR)


class TestAssign:
    def assign(self, kitchen, delivery, driver):
        return services.assign(delivery_id=delivery.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)

    def test_gives_it_without_asking(self, kitchen):
        delivery, session = kitchen.delivery(), kitchen.online()
        row = self.assign(kitchen, delivery, session.driver)
        assert (row.status, row.driver, row.assigned_at) == ("EN_ROUTE_TO_PICKUP", session.driver, kitchen.now)
        assert row.pickup_eta_at >= delivery.ready_at
        assert row.dropoff_eta_at > row.pickup_eta_at
        session.refresh_from_db()
        assert (session.load, session.status) == (1, "BUSY")
        assert not Offer.objects.exists()
        assert types_of(topic_of("driver", session.driver_id))[-1] == "driver.task_given"
        facts = Event.objects.filter(type="delivery.assigned")
        assert [(fact.payload["by"], fact.payload["offer_id"]) for fact in facts] == [("ops", None)]

    def test_gives_it_to_a_driver_from_whom_the_map_knows_no_way(self, kitchen, monkeypatch):
        delivery, session = kitchen.delivery(), kitchen.online(at=Point(-76.62, 39.30, srid=4326))
        monkeypatch.setattr("dispatch.services.holding.provider", NoWay)
        row = self.assign(kitchen, delivery, session.driver)
        assert (row.status, row.driver) == ("EN_ROUTE_TO_PICKUP", session.driver)
        drive_s = straight_line().time_s(lng_lat(row.pickup_point), lng_lat(row.dropoff_point))
        assert (row.dropoff_eta_at - row.pickup_eta_at).total_seconds() == pytest.approx(drive_s + 240)

    def test_asks_for_the_ways_before_it_locks_anything(self, kitchen, monkeypatch):
        delivery, session = kitchen.delivery(), kitchen.online()
        with CaptureQueriesContext(connection) as asked:
            watching = Watching(asked)
            monkeypatch.setattr("dispatch.services.holding.provider", lambda: watching)
            self.assign(kitchen, delivery, session.driver)
        assert watching.locks == [0, 0]

    def test_and_its_taking_away_are_told_on_the_drivers_own_stream(self, kitchen):
        delivery, session = kitchen.delivery(), kitchen.online()
        self.assign(kitchen, delivery, session.driver)
        services.unassign(delivery_id=delivery.pk, reason="stalled", now=kitchen.now, actor=ACTOR)
        given, taken = Event.objects.filter(type__startswith="driver.task").order_by("seq")
        assert (given.type, taken.type, taken.payload["reason"]) == (
            "driver.task_given",
            "driver.task_taken",
            "stalled",
        )
        assert given.payload["order_id"] == taken.payload["order_id"] == ids.public("order_id", delivery.order_id)

    def test_may_run_twice(self, kitchen):
        delivery, session = kitchen.delivery(), kitchen.online()
        self.assign(kitchen, delivery, session.driver)
        before = Event.objects.count()
        self.assign(kitchen, delivery, session.driver)
        assert Event.objects.count() == before
        assert DriverSession.objects.get().load == 1

    def test_moves_it_from_one_driver_to_another(self, kitchen):
        delivery, before = kitchen.carried()
        session = kitchen.online()
        self.assign(kitchen, delivery, session.driver)
        delivery.refresh_from_db()
        assert delivery.driver == session.driver
        assert Offer.objects.get().status == "RETURNED"
        loads = dict(DriverSession.objects.values_list("driver", "load"))
        assert loads == {before.pk: 0, session.driver_id: 1}

    def test_withdraws_an_open_offer(self, kitchen):
        asked = kitchen.online()
        delivery = kitchen.delivery()
        kitchen.round()
        other = kitchen.online()
        self.assign(kitchen, delivery, other.driver)
        offer = Offer.objects.get()
        assert (offer.driver, offer.status, offer.reason) == (asked.driver, "WITHDRAWN", "taken")

    def test_is_refused_for_who_is_offline_full_or_paused(self, kitchen):
        delivery = kitchen.delivery()
        with pytest.raises(errors.DriverUnavailable):
            self.assign(kitchen, delivery, DriverFactory())
        session = kitchen.online()
        DriverSession.objects.update(load=2)
        with pytest.raises(errors.DriverFull):
            self.assign(kitchen, delivery, session.driver)
        DriverSession.objects.update(load=0, status="PAUSED")
        with pytest.raises(errors.DriverUnavailable):
            self.assign(kitchen, delivery, session.driver)
        delivery.refresh_from_db()
        assert delivery.status == "SEARCHING"
        assert DriverSession.objects.get().load == 0

    def test_is_refused_when_the_order_was_cancelled(self, kitchen):
        delivery, session = kitchen.delivery(), kitchen.online()
        Order.objects.update(status="CANCELLED")
        with pytest.raises(errors.DeliveryTaken):
            self.assign(kitchen, delivery, session.driver)
        session.refresh_from_db()
        assert session.load == 0
