"""What is not yours does not exist: every route with an id, seen from every role's stranger.

A stranger gets 404, whatever the role. Where a route is for one role alone (a driver's taps,
what ops do) the others are turned away with 403, the very same for an id that was made up:
neither tells that the object is there. Its owner gets neither, so that no row passes because
its address is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.states import Role
from dispatch.states import DeliveryStatus
from fleetsync.core import clock, ids
from fleetsync.core.models import Event
from orders.links import tracking_token
from orders.models import Order
from tests.factories import (
    AdminFactory,
    ClosureFactory,
    DeliveryFactory,
    DispatchJobFactory,
    DispatchPolicyFactory,
    DriverFactory,
    DriverMessageFactory,
    DriverSessionFactory,
    MenuCategoryFactory,
    MenuItemFactory,
    OfferFactory,
    OptionFactory,
    OptionGroupFactory,
    OrderFactory,
    OrderLineFactory,
    RestaurantFactory,
    RestaurantStaffFactory,
    ShiftFactory,
    UserFactory,
)

C, D, R, OPS = Role.CUSTOMER, Role.DRIVER, Role.RESTAURANT, Role.ADMIN
STRANGERS = (C, D, R)
SOON = "2030-01-01T12:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Who has such objects and tries the route, what he sends, and which roles are turned away at the door."""

    owner: Role
    turned_away: frozenset[Role] = frozenset()
    body: Mapping[str, Any] = field(default_factory=dict)


def own(owner: Role, **body: Any) -> Row:
    """Return the row of a route where every stranger gets 404."""
    return Row(owner=owner, body=body)


def only(owner: Role, **body: Any) -> Row:
    """Return the row of a route that one role alone may use: a stranger of that role gets 404, other roles 403."""
    return Row(owner=owner, turned_away=frozenset(STRANGERS) - {owner}, body=body)


#: Everybody's to read: there is no stranger to these.
PUBLIC = {"GET zones/{zone_id}", "GET zones/{zone_id}/basemap"}
TABLE: dict[str, Row] = {
    # orders
    "GET orders/{order_id}": own(C),
    "GET orders/{order_id}/timeline": own(C),
    "GET orders/{order_id}/live": own(C),
    "POST orders/{order_id}/cancel": own(C, reason="changed-mind"),
    "POST orders/{order_id}/accept": own(R),
    "POST orders/{order_id}/reject": own(R, reason="too-busy"),
    "POST orders/{order_id}/preparing": own(R),
    "POST orders/{order_id}/delay": own(R, minutes=5),
    "POST orders/{order_id}/ready": own(R),
    # deliveries and offers
    "GET deliveries/{delivery_id}": own(D),
    "POST deliveries/{delivery_id}/arrive": only(D),
    "POST deliveries/{delivery_id}/pick-up": only(D),
    "POST deliveries/{delivery_id}/drop-off": only(D),
    "POST deliveries/{delivery_id}/fail": only(D, reason="nobody-home"),
    "POST deliveries/{delivery_id}/give-back": only(D, reason="flat-tyre"),
    "POST deliveries/{delivery_id}/return": only(D),
    "POST deliveries/{delivery_id}/assign": only(OPS, driver_id="{driver_id}"),
    "POST deliveries/{delivery_id}/unassign": only(OPS, reason="stalled"),
    "POST deliveries/{delivery_id}/waive-pin": only(OPS, reason="known-by-phone"),
    "POST deliveries/{delivery_id}/reopen": only(OPS),
    "POST deliveries/{delivery_id}/hold": only(OPS),
    "POST deliveries/{delivery_id}/release": only(OPS),
    "POST deliveries/{delivery_id}/prioritize": only(OPS, priority=1),
    "GET deliveries/{delivery_id}/explain": only(OPS),
    "GET offers/{offer_id}": only(D),
    "GET offers/{offer_id}/explain": only(D),
    "POST offers/{offer_id}/ack": only(D),
    "POST offers/{offer_id}/accept": only(D),
    "POST offers/{offer_id}/decline": only(D, reason="too-far"),
    # drivers
    "GET drivers/{driver_id}": own(OPS),
    "POST drivers/{driver_id}/approve": own(OPS),
    "POST drivers/{driver_id}/suspend": own(OPS),
    "POST drivers/{driver_id}/reinstate": own(OPS),
    "GET drivers/{driver_id}/messages": only(OPS),
    "POST drivers/{driver_id}/messages": only(OPS, canned="call-us"),
    "POST drivers/me/messages/{message_id}/read": only(D),
    "DELETE shifts/{shift_id}": only(OPS),
    # restaurants; what is read of them is public once they are published, which this one is not
    "GET restaurants/{restaurant_id}": own(R),
    "PATCH restaurants/{restaurant_id}": own(R, cuisine="Hijacked"),
    "DELETE restaurants/{restaurant_id}": own(OPS),
    "GET restaurants/{restaurant_id}/menu": own(R),
    "GET restaurants/{restaurant_id}/opening-hours": own(R),
    "PUT restaurants/{restaurant_id}/opening-hours": own(R, hours=[]),
    "GET restaurants/{restaurant_id}/live": only(R),
    "POST restaurants/{restaurant_id}/pause": own(R, minutes=30),
    "POST restaurants/{restaurant_id}/resume": own(R),
    "GET restaurants/{restaurant_id}/staff": own(R),
    "POST restaurants/{restaurant_id}/staff": own(OPS, email="thief@fleetsync.example"),
    "DELETE restaurants/{restaurant_id}/staff/{user_id}": own(R),
    "GET restaurants/{restaurant_id}/closures": own(R),
    "POST restaurants/{restaurant_id}/closures": own(R, starts_at=SOON, ends_at="2030-01-02T12:00:00Z"),
    "GET restaurants/{restaurant_id}/closures/{closure_id}": own(R),
    "PATCH restaurants/{restaurant_id}/closures/{closure_id}": own(R, reason="Holiday"),
    "DELETE restaurants/{restaurant_id}/closures/{closure_id}": own(R),
    "GET restaurants/{restaurant_id}/categories": own(R),
    "POST restaurants/{restaurant_id}/categories": own(R, name="Soups"),
    "GET restaurants/{restaurant_id}/categories/{category_id}": own(R),
    "PATCH restaurants/{restaurant_id}/categories/{category_id}": own(R, name="Soups"),
    "DELETE restaurants/{restaurant_id}/categories/{category_id}": own(R),
    "GET restaurants/{restaurant_id}/items": own(R),
    "POST restaurants/{restaurant_id}/items": own(R, category_id="{category_id}", name="Soup", price_minor=1),
    "GET restaurants/{restaurant_id}/items/{item_id}": own(R),
    "PATCH restaurants/{restaurant_id}/items/{item_id}": own(R, price_minor=1),
    "DELETE restaurants/{restaurant_id}/items/{item_id}": own(R),
    "GET items/{item_id}/option-groups": own(R),
    "POST items/{item_id}/option-groups": own(R, name="Size"),
    "GET items/{item_id}/option-groups/{group_id}": own(R),
    "PATCH items/{item_id}/option-groups/{group_id}": own(R, name="Size"),
    "DELETE items/{item_id}/option-groups/{group_id}": own(R),
    "GET option-groups/{group_id}/options": own(R),
    "POST option-groups/{group_id}/options": own(R, name="Large"),
    "GET option-groups/{group_id}/options/{option_id}": own(R),
    "PATCH option-groups/{group_id}/options/{option_id}": own(R, name="Large"),
    "DELETE option-groups/{group_id}/options/{option_id}": own(R),
    # zones
    "PATCH zones/{zone_id}": only(OPS, name="Mine"),
    "DELETE zones/{zone_id}": only(OPS),
    "GET zones/{zone_id}/policies": only(OPS),
    "POST zones/{zone_id}/policies": only(OPS, parameters={"max_batch": 2}),
    "POST zones/{zone_id}/policies/roll-back": only(OPS),
    "POST policies/{policy_id}/activate": only(OPS),
    "GET zones/{zone_id}/live": only(OPS),
    "GET zones/{zone_id}/past": only(OPS),
    "GET zones/{zone_id}/history": only(OPS),
    "GET zones/{zone_id}/events": only(OPS),
    "GET zones/{zone_id}/heat": only(OPS),
    "GET zones/{zone_id}/figures": only(OPS),
    "GET zones/{zone_id}/search": only(OPS),
}


@dataclass(frozen=True, kw_only=True)
class World:
    """One of everything, and who has it; for each role somebody who has his own and not this."""

    owners: Mapping[Role, User]
    strangers: Mapping[Role, User]
    keys: Mapping[str, UUID]

    def address(self, route: str, *, made_up: bool = False) -> str:
        """Return the address of a route for this world's object, or for ids that nothing has."""
        keys = {name: ids.uuid7() for name in self.keys} if made_up else self.keys
        path = route.partition(" ")[2]
        return "/api/v1/" + path.format(**{name: ids.public(name, key) for name, key in keys.items()})

    def body(self, row: Row) -> dict[str, Any]:
        """Return what is sent, ids filled in."""
        public = {f"{{{name}}}": ids.public(name, key) for name, key in self.keys.items()}
        return {name: public.get(str(value), value) for name, value in row.body.items()}


@pytest.fixture
def world(db) -> World:
    """Build it: a published stranger's world, and one whose restaurant is not published yet."""
    customer, driver = UserFactory(), DriverFactory()
    restaurant = RestaurantFactory(published=False)
    staff = RestaurantStaffFactory(restaurant=restaurant)
    item = MenuItemFactory(category=MenuCategoryFactory(restaurant=restaurant))
    group = OptionGroupFactory(item=item)
    session = DriverSessionFactory(driver=driver, zone=restaurant.zone, load=1)
    order = OrderFactory(customer=customer, restaurant=restaurant, taken=True)
    OrderLineFactory(order=order, item=item)
    delivery = DeliveryFactory(
        order=order, status=DeliveryStatus.ASSIGNED, driver=driver, session=session, assigned_at=clock.now()
    )
    DispatchJobFactory(delivery=delivery, searching=False)
    offer = OfferFactory(session=session, delivery=DispatchJobFactory(delivery__order__restaurant=restaurant).delivery)
    another = RestaurantStaffFactory()
    OrderFactory(restaurant=another.restaurant, customer=UserFactory())
    return World(
        owners={C: customer, D: driver.user, R: staff.user, OPS: AdminFactory()},
        strangers={C: UserFactory(), D: DriverSessionFactory().driver.user, R: another.user},
        keys={
            "order_id": order.pk,
            "delivery_id": delivery.pk,
            "offer_id": offer.pk,
            "driver_id": driver.pk,
            "shift_id": ShiftFactory(driver=driver).pk,
            "message_id": DriverMessageFactory(driver=driver).pk,
            "restaurant_id": restaurant.pk,
            "user_id": staff.user.pk,
            "closure_id": ClosureFactory(
                restaurant=restaurant,
                starts_at=clock.now() + timedelta(days=9),
                ends_at=clock.now() + timedelta(days=10),
            ).pk,
            "category_id": item.category_id,
            "item_id": item.pk,
            "group_id": group.pk,
            "option_id": OptionFactory(group=group).pk,
            "zone_id": restaurant.zone_id,
            "policy_id": DispatchPolicyFactory(zone=restaurant.zone, status="RETIRED").pk,
        },
    )


def call(user: User | None, route: str, address: str, body: Mapping[str, Any]) -> Any:
    """Send the request and return the answer."""
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    method = route.partition(" ")[0].lower()
    if method == "get":
        return client.get(address)
    return getattr(client, method)(address, dict(body), format="json")


class TestTable:
    def test_has_a_row_for_every_route_with_an_id(self, document):
        routes = {
            f"{method.upper()} {path.removeprefix('/api/v1/')}"
            for path, methods in document["paths"].items()
            for method in methods
            if "{" in path and not path.startswith("/api/v1/tracking/{token}")
        }
        assert routes == set(TABLE) | PUBLIC


class TestEveryRoute:
    @pytest.mark.parametrize("route", TABLE)
    def test_is_open_to_the_owner_and_hides_from_all_others(self, world, route):
        row = TABLE[route]
        here, nowhere = world.address(route), world.address(route, made_up=True)
        for role, stranger in {**world.strangers, "nobody": None}.items():
            answer, made_up = (call(stranger, route, address, world.body(row)) for address in (here, nowhere))
            expected = {401, 404} if stranger is None else {403 if role in row.turned_away else 404}
            assert answer.status_code in expected, (role, answer.content)
            assert (made_up.status_code, made_up.json()["code"]) == (answer.status_code, answer.json()["code"]), role
        assert not Event.objects.exists()
        answer = call(world.owners[row.owner], route, here, world.body(row))
        assert answer.status_code not in (401, 403, 404), answer.content


class TestIdsInBodies:
    def test_do_not_place_a_strangers_quote(self, world):
        quote_id = ids.encode("quo", ids.uuid7())
        body = {"quote_id": quote_id, "dropoff": {"lat": 39.3, "lng": -76.6, "address": "1 Pratt Street"}}
        client = APIClient()
        client.force_authenticate(world.strangers[C])
        answer = client.post("/api/v1/orders", body, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")

    def test_do_not_put_an_item_into_a_strangers_category(self, world):
        mine = RestaurantStaffFactory(restaurant=RestaurantFactory())
        address = f"/api/v1/restaurants/{ids.public('restaurant_id', mine.restaurant.pk)}/items"
        body = {
            "category_id": ids.public("category_id", world.keys["category_id"]),
            "name": "Cuckoo",
            "price_minor": 1,
        }
        assert call(mine.user, "POST", address, body).status_code == 404

    @pytest.mark.parametrize("role", [C, R], ids=str)
    def test_do_not_list_a_strangers_orders(self, world, role):
        restaurant = ids.public("restaurant_id", world.keys["restaurant_id"])
        answer = call(world.strangers[role], "GET", f"/api/v1/orders?restaurant={restaurant}", {})
        assert answer.json()["results"] == []


class TestTrackingLink:
    def test_opens_its_order_alone_and_only_with_our_signature(self, world):
        order = Order.objects.get(pk=world.keys["order_id"])
        token = tracking_token(order.pk)
        assert call(None, "GET", f"/api/v1/tracking/{token}", {}).status_code == 200
        forged = f"{ids.public('order_id', order.pk)}.{tracking_token(ids.uuid7()).partition('.')[2]}"
        assert call(None, "GET", f"/api/v1/tracking/{forged}", {}).status_code == 404
