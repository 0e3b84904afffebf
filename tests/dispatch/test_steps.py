"""The driver's way, step by step."""

import pytest
from django.contrib.gis.geos import Point

from dispatch import errors, services
from dispatch.models import DriverPosition, DriverSession
from fleetsync.core import ids
from fleetsync.core.events import topic_of
from fleetsync.core.models import Event
from restaurants.models import Zone
from tests.dispatch.conftest import types_of
from tests.factories import DriverFactory

ACTOR = "usr_test"


def step(service, delivery, driver, kitchen, **fields):
    return service(delivery_id=delivery.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR, **fields)


def divide(kitchen) -> Zone:
    """Make another zone of what lies east of the kitchen, and return it."""
    west = "SRID=4326;POLYGON((-76.65 39.2,-76.6 39.2,-76.6 39.38,-76.65 39.38,-76.65 39.2))"
    Zone.objects.filter(pk=kitchen.zone.pk).update(polygon=west)
    return Zone.objects.create(
        name="East", polygon="SRID=4326;POLYGON((-76.6 39.2,-76.5 39.2,-76.5 39.38,-76.6 39.38,-76.6 39.2))"
    )


class TestArrive:
    def test_means_the_counter_first_and_then_the_door(self, kitchen):
        delivery, driver = kitchen.carried()
        assert step(services.arrive, delivery, driver, kitchen).status == "ARRIVED_AT_PICKUP"
        assert step(services.arrive, delivery, driver, kitchen).status == "ARRIVED_AT_PICKUP"
        step(services.pick_up, delivery, driver, kitchen)
        row = step(services.arrive, delivery, driver, kitchen)
        assert (row.status, row.arrived_at_dropoff_at) == ("ARRIVED_AT_DROPOFF", kitchen.now)

    def test_is_not_found_by_another_driver(self, kitchen):
        delivery, _ = kitchen.carried()
        before = Event.objects.count()
        with pytest.raises(errors.DeliveryNotFound):
            step(services.arrive, delivery, DriverFactory(), kitchen)
        assert Event.objects.count() == before


class TestPickUp:
    def test_implies_every_earlier_step_each_with_its_event(self, kitchen):
        delivery, driver = kitchen.carried()
        step(services.pick_up, delivery, driver, kitchen)
        facts = Event.objects.filter(stream=topic_of("order", delivery.order_id)).order_by("seq")
        said = [(fact.type, fact.payload.get("by")) for fact in facts if fact.type.startswith("delivery.")]
        assert said[-3:] == [
            ("delivery.arrived_at_pickup", "implied"),
            ("delivery.picked_up", "tap"),
            ("delivery.en_route_to_dropoff", "implied"),
        ]
        kitchen_facts = [fact.type for fact in facts if fact.type.startswith("order.")]
        assert kitchen_facts == ["order.preparing", "order.ready", "order.picked_up"]
        delivery.order.refresh_from_db()
        assert delivery.order.status == "PICKED_UP"

    def test_is_harmless_twice(self, kitchen):
        delivery, driver = kitchen.carried()
        step(services.pick_up, delivery, driver, kitchen)
        before = Event.objects.count()
        step(services.pick_up, delivery, driver, kitchen)
        assert Event.objects.count() == before

    def test_is_refused_after_a_cancellation(self, kitchen):
        delivery, driver = kitchen.carried()
        services.cancel_delivery(order_id=delivery.order_id, reason="changed my mind", now=kitchen.now)
        with pytest.raises(errors.WrongStep):
            step(services.pick_up, delivery, driver, kitchen)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.picked_up_at) == ("CANCELLED", None)


class TestDropOff:
    def test_frees_the_driver(self, kitchen):
        delivery, driver = kitchen.carried()
        row = step(services.drop_off, delivery, driver, kitchen)
        assert (row.status, row.delivered_at, row.closed_at) == ("DELIVERED", kitchen.now, kitchen.now)
        session = DriverSession.objects.get()
        assert (session.status, session.load, session.idle_since) == ("AVAILABLE", 0, kitchen.now)
        assert types_of(topic_of("driver", driver.pk))[-1] == "session.freed"
        delivery.order.refresh_from_db()
        assert delivery.order.status == "DELIVERED"

    def test_is_harmless_twice(self, kitchen):
        delivery, driver = kitchen.carried()
        step(services.drop_off, delivery, driver, kitchen)
        before = Event.objects.count()
        step(services.drop_off, delivery, driver, kitchen)
        assert Event.objects.count() == before
        assert DriverSession.objects.get().load == 0

    def test_leaves_him_in_the_zone_of_the_door(self, kitchen):
        door = Point(-76.59, 39.29, srid=4326)
        delivery, driver = kitchen.carried(dropoff_point=door)
        there = divide(kitchen)
        DriverPosition.objects.update(point=door)
        step(services.drop_off, delivery, driver, kitchen)
        assert DriverSession.objects.get().zone == there
        freed = Event.objects.get(type="session.freed")
        assert freed.payload["zone_id"] == ids.public("zone_id", there.pk)

    def test_leaves_him_where_he_belongs_while_he_holds_another(self, kitchen):
        door = Point(-76.59, 39.29, srid=4326)
        first, driver = kitchen.carried(dropoff_point=door)
        second = kitchen.delivery()
        services.assign(delivery_id=second.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        divide(kitchen)
        DriverPosition.objects.update(point=door)
        step(services.drop_off, first, driver, kitchen)
        assert DriverSession.objects.get().zone == kitchen.zone

    def test_lets_the_next_delivery_be_under_way(self, kitchen):
        first, driver = kitchen.carried()
        second = kitchen.delivery()
        services.assign(delivery_id=second.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        step(services.pick_up, first, driver, kitchen)
        second.refresh_from_db()
        assert second.status == "ASSIGNED"
        step(services.drop_off, first, driver, kitchen)
        second.refresh_from_db()
        assert second.status == "EN_ROUTE_TO_PICKUP"


class TestFailDropoff:
    def test_turns_the_driver_round_until_it_is_back(self, kitchen):
        delivery, driver = kitchen.carried()
        step(services.pick_up, delivery, driver, kitchen)
        row = step(services.fail_dropoff, delivery, driver, kitchen, reason="nobody there")
        assert (row.status, row.reason) == ("RETURNING", "nobody there")
        assert step(services.fail_dropoff, delivery, driver, kitchen, reason="again").reason == "nobody there"
        assert DriverSession.objects.get().load == 1
        row = step(services.return_delivery, delivery, driver, kitchen)
        assert (row.status, row.closed_at) == ("RETURNED", kitchen.now)
        assert step(services.return_delivery, delivery, driver, kitchen).status == "RETURNED"
        assert DriverSession.objects.get().load == 0
        delivery.order.refresh_from_db()
        assert delivery.order.status == "RETURNED"
        assert types_of(topic_of("order", delivery.order_id))[-5:] == [
            "delivery.undeliverable",
            "delivery.returning",
            "order.returning",
            "delivery.returned",
            "order.returned",
        ]

    def test_is_refused_before_the_pickup(self, kitchen):
        delivery, driver = kitchen.carried()
        with pytest.raises(errors.WrongStep):
            step(services.fail_dropoff, delivery, driver, kitchen, reason="no")
        delivery.refresh_from_db()
        assert delivery.status == "EN_ROUTE_TO_PICKUP"

    def test_cannot_return_what_is_not_on_its_way_back(self, kitchen):
        delivery, driver = kitchen.carried()
        with pytest.raises(errors.WrongStep):
            step(services.return_delivery, delivery, driver, kitchen)
