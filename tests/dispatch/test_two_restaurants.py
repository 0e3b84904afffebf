"""Trips that fetch at two restaurants."""

from django.contrib.gis.geos import Point

from dispatch import services
from dispatch.models import DispatchPolicy, DriverSession, Offer
from dispatch.selectors import route_of
from tests.dispatch.conftest import Kitchen
from tests.factories import RestaurantFactory

ACTOR = "usr_test"


class TestTwoRestaurants:
    """Where the policy calls two restaurants near, one trip fetches at both."""

    def neighbour(self, kitchen, within_m: float) -> Kitchen:
        services.engine().warm()
        one_trip = {"strategy": "plan", "lead_s": 900, "stack_within_m": within_m}
        DispatchPolicy.objects.filter(zone=kitchen.zone).update(parameters=one_trip)
        beside = Point(kitchen.restaurant.point.x, kitchen.restaurant.point.y + 0.001, srid=4326)  # 111 m
        return Kitchen(restaurant=RestaurantFactory(zone=kitchen.zone, point=beside), now=kitchen.now)

    def test_are_one_question_with_a_pickup_each_and_visited_in_the_order_of_the_doors(self, kitchen):
        neighbour = self.neighbour(kitchen, 120)
        session, deliveries = kitchen.online(), {kitchen.delivery(), neighbour.delivery()}
        kitchen.round()
        first, second = Offer.objects.order_by("drop_sequence")
        assert {first.delivery, second.delivery} == deliveries
        assert first.batch_id == second.batch_id
        assert second.pickup_eta_at > first.pickup_eta_at
        services.accept_offer(offer_id=first.pk, driver=session.driver, now=kitchen.now, actor=ACTOR)
        assert DriverSession.objects.get().load == 2
        held = [first.delivery_id, second.delivery_id]
        assert [
            (stop.kind, [each.id for each in stop.deliveries]) for stop in route_of(driver_id=session.driver_id)
        ] == [
            ("pickup", held[:1]),
            ("pickup", held[1:]),
            ("dropoff", held[:1]),
            ("dropoff", held[1:]),
        ]

    def test_are_two_trips_where_they_lie_further_apart(self, kitchen):
        neighbour = self.neighbour(kitchen, 100)
        kitchen.online()
        kitchen.delivery()
        neighbour.delivery()
        kitchen.round()
        assert Offer.objects.count() == 1
