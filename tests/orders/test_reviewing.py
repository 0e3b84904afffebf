"""Rating and tip after the delivery, through the signed link."""

from datetime import timedelta

import pytest

from dispatch.selectors import earnings
from fleetsync.core import clock, ids
from fleetsync.core.models import Event
from orders import services
from orders.errors import NotDelivered, ReviewClosed, TipGiven
from orders.links import tracking_token
from orders.models import Review
from tests.dispatch.test_views import client_of
from tests.factories import (
    DeliveryFactory,
    DispatcherFactory,
    DriverSessionFactory,
    OrderFactory,
    RestaurantStaffFactory,
)

WORDS = "Left it with Mrs Miller, thank you."


@pytest.fixture
def delivered(db):
    """Return an order that was handed over by a driver ten minutes ago."""
    now = clock.now()
    session = DriverSessionFactory()
    at = now - timedelta(minutes=10)
    order = OrderFactory(taken=True, status="DELIVERED", delivered_at=at, restaurant__zone=session.zone, tip_minor=100)
    DeliveryFactory(order=order, status="DELIVERED", driver=session.driver, session=session, delivered_at=at)
    return order


def address(order, what: str) -> str:
    return f"/api/v1/tracking/{tracking_token(order.pk)}/{what}"


def types() -> list[str]:
    return list(Event.objects.order_by("id").values_list("type", flat=True))


class TestRating:
    def test_is_kept_by_link_and_its_words_are_in_no_log(self, anyone, delivered):
        body = {"stars": 5, "tags": ["hot", "friendly"], "comment": WORDS}
        answer = anyone.put(address(delivered, "rating"), body, format="json")
        assert answer.status_code == 200
        assert {name: answer.data[name] for name in ("stars", "tags", "comment", "tip_minor")} == {
            "stars": 5, "tags": ["friendly", "hot"], "comment": WORDS, "tip_minor": 0,
        }  # fmt: skip
        assert Event.objects.get().payload == {
            "order_id": ids.public("order_id", delivered.pk),
            "restaurant_id": ids.public("restaurant_id", delivered.restaurant_id),
            "zone_id": ids.public("zone_id", delivered.zone_id),
            "stars": 5,
        }

    def test_again_changes_nothing_and_another_one_replaces_it(self, anyone, delivered):
        for stars in (4, 4, 2):
            assert anyone.put(address(delivered, "rating"), {"stars": stars}, format="json").status_code == 200
        assert Review.objects.get().stars == 2
        assert [fact.payload["stars"] for fact in Event.objects.order_by("seq")] == [4, 2]

    @pytest.mark.parametrize(
        "body",
        [{}, {"stars": 0}, {"stars": 6}, {"stars": 3, "tags": ["ugly"]}, {"stars": 3, "comment": "x" * 501}],
    )
    def test_out_of_bounds_is_refused(self, anyone, delivered, body):
        assert anyone.put(address(delivered, "rating"), body, format="json").status_code == 400
        assert not Review.objects.exists()

    def test_is_seen_by_customer_link_and_ops_alone(self, anyone, delivered):
        services.rate_order(order_id=delivered.pk, stars=1, tags=[], comment=WORDS, now=clock.now())
        live = f"/api/v1/orders/{ids.public('order_id', delivered.pk)}/live"
        for user in (delivered.customer, DispatcherFactory()):
            assert client_of(user).get(live).data["review"]["comment"] == WORDS
        assert anyone.get(f"/api/v1/tracking/{tracking_token(delivered.pk)}").data["review"]["stars"] == 1
        staff = RestaurantStaffFactory(restaurant=delivered.restaurant).user
        assert client_of(staff).get(live).data["review"] is None
        kitchen = client_of(staff).get(
            f"/api/v1/restaurants/{ids.public('restaurant_id', delivered.restaurant_id)}/live"
        )
        assert WORDS not in kitchen.content.decode()


class TestTip:
    def test_is_the_drivers_and_he_is_told(self, anyone, delivered, relay):
        assert anyone.put(address(delivered, "tip"), {"tip_minor": 300}, format="json").data["tip_minor"] == 300
        relay()
        assert types() == ["order.tipped", "driver.tipped"]
        [trip] = earnings(driver_id=delivered.delivery.driver_id, day=None, now=clock.now()).trips
        assert trip.tip_minor == 400

    def test_is_given_once(self, anyone, delivered):
        for _ in range(2):
            assert anyone.put(address(delivered, "tip"), {"tip_minor": 300}, format="json").status_code == 200
        refused = anyone.put(address(delivered, "tip"), {"tip_minor": 301}, format="json")
        assert (refused.status_code, refused.data["code"], refused.data["tip_minor"]) == (409, "tip-given", 300)
        assert (Review.objects.get().tip_minor, types()) == (300, ["order.tipped"])
        with pytest.raises(TipGiven):
            services.tip_order(order_id=delivered.pk, tip_minor=1, now=clock.now())

    @pytest.mark.parametrize("tip", [0, -5, 50_001, "x", None])
    def test_out_of_bounds_is_refused(self, anyone, delivered, tip):
        assert anyone.put(address(delivered, "tip"), {"tip_minor": tip}, format="json").status_code == 400
        assert not Review.objects.exists()


class TestWhen:
    def test_is_before_the_delivery_refused(self, db):
        order = OrderFactory(taken=True)
        with pytest.raises(NotDelivered):
            services.rate_order(order_id=order.pk, stars=5, tags=[], comment="", now=clock.now())
        assert not Review.objects.exists()

    def test_is_after_thirty_days_refused(self, delivered):
        late = delivered.delivered_at + timedelta(days=30, seconds=1)
        with pytest.raises(ReviewClosed):
            services.tip_order(order_id=delivered.pk, tip_minor=100, now=late)
        assert not Review.objects.exists()
        assert (
            services.tip_order(order_id=delivered.pk, tip_minor=100, now=late - timedelta(seconds=1)).tip_minor == 100
        )

    def test_needs_a_link_of_ours(self, anyone, delivered):
        forged = tracking_token(delivered.pk)[:-2] + "xx"
        answer = anyone.put(f"/api/v1/tracking/{forged}/tip", {"tip_minor": 100}, format="json")
        assert answer.status_code == 404
        assert not Review.objects.exists()
