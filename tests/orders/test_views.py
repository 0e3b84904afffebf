"""The orders API: shapes, roles, headers, and that a refusal writes nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from fleetsync.core import clock, ids
from fleetsync.core.models import Event, IdempotencyKey
from orders import services
from orders.links import order_of_token
from orders.models import Order, Quote
from orders.states import OrderStatus
from tests.factories import (
    DispatcherFactory,
    DriverFactory,
    OrderFactory,
    OrderLineFactory,
    RestaurantStaffFactory,
    UserFactory,
)

S = OrderStatus
pytestmark = pytest.mark.django_db


def client_of(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def public(kind, row):
    return ids.public(kind, row.pk)


def url(order, step=""):
    return f"/api/v1/orders/{public('order_id', order)}" + (f"/{step}" if step else "")


@pytest.fixture
def customer(shop):
    return client_of(shop.customer)


@pytest.fixture
def kitchen(shop):
    return client_of(RestaurantStaffFactory(restaurant=shop.restaurant).user)


@pytest.fixture
def body(shop):
    return {
        "restaurant_id": public("restaurant_id", shop.restaurant),
        "items": [
            {"item_id": public("item_id", shop.soup), "quantity": 2},
            {"item_id": public("item_id", shop.pizza), "options": [public("option_id", shop.large)]},
        ],
        "dropoff": {"lat": 39.299, "lng": -76.61},
    }


@pytest.fixture
def purchase(body):
    door = body["dropoff"] | {"address": "9 Charles Street", "note": "Ring twice"}
    return body | {"dropoff": door, "tip_minor": 100, "kitchen_note": "No salt"}


def buy(client, purchase, key="one"):
    return client.post("/api/v1/orders", purchase, headers={"Idempotency-Key": key})


class TestQuotes:
    def test_answer_with_lines_fees_and_a_range(self, customer, shop, body):
        answer = customer.post("/api/v1/quotes", body)
        assert answer.status_code == 201
        data = answer.json()
        quote = Quote.objects.get()
        assert data["id"] == public("quote_id", quote)
        assert data["lines"] == [
            {
                "item_id": public("item_id", shop.soup),
                "name": "Soup",
                "options": [],
                "unit_minor": 450,
                "quantity": 2,
                "total_minor": 900,
            },
            {
                "item_id": public("item_id", shop.pizza),
                "name": "Pizza",
                "options": [
                    {
                        "option_id": public("option_id", shop.large),
                        "group": "Size",
                        "name": "Large",
                        "price_minor": 300,
                    }
                ],
                "unit_minor": 1200,
                "quantity": 1,
                "total_minor": 1200,
            },
        ]
        assert [fee["code"] for fee in data["fees"]] == ["delivery", "service"]
        assert (data["subtotal_minor"], data["fees_minor"], data["tip_minor"], data["total_minor"]) == (
            2100,
            304,
            0,
            2404,
        )
        assert data["eta_low_at"] < data["eta_high_at"]

    def test_are_for_customers(self, kitchen, body):
        assert kitchen.post("/api/v1/quotes", body).status_code == 403
        assert APIClient().post("/api/v1/quotes", body).status_code == 401
        assert not Quote.objects.exists()

    @pytest.mark.parametrize(
        ("spoil", "attr"),
        [
            ({"items": []}, "items"),
            ({"items": [{"item_id": "itm_nope"}]}, "items.0.item_id"),
            ({"dropoff": {"lat": True, "lng": 1}}, "dropoff.lat"),
            ({"dropoff": {"lat": 91, "lng": 1}}, "dropoff.lat"),
            ({"dropoff": "POINT(1 2)"}, "dropoff"),
            ({"tip_minor": -1}, "tip_minor"),
            ({"coupon": "FREE"}, "coupon"),
        ],
    )
    def test_refuse_what_they_cannot_read(self, customer, body, spoil, attr):
        answer = customer.post("/api/v1/quotes", body | spoil)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert attr in {error["attr"] for error in answer.json()["errors"]}
        assert not Quote.objects.exists()


class TestPlacing:
    def test_answers_202_with_the_way_to_the_order(self, customer, shop, purchase):
        answer = buy(customer, purchase)
        order = Order.objects.get()
        assert answer.status_code == 202
        assert answer["Location"] == url(order)
        data = answer.json()
        assert (data["id"], data["code"], data["status"]) == (public("order_id", order), order.code, "PLACED")
        assert data["status_url"] == url(order)
        assert order_of_token(data["tracking_url"].rpartition("/track/")[2]) == order.pk
        assert (data["total_minor"], data["tip_minor"]) == (2504, 100)
        assert (order.dropoff_address, order.dropoff_note, order.kitchen_note) == (
            "9 Charles Street",
            "Ring twice",
            "No salt",
        )
        assert customer.get(data["status_url"]).status_code == 200

    def test_needs_a_key(self, customer, purchase):
        answer = customer.post("/api/v1/orders", purchase)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")
        assert not Order.objects.exists()

    def test_takes_few_queries_from_the_token_to_the_stored_answer(self, shop, purchase, acting):
        client = acting(shop.customer)
        with CaptureQueriesContext(connection) as queries:
            assert buy(client, purchase).status_code == 202
        sent = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        # who it is; the key: lock, look, store; the order itself: thirteen (see the service's test)
        assert len(sent) == 1 + 3 + 13, sent

    def test_with_the_same_key_answers_the_same_order(self, customer, purchase):
        first, second = buy(customer, purchase), buy(customer, purchase)
        assert second.status_code == 202
        assert second.json() == first.json()
        assert second["Location"] == first["Location"]
        assert Order.objects.count() == 1

    def test_with_the_same_key_and_another_body_is_refused(self, customer, purchase):
        buy(customer, purchase)
        answer = buy(customer, purchase | {"tip_minor": 0})
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-mismatch")
        assert Order.objects.count() == 1

    def test_refused_leaves_nothing_not_even_the_key(self, customer, shop, purchase):
        shop.soup.available = False
        shop.soup.save()
        answer = buy(customer, purchase)
        assert (answer.status_code, answer.json()["code"]) == (422, "item-unavailable")
        assert answer.json()["errors"][0]["attr"] == "items.0.item_id"
        assert [model.objects.count() for model in (Order, Event, IdempotencyKey)] == [0, 0, 0]
        shop.soup.available = True
        shop.soup.save()
        assert buy(customer, purchase).status_code == 202

    def test_takes_a_quote(self, customer, body, purchase):
        quote = customer.post("/api/v1/quotes", body | {"tip_minor": 250}).json()
        answer = buy(customer, {"quote_id": quote["id"], "dropoff": purchase["dropoff"]})
        assert answer.status_code == 202
        assert answer.json()["total_minor"] == quote["total_minor"] == 2654
        again = buy(customer, {"quote_id": quote["id"], "dropoff": purchase["dropoff"]}, key="two")
        assert (again.status_code, again.json()["code"]) == (409, "quote-used")

    def test_takes_no_quote_of_somebody_else(self, customer, body, purchase):
        quote = customer.post("/api/v1/quotes", body).json()
        answer = buy(client_of(UserFactory()), {"quote_id": quote["id"], "dropoff": purchase["dropoff"]})
        assert answer.status_code == 404
        assert not Order.objects.exists()

    @pytest.mark.parametrize(
        ("change", "attrs"),
        [
            ({"quote_id": "quo_01jd6k3v9w8x7y5z4t3s2r1q0p"}, {"items", "restaurant_id"}),
            ({"items": None}, {"items"}),
            ({"dropoff": {"lat": 39.299, "lng": -76.61}}, {"dropoff.address"}),
            ({"dropoff": {"lat": "x", "lng": -76.61, "address": "a"}}, {"dropoff.lat"}),
            ({"dropoff": {"lat": 39.2, "lng": -76.6, "address": "a", "city": "b"}}, {"dropoff.city"}),
        ],
    )
    def test_refuses_what_it_cannot_read(self, customer, purchase, change, attrs):
        answer = buy(customer, {name: value for name, value in (purchase | change).items() if value is not None})
        assert answer.status_code == 400
        assert {error["attr"] for error in answer.json()["errors"]} == attrs
        assert not Order.objects.exists()


class TestReading:
    def test_shows_the_customer_all_of_it(self, customer, shop):
        order = OrderFactory(customer=shop.customer, restaurant=shop.restaurant)
        OrderLineFactory(order=order)
        data = customer.get(url(order)).json()
        assert data["restaurant"] == {
            "id": public("restaurant_id", shop.restaurant),
            "name": shop.restaurant.name,
            "address": "1 Pratt Street",
            "position": {"lat": 39.29, "lng": -76.61},
        }
        assert data["lines"][0]["total_minor"] == 1000
        assert data["dropoff"] == {"lat": 39.299, "lng": -76.61, "address": "9 Charles Street", "note": ""}
        assert data["tracking_url"]

    def test_keeps_the_door_from_the_kitchen(self, kitchen, shop):
        order = OrderFactory(restaurant=shop.restaurant)
        data = kitchen.get(url(order)).json()
        assert (data["dropoff"], data["tracking_url"]) == (None, None)

    def test_is_404_for_everybody_else(self, shop):
        order = OrderFactory(restaurant=shop.restaurant)
        for stranger in (UserFactory(), RestaurantStaffFactory().user, DriverFactory().user):
            assert client_of(stranger).get(url(order)).status_code == 404
        assert client_of(DispatcherFactory()).get(url(order)).status_code == 200

    def test_lists_what_each_may_see(self, customer, kitchen, shop):
        own = OrderFactory(customer=shop.customer)
        cooked = OrderFactory(restaurant=shop.restaurant)
        seen = {
            "customer": [row["id"] for row in customer.get("/api/v1/orders").json()["results"]],
            "kitchen": [row["id"] for row in kitchen.get("/api/v1/orders").json()["results"]],
            "ops": [row["id"] for row in client_of(DispatcherFactory()).get("/api/v1/orders").json()["results"]],
        }
        assert seen == {
            "customer": [public("order_id", own)],
            "kitchen": [public("order_id", cooked)],
            "ops": [public("order_id", cooked), public("order_id", own)],
        }

    def test_narrows_lists(self, kitchen, shop):
        placed = OrderFactory(restaurant=shop.restaurant)
        taken = OrderFactory(restaurant=shop.restaurant, taken=True)
        gone = OrderFactory(restaurant=shop.restaurant, status=S.DELIVERED)

        def listed(query):
            return [row["id"] for row in kitchen.get(f"/api/v1/orders?{query}").json()["results"]]

        assert listed("status=PLACED") == [public("order_id", placed)]
        assert listed("status=PLACED,accepted") == [public("order_id", taken), public("order_id", placed)]
        assert listed("open=false") == [public("order_id", gone)]
        assert len(listed(f"restaurant={public('restaurant_id', shop.restaurant)}")) == 3
        assert listed(f"restaurant={ids.encode('rst', ids.uuid7())}") == []
        assert kitchen.get("/api/v1/orders?status=EATEN").status_code == 400
        assert kitchen.get("/api/v1/orders?restaurant=1").status_code == 400

    def test_pages_through_lists(self, customer, shop):
        orders = OrderFactory.create_batch(3, customer=shop.customer, restaurant=shop.restaurant)
        newest_first = sorted((public("order_id", order) for order in orders), reverse=True)
        first = customer.get("/api/v1/orders?limit=2").json()
        assert [row["id"] for row in first["results"]] == newest_first[:2]
        second = customer.get(first["next"]).json()
        assert [row["id"] for row in second["results"]] == newest_first[2:]
        assert second["next"] is None

    def test_takes_as_many_queries_for_many_as_for_one(self, customer, shop, django_assert_num_queries):
        for _ in range(5):
            OrderLineFactory(order__customer=shop.customer, order__restaurant=shop.restaurant)
        with django_assert_num_queries(2):
            assert len(customer.get("/api/v1/orders").json()["results"]) == 5

    def test_answers_404_to_an_id_that_is_none(self, customer):
        assert customer.get("/api/v1/orders/ord_nope").status_code == 404
        assert customer.get("/api/v1/orders/ord_zzzzzzzzzzzzzzzzzzzzzzzzzz").status_code == 404


class TestKitchen:
    def test_cooks_an_order(self, kitchen, shop):
        order = OrderFactory(restaurant=shop.restaurant)
        ready_at = clock.now().replace(microsecond=0) + timedelta(minutes=12)
        taken = kitchen.post(url(order, "accept"), {"ready_at": ready_at.isoformat()})
        assert (taken.status_code, taken.json()["status"]) == (200, "ACCEPTED")
        assert taken.json()["ready_at"] == ready_at.isoformat().replace("+00:00", "Z")
        assert kitchen.post(url(order, "preparing")).json()["status"] == "PREPARING"
        later = kitchen.post(url(order, "delay"), {"minutes": 5, "reason": "too busy"}).json()
        assert later["ready_at"] == (ready_at + timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
        done = kitchen.post(url(order, "ready")).json()
        assert (done["status"], done["food_ready_at"] is not None) == ("READY", True)

    def test_promises_minutes(self, kitchen, shop):
        order = OrderFactory(restaurant=shop.restaurant)
        before = clock.now()
        kitchen.post(url(order, "accept"), {"preparation_min": 9})
        order.refresh_from_db()
        assert before + timedelta(minutes=9) <= order.ready_at <= clock.now() + timedelta(minutes=9)

    def test_rejects_with_a_reason(self, kitchen, shop):
        order = OrderFactory(restaurant=shop.restaurant)
        assert kitchen.post(url(order, "reject")).status_code == 400
        answer = kitchen.post(url(order, "reject"), {"reason": "sold-out"})
        assert (answer.json()["status"], answer.json()["reason"]) == ("REJECTED", "sold-out")

    @pytest.mark.parametrize("step", ["accept", "reject", "preparing", "delay", "ready"])
    def test_is_not_for_the_customer_and_unknown_to_strangers(self, customer, shop, step):
        order = OrderFactory(customer=shop.customer, restaurant=shop.restaurant)
        body = {"reason": "x"} if step == "reject" else {"minutes": 5} if step == "delay" else {}
        assert customer.post(url(order, step), body).status_code == 403
        assert client_of(RestaurantStaffFactory().user).post(url(order, step), body).status_code == 404
        assert client_of(UserFactory()).post(url(order, step), body).status_code == 404
        order.refresh_from_db()
        assert order.status == S.PLACED
        assert not Event.objects.exists()

    def test_may_be_ops(self, shop):
        order = OrderFactory(restaurant=shop.restaurant)
        assert client_of(DispatcherFactory()).post(url(order, "accept")).json()["status"] == "ACCEPTED"

    def test_hears_why_a_step_is_refused(self, kitchen, shop):
        order = OrderFactory(restaurant=shop.restaurant, status=S.CANCELLED)
        answer = kitchen.post(url(order, "accept"))
        assert answer.status_code == 409
        assert (answer.json()["code"], answer.json()["order_status"]) == ("order-closed", "CANCELLED")
        assert answer.json()["detail"] == "The order is CANCELLED."


class TestCancelling:
    def test_asks_for_a_reason(self, customer, shop):
        order = OrderFactory(customer=shop.customer)
        assert customer.post(url(order, "cancel")).status_code == 400
        assert customer.post(url(order, "cancel"), {"reason": "changed-mind"}).json()["status"] == "CANCELLED"
        assert Event.objects.get().payload["by"] == "CUSTOMER"

    def test_is_too_late_for_the_customer_once_it_is_cooked(self, customer, kitchen, shop):
        order = OrderFactory(customer=shop.customer, restaurant=shop.restaurant, status=S.PREPARING)
        answer = customer.post(url(order, "cancel"), {"reason": "changed-mind"})
        assert (answer.status_code, answer.json()["code"]) == (409, "cancel-too-late")
        assert kitchen.post(url(order, "cancel"), {"reason": "sold-out"}).json()["status"] == "CANCELLED"

    def test_of_somebody_elses_order_is_404(self, shop):
        order = OrderFactory()
        answer = client_of(UserFactory()).post(url(order, "cancel"), {"reason": "spite"})
        assert answer.status_code == 404
        order.refresh_from_db()
        assert order.status == S.PLACED


class TestTimeline:
    @pytest.fixture
    def order(self, shop):
        order = OrderFactory(customer=shop.customer, restaurant=shop.restaurant)
        services.accept_order(order_id=order.pk, now=clock.now(), actor="usr_kitchen")
        services.mark_ready(order_id=order.pk, now=clock.now(), actor="usr_kitchen")
        return order

    def test_tells_the_customer_what_happened_but_not_who(self, customer, order):
        results = customer.get(url(order, "timeline")).json()["results"]
        assert [(row["seq"], row["type"]) for row in results] == [
            (1, "order.accepted"),
            (2, "order.preparing"),
            (3, "order.ready"),
        ]
        assert {row["actor"] for row in results} == {None}
        assert set(results[0]["data"]) == {"order_id", "restaurant_id", "ready_at"}

    def test_tells_ops_everything(self, order):
        results = client_of(DispatcherFactory()).get(url(order, "timeline")).json()["results"]
        assert {row["actor"] for row in results} == {"usr_kitchen"}
        assert set(results[0]["data"]) == {"order_id", "restaurant_id", "zone_id", "ready_at"}

    def test_is_404_for_strangers(self, order):
        assert client_of(UserFactory()).get(url(order, "timeline")).status_code == 404
