"""Who takes part besides the browser: they use the public API as any app would."""

import time
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import httpx

from simulation.seeding import PASSWORD

DOOR = {"lat": 39.2904, "lng": -76.6122}


class Account:
    """Somebody logged in over the API; an answer other than the expected one fails."""

    def __init__(self, site: str, name: str) -> None:
        self.http = httpx.Client(base_url=f"{site}/api/v1/", timeout=20, trust_env=False)
        self.name = name
        self._log_in()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def _log_in(self) -> None:
        self.http.headers.pop("Authorization", None)
        body = {"email": f"{self.name}@fleetsync.example", "password": PASSWORD}
        answer = self.http.post("auth/login", json=body)
        assert answer.status_code == 200, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access']}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.http.request(method, path, json=body, headers=headers)
        if answer.status_code == 401:
            self._log_in()
            answer = self.http.request(method, path, json=body, headers=headers)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        return self.call("POST", path, body or {}, **{"Idempotency-Key": str(uuid4())})


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An order that was taken on."""

    id: str
    code: str
    tracking: str
    """Path of the page that follows it."""


class Customer(Account):
    """Orders what the kitchen of `restaurant@` has, to a door nearby."""

    def __init__(self, site: str) -> None:
        super().__init__(site, "customer")
        with Account(site, "restaurant") as kitchen:
            self.restaurant = kitchen.get("restaurants?mine=true")["results"][0]
            own = f"restaurants/{self.restaurant['id']}"
            kitchen.call("PATCH", own, {"always_open": True, "auto_accept": False, "max_open_orders": None})
            kitchen.post(f"{own}/resume")
        with Account(site, "admin") as admin:
            self._clear(admin)
            zone = f"zones/{self.restaurant['zone_id']}"  # a slow machine must not let offers pass while pages load
            admin.call("PATCH", zone, {"dispatch": admin.get(zone)["dispatch"] | {"offer_life_s": 400}})
        item = next(
            item
            for category in self.get(f"restaurants/{self.restaurant['id']}/menu")["categories"]
            for item in category["items"]
        )
        options = [o["id"] for group in item["option_groups"] for o in group["options"][: group["least"]]]
        self.basket = [{"item_id": item["id"], "quantity": 3, "options": options}]

    def _clear(self, admin: Account) -> None:
        """Call off what other tests left in the kitchen; what is on the road is no longer there."""
        for order in admin.get(f"orders?restaurant={self.restaurant['id']}&open=true&limit=100")["results"]:
            answer = admin.http.post(
                f"orders/{order['id']}/cancel", json={"reason": "Test over"}, headers={"Idempotency-Key": str(uuid4())}
            )
            assert answer.status_code in (200, 409), answer.text

    @property
    def kitchen_at(self) -> dict[str, float]:
        return self.restaurant["position"]

    def order(self) -> Placed:
        quote = self.post(
            "quotes", {"restaurant_id": self.restaurant["id"], "items": self.basket, "dropoff": DOOR, "tip_minor": 200}
        )
        dropoff = {**DOOR, "address": "100 Light Street", "note": "Ring twice"}
        order = self.post("orders", {"quote_id": quote["id"], "dropoff": dropoff})
        whole = self.get(f"orders/{order['id']}")
        return Placed(id=order["id"], code=whole["code"], tracking=order["tracking_url"].partition("/track/")[2])

    def status(self, placed: Placed) -> str:
        return str(self.get(f"orders/{placed.id}")["status"])

    def await_status(self, placed: Placed, status: str, *, within_s: float = 20.0) -> None:
        """Wait until the order has come so far."""
        end = time.monotonic() + within_s
        while (now := self.status(placed)) != status:
            assert time.monotonic() < end, f"{now} after {within_s} s, expected {status}"
            time.sleep(0.25)
