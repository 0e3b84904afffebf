"""One order over the public API, from register to delivered, at real speed and at sixty times that."""

from datetime import datetime, timedelta

import pytest
from rest_framework.test import APIClient

from fleetsync.core import clock, ids
from fleetsync.core.conservation import check_all
from fleetsync.core.models import Event, Outbox
from tests.factories import (
    PASSWORD,
    DispatcherFactory,
    DriverFactory,
    MenuCategoryFactory,
    MenuItemFactory,
    OptionFactory,
    OptionGroupFactory,
    RestaurantFactory,
    RestaurantStaffFactory,
)
from tests.journeys.machinery import Machinery

DOOR = {"lat": 39.299, "lng": -76.61}
COUNTER = {"lat": 39.29, "lng": -76.61}


class Client:
    """Somebody with a token; every answer is expected to be the one that is named."""

    def __init__(self, access: str = "") -> None:
        self.http = APIClient()
        if access:
            self.http.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")

    def get(self, path: str, status: int = 200):
        return self._read(self.http.get(self._address(path)), status)

    def post(self, path: str, body: dict | None = None, status: int = 200, **headers: str):
        return self._read(self.http.post(self._address(path), body, format="json", headers=headers), status)

    def delete(self, path: str, status: int = 200):
        return self._read(self.http.delete(self._address(path)), status)

    @staticmethod
    def _address(path: str) -> str:
        return path if path.startswith("/") else f"/api/v1/{path}"

    @staticmethod
    def _read(answer, status: int):
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None


def log_in(user) -> Client:
    return Client(Client().post("auth/login", {"email": user.email, "password": PASSWORD})["access"])


class Phone:
    """A driver's phone: reports where it is at every turn of the machinery."""

    def __init__(self, client: Client) -> None:
        self.client, self.seq = client, 0

    def ping(self, place: dict) -> None:
        self.seq += 1
        point = {**place, "recorded_at": clock.now().isoformat(), "seq": self.seq}
        self.client.post("positions", {"points": [point]}, status=202)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.django_db(transaction=True)
class TestOneOrder:
    @pytest.fixture
    def restaurant(self):
        restaurant = RestaurantFactory(zone__policy={"strategy": "nearest"}, preparation_min=10)
        pizza = MenuItemFactory(category=MenuCategoryFactory(restaurant=restaurant), name="Pizza", price_minor=1150)
        size = OptionGroupFactory(item=pizza, name="Size", least=1, most=1)
        OptionFactory(group=size, name="Large", price_minor=350)
        return restaurant

    @pytest.mark.parametrize("scale", [1, 60])
    def test_goes_from_register_to_delivered(self, restaurant, relay, scale):
        clock.set_scale(scale=scale)
        machinery = Machinery(relay, restaurant.zone_id)
        kitchen = log_in(RestaurantStaffFactory(restaurant=restaurant).user)
        dispatcher = log_in(DispatcherFactory())
        driver = DriverFactory()
        phone = Phone(log_in(driver.user))
        began = clock.now()

        # somebody hungry registers, whatever role the body asks for
        body = {"email": "ada@fleetsync.example", "password": "a long password", "name": "Ada", "role": "ADMIN"}
        registered = Client().post("auth/register", body, status=201)
        assert registered["user"]["role"] == "CUSTOMER"
        customer = Client(registered["access"])

        # looks around, chooses, asks what it costs
        near = Client().get("restaurants?near=39.299,-76.61&radius_m=2000&open=true")["results"]
        assert [(row["name"], row["is_open"]) for row in near] == [(restaurant.name, True)]
        menu = Client().get(f"restaurants/{near[0]['id']}/menu")
        pizza = menu["categories"][0]["items"][0]
        basket = {
            "restaurant_id": near[0]["id"],
            "items": [
                {"item_id": pizza["id"], "quantity": 2, "options": [pizza["option_groups"][0]["options"][0]["id"]]}
            ],
        }
        quote = customer.post("quotes", {**basket, "dropoff": DOOR, "tip_minor": 200}, status=201)
        assert (quote["subtotal_minor"], quote["total_minor"]) == (3000, 3000 + 199 + 150 + 200)

        # buys, twice by mistake, once in truth
        purchase = {"quote_id": quote["id"], "dropoff": {**DOOR, "address": "9 Charles Street", "note": "Ring twice"}}
        placed = customer.post("orders", purchase, status=202, **{"Idempotency-Key": "walk"})
        assert customer.post("orders", purchase, status=202, **{"Idempotency-Key": "walk"}) == placed
        order = placed["status_url"]
        assert customer.get(order)["status"] == "PLACED"
        Client().get(order, status=401)

        # the kitchen takes it; nobody is online yet
        assert [row["id"] for row in kitchen.get("orders?status=PLACED")["results"]] == [placed["id"]]
        accepted = kitchen.post(f"{order}/accept", {"preparation_min": 1})
        assert accepted["status"] == "ACCEPTED"
        assert kitchen.post(f"{order}/preparing")["status"] == "PREPARING"
        customer.post(f"{order}/cancel", {"reason": "changed-mind"}, status=409)
        machinery.turn()
        assert dispatcher.get("deliveries?status=SEARCHING")["results"][0]["order_id"] == placed["id"]

        # a driver comes online, is asked, says yes
        phone.client.post("driver-sessions", {"position": COUNTER}, status=201)

        def asked():
            phone.ping(COUNTER)
            return phone.client.get("offers?status=OPEN")["results"]

        offer = machinery.until(asked)[0]
        assert (offer["order_id"], offer["restaurant"]["name"]) == (placed["id"], restaurant.name)
        delivery = phone.client.post(f"offers/{offer['id']}/accept")
        job = f"deliveries/{delivery['id']}"
        assert delivery["driver_id"] == ids.public("driver_id", driver.pk)
        machinery.turn()
        live = customer.get(f"{order}/live")
        assert live["order"]["status"] == "PREPARING"

        # counter, bag, door
        assert phone.client.post(f"{job}/arrive")["status"] == "ARRIVED_AT_PICKUP"
        assert kitchen.post(f"{order}/ready")["status"] == "READY"
        phone.client.post(f"{job}/pick-up")
        assert customer.get(order)["status"] == "PICKED_UP"
        phone.ping(DOOR)
        machinery.turn()
        assert phone.client.post(f"{job}/arrive")["status"] == "ARRIVED_AT_DROPOFF"
        assert phone.client.post(f"{job}/drop-off")["status"] == "DELIVERED"
        machinery.turn()

        # what remains
        done = customer.get(order)
        assert done["status"] == "DELIVERED"
        marks = [done[name] for name in ("placed_at", "accepted_at", "food_ready_at", "picked_up_at", "delivered_at")]
        assert marks == sorted(marks)
        assert began <= moment(done["placed_at"]) <= moment(done["delivered_at"]) <= clock.now()
        assert moment(accepted["ready_at"]) - moment(accepted["accepted_at"]) == timedelta(minutes=1)
        assert done["total_minor"] == quote["total_minor"]
        assert phone.client.get("driver-sessions/current")["load"] == 0
        phone.client.get(job)
        token = placed["tracking_url"].rpartition("/track/")[2]
        assert "9 Charles Street" not in str(Client().get(f"tracking/{token}"))

        everything = dispatcher.get(f"{order}/timeline")["results"]
        assert [row["seq"] for row in everything] == list(range(1, len(everything) + 1))
        orders_own = [row["type"] for row in everything if row["type"].startswith("order.")]
        assert orders_own == [
            "order.placed",
            "order.accepted",
            "order.preparing",
            "order.ready",
            "order.picked_up",
            "order.delivered",
        ]
        heard = {row["type"] for row in customer.get(f"{order}/timeline")["results"]}
        assert {"order.placed", "delivery.assigned", "delivery.picked_up", "delivery.delivered"} <= heard
        assert "delivery.searching" not in heard
        assert not Outbox.objects.filter(handled_at=None).exists()
        assert {row.at >= began for row in Event.objects.all()} == {True}
        assert {name: found for name, found in check_all().items() if found} == {}
