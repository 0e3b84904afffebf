"""Live views over HTTP: what each viewer sees of the same order."""

from datetime import timedelta

import pytest
from django.contrib.gis.geos import Point

from accounts.states import Role
from dispatch.events import EtaChanged
from fleetsync.core import clock, ids
from fleetsync.core.events import change
from orders.links import tracking_token
from tests.factories import (
    DeliveryFactory,
    DispatcherFactory,
    DriverFactory,
    DriverPositionFactory,
    DriverSessionFactory,
    OfferFactory,
    OrderFactory,
    OrderLineFactory,
    RestaurantStaffFactory,
    UserFactory,
)
from tests.tracking.conftest import access_of
from tests.tracking.test_ops import of

pytestmark = pytest.mark.django_db


@pytest.fixture
def see(client):
    """Ask for a path under /api/v1/ as a user; returns the answer."""

    def ask(path: str, user=None):
        headers = {"Authorization": f"Bearer {access_of(user)}"} if user else {}
        return client.get(f"/api/v1/{path}", headers=headers)

    return ask


def ride(status: str = "PICKED_UP", **fields):
    """Return a delivery on its way, its driver 500 m north of the kitchen, seen ten seconds ago."""
    session = DriverSessionFactory()
    place = Point(-76.61, 39.2945, srid=4326)
    DriverPositionFactory(
        driver=session.driver, point=place, heading_deg=45.0, received_at=clock.now() - timedelta(seconds=10)
    )
    now = clock.now()
    eta = {"eta_low_at": now + timedelta(minutes=5), "eta_high_at": now + timedelta(minutes=9)}
    return DeliveryFactory(driver=session.driver, session=session, status=status, **eta, **fields)


def path_of(delivery) -> str:
    return f"orders/{ids.public('order_id', delivery.order_id)}/live"


class TestLiveOrderView:
    def test_shows_the_customer_order_delivery_driver_and_arrival(self, see):
        delivery = ride()
        body = see(path_of(delivery), delivery.order.customer).json()
        assert body["seq"] == 0
        assert (body["order"]["status"], body["delivery"]["status"]) == ("ACCEPTED", "PICKED_UP")
        assert body["dropoff"] == {"lat": 39.299, "lng": -76.61, "address": "9 Charles Street", "note": ""}
        assert body["driver"]["first_name"] == "Dan"
        position = body["driver"]["position"]
        assert (position["lat"], position["lng"], position["heading_deg"]) == (39.2945, -76.61, 45.0)
        assert 10 <= position["age_s"] < 15
        assert body["eta"]["low_at"] < body["eta"]["high_at"]

    @pytest.mark.parametrize(
        ("status", "role", "seen"),
        [
            ("ASSIGNED", Role.CUSTOMER, False),
            ("PICKED_UP", Role.CUSTOMER, True),
            ("RETURNING", Role.CUSTOMER, False),
            ("ASSIGNED", Role.RESTAURANT, True),
            ("PICKED_UP", Role.RESTAURANT, False),
            ("ASSIGNED", Role.DISPATCHER, True),
            ("PICKED_UP", Role.DISPATCHER, True),
            ("ASSIGNED", Role.DRIVER, True),
        ],
    )
    def test_shows_the_driver_s_place_to_those_who_may_see_it(self, see, status, role, seen):
        delivery = ride(status)
        viewer = {
            Role.CUSTOMER: delivery.order.customer,
            Role.RESTAURANT: RestaurantStaffFactory(restaurant=delivery.restaurant).user,
            Role.DISPATCHER: DispatcherFactory(),
            Role.DRIVER: delivery.driver.user,
        }[role]
        body = see(path_of(delivery), viewer).json()
        assert (body["driver"]["position"] is not None) is seen

    def test_hides_the_driver_while_he_hands_over_another_order(self, see):
        first = ride("EN_ROUTE_TO_DROPOFF", drop_sequence=0, assigned_at=clock.now())
        batch = {"driver": first.driver, "session": first.session, "assigned_at": first.assigned_at}
        second = DeliveryFactory(status="PICKED_UP", drop_sequence=1, **batch)
        body = see(path_of(second), second.order.customer).json()
        assert (body["driver"]["position"], body["driver"]["doors_before"]) == (None, 1)
        assert see(path_of(first), first.order.customer).json()["driver"]["position"] is not None

    def test_hides_the_door_from_the_kitchen(self, see):
        delivery = ride()
        staff = RestaurantStaffFactory(restaurant=delivery.restaurant)
        assert see(path_of(delivery), staff.user).json()["dropoff"] is None

    def test_calls_every_search_a_search_before_the_customer(self, see):
        delivery = DeliveryFactory(status="NO_DRIVER_FOUND")
        assert see(path_of(delivery), delivery.order.customer).json()["delivery"]["status"] == "SEARCHING"
        assert see(path_of(delivery), DispatcherFactory()).json()["delivery"]["status"] == "NO_DRIVER_FOUND"

    def test_exists_before_the_kitchen_has_answered(self, see):
        order = OrderFactory()
        body = see(f"orders/{ids.public('order_id', order.pk)}/live", order.customer).json()
        assert (body["delivery"], body["driver"], body["eta"]) == (None, None, None)

    def test_is_nobody_else_s(self, see):
        delivery = ride()
        strangers = [UserFactory(), DriverFactory().user, RestaurantStaffFactory().user]
        assert [see(path_of(delivery), each).status_code for each in strangers] == [404, 404, 404]
        assert see(path_of(delivery)).status_code == 401

    def test_asks_the_database_a_bounded_number_of_times(self, see, django_assert_max_num_queries):
        delivery = ride()
        user = delivery.order.customer
        headers = access_of(user)
        with django_assert_max_num_queries(6):
            from django.test import Client

            Client().get(f"/api/v1/{path_of(delivery)}", headers={"Authorization": f"Bearer {headers}"})

    def test_says_why_the_arrival_moved_last(self, see):
        delivery = ride()
        assert see(path_of(delivery), delivery.order.customer).json()["eta"]["cause"] == ""
        for cause in ("road", "kitchen"):
            moved = {"eta_low_at": delivery.eta_low_at, "eta_high_at": delivery.eta_high_at, "cause": cause}
            with change(now=clock.now()) as emit:
                emit(EtaChanged(**of(delivery), **moved))
        assert see(path_of(delivery), delivery.order.customer).json()["eta"]["cause"] == "kitchen"


class TestPublicTrackingView:
    def test_shows_what_the_customer_sees_without_people_addresses_and_amounts(self, see):
        delivery = ride()
        answer = see(f"tracking/{tracking_token(delivery.order_id)}")
        body = answer.json()
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        assert body["driver"]["position"] is not None
        assert body["dropoff"] == {"lat": 39.299, "lng": -76.61, "address": None, "note": None}
        assert "Charles" not in answer.content.decode()
        assert delivery.order.customer.email not in answer.content.decode()
        assert ids.public("driver_id", delivery.driver_id) not in answer.content.decode()

    @pytest.mark.parametrize("token", ["nonsense", "ord_00000000000000000000000000.abc", "a" * 3000])
    def test_shows_nothing_for_a_token_that_is_not_ours(self, see, token):
        answer = see(f"tracking/{token}")
        assert (answer.status_code, answer.json()["code"]) == (404, "tracking-link-invalid")

    def test_shows_nothing_for_an_order_that_is_not_there(self, see):
        assert see(f"tracking/{tracking_token(ids.uuid7())}").status_code == 404


class TestLiveRestaurantView:
    def test_lists_open_orders_and_those_closed_a_moment_ago(self, see):
        staff = RestaurantStaffFactory()
        now = clock.now()
        kept = OrderFactory(restaurant=staff.restaurant, taken=True)
        OrderLineFactory(order=kept, quantity=2)
        closed = OrderFactory(restaurant=staff.restaurant, status="CANCELLED", closed_at=now - timedelta(minutes=5))
        OrderFactory(restaurant=staff.restaurant, status="CANCELLED", closed_at=now - timedelta(hours=1))
        OrderFactory(taken=True)
        body = see(f"restaurants/{ids.public('restaurant_id', staff.restaurant_id)}/live", staff.user).json()
        assert {each["order"]["id"] for each in body["orders"]} == {
            ids.public("order_id", each.pk) for each in (kept, closed)
        }
        (one,) = [each for each in body["orders"] if each["order"]["status"] == "ACCEPTED"]
        assert [(line["name"], line["quantity"]) for line in one["lines"]] == [("Dish", 2)]
        assert "dropoff" not in one

    def test_is_for_its_own_staff_and_ops(self, see):
        restaurant = RestaurantStaffFactory().restaurant
        path = f"restaurants/{ids.public('restaurant_id', restaurant.pk)}/live"
        assert see(path, RestaurantStaffFactory().user).status_code == 404
        assert see(path, UserFactory()).status_code == 403
        assert see(path, DispatcherFactory()).status_code == 200


class TestLiveDriverView:
    def test_shows_session_open_offers_and_tasks(self, see):
        delivery = ride("ASSIGNED")
        offer = OfferFactory(session=delivery.session, driver=delivery.driver)
        OfferFactory(session=delivery.session, driver=delivery.driver, status="DECLINED")
        body = see("drivers/me/live", delivery.driver.user).json()
        assert body["session"]["id"] == ids.public("session_id", delivery.session_id)
        assert [each["id"] for each in body["offers"]] == [ids.public("offer_id", offer.pk)]
        assert [each["id"] for each in body["deliveries"]] == [ids.public("delivery_id", delivery.pk)]
        assert body["clock"]["scale"] == 1.0

    def test_is_empty_while_offline(self, see):
        body = see("drivers/me/live", DriverFactory().user).json()
        assert (body["session"], body["offers"], body["deliveries"]) == (None, [], [])


class TestLiveZoneView:
    def test_shows_ops_drivers_deliveries_and_counts(self, see):
        delivery = ride("PICKED_UP")
        zone = delivery.session.zone
        type(delivery).objects.filter(pk=delivery.pk).update(zone=zone)
        DeliveryFactory(zone=zone, status="DELIVERED", driver=delivery.driver)
        body = see(f"zones/{ids.public('zone_id', zone.pk)}/live", DispatcherFactory()).json()
        ((driver_id, lng, lat, heading, age_s, status),) = body["drivers"]
        assert driver_id == ids.public("driver_id", delivery.driver_id)
        assert (lng, lat, heading, status) == (-76.61, 39.2945, 45.0, "AVAILABLE")
        assert 10 <= age_s < 15
        assert [each["id"] for each in body["deliveries"]] == [ids.public("delivery_id", delivery.pk)]
        assert body["counters"] == {"drivers_available": 1, "deliveries_picked_up": 1, "orders_placed": 0}

    def test_is_for_ops_alone(self, see):
        zone = DriverSessionFactory().zone
        path = f"zones/{ids.public('zone_id', zone.pk)}/live"
        for user in (UserFactory(), DriverFactory().user, RestaurantStaffFactory().user):
            assert see(path, user).status_code == 403
