"""HTTP of dispatch: shapes, roles, whose objects."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from dispatch import services
from dispatch.models import Delivery, DriverSession, Offer, Shift
from fleetsync.core import ids
from tests.factories import (
    CITY,
    AdminFactory,
    DispatcherFactory,
    DriverFactory,
    RestaurantStaffFactory,
    UserFactory,
)

HERE = {"position": {"lat": CITY.y, "lng": CITY.x}}


def client_of(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def ops(db) -> APIClient:
    return client_of(DispatcherFactory())


def address(row, step: str = "") -> str:
    kind = "offers" if isinstance(row, Offer) else "deliveries"
    key = ids.public("offer_id" if isinstance(row, Offer) else "delivery_id", row.pk)
    return f"/api/v1/{kind}/{key}" + (f"/{step}" if step else "")


class TestDriverSessions:
    def test_live_from_going_online_to_going_offline(self, kitchen):
        phone = client_of(DriverFactory().user)
        assert phone.get("/api/v1/driver-sessions/current").data["code"] == "session-not-found"
        begun = phone.post("/api/v1/driver-sessions", HERE)
        assert begun.status_code == 201
        assert set(begun.data) == {
            "id", "status", "zone_id", "load", "capacity", "started_at", "lease_until", "off_at", "ended_at", "end_reason",
        }  # fmt: skip
        assert phone.get("/api/v1/driver-sessions/current").data["id"] == begun.data["id"]
        assert phone.post("/api/v1/driver-sessions/current/pause").data["status"] == "PAUSED"
        assert phone.post("/api/v1/driver-sessions/current/resume").data["status"] == "AVAILABLE"
        assert phone.delete("/api/v1/driver-sessions/current").status_code == 204
        assert phone.delete("/api/v1/driver-sessions/current").status_code == 404

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"position": {"lat": 91, "lng": 0}},
            {"position": {"lat": True, "lng": 0}},
            {"position": "POINT(0 0)"},
            {**HERE, "zone_id": "zon_x"},
            {**HERE, "off_at": "tomorrow"},
        ],
    )
    def test_refuse_what_is_no_place(self, kitchen, body):
        answer = client_of(DriverFactory().user).post("/api/v1/driver-sessions", body)
        assert (answer.status_code, answer.data["code"]) == (400, "invalid")
        assert not DriverSession.objects.exists()

    @pytest.mark.parametrize("factory", [UserFactory, DispatcherFactory, AdminFactory])
    def test_are_for_drivers_alone(self, kitchen, factory):
        assert client_of(factory()).post("/api/v1/driver-sessions", HERE).status_code == 403
        assert APIClient().post("/api/v1/driver-sessions", HERE).status_code == 401


class TestOffers:
    def test_show_what_a_driver_needs_to_decide(self, kitchen):
        session = kitchen.online()
        delivery = kitchen.delivery()
        kitchen.round()
        phone = client_of(session.driver.user)
        (offer,) = phone.get("/api/v1/offers?status=OPEN").data["results"]
        assert set(offer) >= {
            "id", "batch_id", "status", "delivery_id", "order_id", "driver_id", "restaurant", "dropoff", "distance_m",
            "drop_sequence", "pickup_eta_at", "dropoff_eta_at", "ready_at", "pay_minor", "currency", "due_at",
            "offered_at", "expires_at", "reason",
        }  # fmt: skip
        assert offer["restaurant"]["position"] == {"lat": CITY.y, "lng": CITY.x}
        assert offer["delivery_id"] == ids.public("delivery_id", delivery.pk)
        assert phone.get(f"/api/v1/offers/{offer['id']}").data == offer
        assert phone.get("/api/v1/offers?status=DECLINED").data["results"] == []
        assert phone.get("/api/v1/offers?state=OPEN").status_code == 400

    def test_are_acknowledged_by_being_read(self, kitchen):
        session = kitchen.online()
        kitchen.delivery()
        kitchen.round()
        client_of(DispatcherFactory()).get("/api/v1/offers")
        assert Offer.objects.get().acked_at is None
        client_of(session.driver.user).get("/api/v1/offers")
        assert Offer.objects.get().acked_at is not None

    def test_are_acknowledged_declined_and_then_gone(self, kitchen):
        session = kitchen.online()
        kitchen.delivery()
        kitchen.round()
        phone, offer = client_of(session.driver.user), Offer.objects.get()
        assert phone.post(address(offer, "ack")).status_code == 200
        assert phone.post(address(offer, "decline")).status_code == 400
        assert phone.post(address(offer, "decline"), {"reason": "too far"}).data["status"] == "DECLINED"
        answer = phone.post(address(offer, "accept"))
        assert (answer.status_code, answer.data["code"]) == (410, "offer-expired")

    def test_are_nobody_elses(self, kitchen):
        kitchen.online()
        kitchen.delivery()
        kitchen.round()
        offer = Offer.objects.get()
        stranger = client_of(DriverFactory().user)
        assert stranger.get("/api/v1/offers").data["results"] == []
        assert stranger.get(address(offer)).status_code == 404
        for step in ("ack", "accept"):
            assert stranger.post(address(offer, step)).status_code == 404
        assert stranger.post(address(offer, "decline"), {"reason": "no"}).status_code == 404
        assert client_of(UserFactory()).get("/api/v1/offers").status_code == 403
        assert client_of(DispatcherFactory()).get(address(offer)).status_code == 200
        assert client_of(DispatcherFactory()).post(address(offer, "accept")).status_code == 403
        assert Offer.objects.get().status == "OPEN"


class TestDeliveries:
    def test_are_seen_by_those_they_concern(self, kitchen):
        delivery, driver = kitchen.carried()
        staff = RestaurantStaffFactory(restaurant=kitchen.restaurant).user
        concerned = [driver.user, staff, delivery.order.customer, DispatcherFactory(), AdminFactory()]
        strangers = [DriverFactory().user, RestaurantStaffFactory().user, UserFactory()]
        for user in concerned:
            assert client_of(user).get(address(delivery)).status_code == 200, user.role
            assert len(client_of(user).get("/api/v1/deliveries").data["results"]) == 1
        for user in strangers:
            assert client_of(user).get(address(delivery)).status_code == 404, user.role
            assert client_of(user).get("/api/v1/deliveries").data["results"] == []

    def test_hide_the_door_from_the_kitchen(self, kitchen):
        delivery, driver = kitchen.carried()
        staff = RestaurantStaffFactory(restaurant=kitchen.restaurant).user
        assert client_of(driver.user).get(address(delivery)).data["dropoff"]["address"] == "9 Charles Street"
        assert client_of(staff).get(address(delivery)).data["dropoff"]["address"] == ""

    def test_are_listed_by_status_and_activity(self, kitchen, ops):
        kitchen.carried()
        kitchen.delivery()
        assert len(ops.get("/api/v1/deliveries").data["results"]) == 2
        assert len(ops.get("/api/v1/deliveries?active=true").data["results"]) == 1
        assert len(ops.get("/api/v1/deliveries?active=false").data["results"]) == 1
        assert len(ops.get("/api/v1/deliveries?status=SEARCHING").data["results"]) == 1
        assert ops.get("/api/v1/deliveries?status=LOST").status_code == 400

    @pytest.mark.parametrize("step", ["arrive", "pick-up", "drop-off", "return"])
    def test_are_moved_on_by_their_driver_alone(self, kitchen, ops, step):
        delivery, _ = kitchen.carried()
        assert client_of(DriverFactory().user).post(address(delivery, step)).status_code == 404
        assert ops.post(address(delivery, step)).status_code == 403
        assert client_of(delivery.order.customer).post(address(delivery, step)).status_code == 403
        delivery.refresh_from_db()
        assert delivery.status == "EN_ROUTE_TO_PICKUP"

    def test_come_back_when_nobody_takes_them(self, kitchen):
        delivery, driver = kitchen.carried()
        phone = client_of(driver.user)
        answer = phone.post(address(delivery, "fail"), {"reason": "nobody there"})
        assert (answer.status_code, answer.data["code"], answer.data["status"]) == (409, "illegal-transition", 409)
        phone.post(address(delivery, "pick-up"))
        assert phone.post(address(delivery, "fail"), {"reason": "nobody there"}).data["status"] == "RETURNING"
        assert phone.post(address(delivery, "return")).data["status"] == "RETURNED"

    def test_are_given_back_out_of_sight(self, kitchen):
        delivery, driver = kitchen.carried()
        phone = client_of(driver.user)
        answer = phone.post(address(delivery, "give-back"), {"reason": "flat tyre"})
        assert (answer.status_code, answer.data["status"], answer.data["driver_id"]) == (200, "SEARCHING", None)
        assert phone.get(address(delivery)).status_code == 404

    def test_are_steered_by_ops(self, kitchen, ops):
        delivery, session = kitchen.delivery(), kitchen.online()
        driver_id = ids.public("driver_id", session.driver_id)
        assert ops.post(address(delivery, "hold")).data["held"] is True
        assert ops.post(address(delivery, "release")).data["held"] is False
        assert ops.post(address(delivery, "prioritize"), {"priority": 3}).data["priority"] == 3
        assert ops.post(address(delivery, "prioritize"), {"priority": 99}).status_code == 400
        assert ops.post(address(delivery, "assign"), {"driver_id": driver_id}).data["driver_id"] == driver_id
        assert ops.post(address(delivery, "unassign"), {"reason": "stalled"}).data["status"] == "SEARCHING"
        Delivery.objects.update(status="NO_DRIVER_FOUND")
        assert ops.post(address(delivery, "reopen")).data["status"] == "SEARCHING"

    @pytest.mark.parametrize(
        ("step", "body"),
        [
            ("assign", {"driver_id": "drv_00000000000000000000000000"}),
            ("unassign", {"reason": "no"}),
            ("reopen", None),
            ("hold", None),
            ("release", None),
            ("prioritize", {"priority": 1}),
        ],
    )
    def test_are_steered_by_nobody_else(self, kitchen, step, body):
        delivery, driver = kitchen.carried()
        staff = RestaurantStaffFactory(restaurant=kitchen.restaurant).user
        for user in (driver.user, staff, delivery.order.customer):
            assert client_of(user).post(address(delivery, step), body).status_code == 403


class TestNearby:
    def test_lists_the_nearest_first_with_metres_and_age(self, kitchen, ops):
        session = kitchen.online()
        restaurant = ids.public("restaurant_id", kitchen.restaurant.pk)
        (near,) = ops.get(f"/api/v1/drivers/nearby?restaurant={restaurant}").data
        assert near["driver_id"] == ids.public("driver_id", session.driver_id)
        assert near["distance_m"] == 0.0
        assert near["position"] == {"lat": CITY.y, "lng": CITY.x}
        assert near["age_s"] < 60

    @pytest.mark.parametrize(
        "query", ["", "?restaurant=rst_x", "?restaurant=%s&limit=0", "?restaurant=%s&radius_m=nan"]
    )
    def test_refuses_what_makes_no_sense(self, kitchen, ops, query):
        restaurant = ids.public("restaurant_id", kitchen.restaurant.pk)
        assert ops.get("/api/v1/drivers/nearby" + query.replace("%s", restaurant)).status_code == 400

    def test_is_for_ops_alone(self, kitchen):
        restaurant = ids.public("restaurant_id", kitchen.restaurant.pk)
        for user in (DriverFactory().user, UserFactory(), RestaurantStaffFactory().user):
            assert client_of(user).get(f"/api/v1/drivers/nearby?restaurant={restaurant}").status_code == 403


class TestShifts:
    def test_are_planned_by_ops_and_read_by_their_driver(self, kitchen, ops):
        driver = DriverFactory()
        shift = {
            "driver_id": ids.public("driver_id", driver.pk),
            "starts_at": kitchen.now.isoformat(),
            "ends_at": (kitchen.now + timedelta(hours=4)).isoformat(),
        }
        made = ops.post("/api/v1/shifts", shift)
        assert made.status_code == 201
        overlap = ops.post("/api/v1/shifts", shift)
        assert (overlap.status_code, overlap.data["code"]) == (409, "shift-overlaps")
        backwards = ops.post("/api/v1/shifts", shift | {"ends_at": shift["starts_at"]})
        assert backwards.status_code == 400
        long = ops.post("/api/v1/shifts", shift | {"ends_at": (kitchen.now + timedelta(hours=24.1)).isoformat()})
        assert (long.status_code, long.data["errors"][0]["attr"]) == (400, "ends_at")
        phone = client_of(driver.user)
        assert [each["id"] for each in phone.get("/api/v1/shifts").data["results"]] == [made.data["id"]]
        assert client_of(DriverFactory().user).get("/api/v1/shifts").data["results"] == []
        assert phone.post("/api/v1/shifts", shift).status_code == 403
        assert phone.delete(f"/api/v1/shifts/{made.data['id']}").status_code == 403
        assert ops.delete(f"/api/v1/shifts/{made.data['id']}").status_code == 204
        assert not Shift.objects.exists()
        assert ops.delete(f"/api/v1/shifts/{made.data['id']}").status_code == 404


def test_a_step_with_a_key_is_done_once(kitchen):
    delivery, driver = kitchen.carried()
    phone = client_of(driver.user)
    first = phone.post(address(delivery, "pick-up"), headers={"Idempotency-Key": "k1"})
    again = phone.post(address(delivery, "pick-up"), headers={"Idempotency-Key": "k1"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert services.live_session(driver=driver).load == 1
