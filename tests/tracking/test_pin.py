"""The PIN is the customer's to tell: nobody else reads it."""

import pytest

from accounts.states import Role
from dispatch.models import Delivery
from fleetsync.core import clock, ids
from orders.links import tracking_token
from tests.factories import DispatcherFactory, RestaurantStaffFactory
from tests.tracking.conftest import access_of
from tests.tracking.test_views import path_of, ride

pytestmark = pytest.mark.django_db


def seen(client, path: str, user=None) -> dict:
    headers = {"Authorization": f"Bearer {access_of(user)}"} if user else {}
    return client.get(f"/api/v1/{path}", headers=headers)


class TestPin:
    def test_stands_on_the_customers_page_and_behind_the_link(self, client):
        delivery = ride(pin="0427")
        assert seen(client, path_of(delivery), delivery.order.customer).json()["delivery"]["pin"] == "0427"
        assert seen(client, f"tracking/{tracking_token(delivery.order_id)}").json()["delivery"]["pin"] == "0427"

    @pytest.mark.parametrize("role", [Role.DRIVER, Role.RESTAURANT, Role.DISPATCHER])
    def test_is_not_for_anybody_else(self, client, role):
        delivery = ride(pin="0427")
        staff = RestaurantStaffFactory(restaurant=delivery.order.restaurant).user
        user = {Role.DRIVER: delivery.driver.user, Role.RESTAURANT: staff}.get(role) or DispatcherFactory()
        assert seen(client, path_of(delivery), user).json()["delivery"]["pin"] is None

    def test_is_not_on_the_kitchens_or_the_drivers_screen(self, client):
        delivery = ride(pin="0427")
        staff = RestaurantStaffFactory(restaurant=delivery.order.restaurant).user
        kitchen = seen(client, f"restaurants/{ids.public('restaurant_id', delivery.restaurant_id)}/live", staff)
        assert [row["delivery"]["pin"] for row in kitchen.json()["orders"]] == [None]
        [task] = seen(client, "drivers/me/live", delivery.driver.user).json()["deliveries"]
        assert "pin" not in task

    def test_is_gone_when_it_is_over(self, client):
        delivery = ride(pin="0427")
        Delivery.objects.filter(pk=delivery.pk).update(status="DELIVERED", delivered_at=clock.now())
        assert seen(client, path_of(delivery), delivery.order.customer).json()["delivery"]["pin"] is None
