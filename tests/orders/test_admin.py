"""The back office reads orders and acts through services alone."""

import re

import pytest
from django.contrib.admin.utils import flatten_fieldsets
from django.urls import reverse

from fleetsync.core import ids
from fleetsync.core.models import Event
from orders.admin import OrderAdmin
from orders.models import Order
from orders.states import OrderStatus
from tests.factories import (
    AdminFactory,
    DeliveryFactory,
    DriverFactory,
    OrderFactory,
    OrderLineFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    client.force_login(AdminFactory(), backend="django.contrib.auth.backends.ModelBackend")
    return client


class TestOrderAdmin:
    @pytest.mark.parametrize("search", ["", "B4TX", "Kitchen", "example"])
    def test_lists_and_searches(self, office, search):
        OrderFactory()
        answer = office.get(reverse("admin:orders_order_changelist"), {"q": search} if search else {})
        assert answer.status_code == 200
        assert "B4TX" in answer.content.decode()

    def test_finds_the_id_that_everybody_uses(self, office):
        order = OrderFactory()
        OrderFactory(code="ZZZZ")
        public = ids.public("order_id", order.pk)
        page = office.get(reverse("admin:orders_order_changelist"), {"q": public}).content.decode()
        assert public in page
        assert "ZZZZ" not in page

    def test_shows_an_order_that_nobody_can_edit(self, office):
        line = OrderLineFactory()
        address = reverse("admin:orders_order_change", args=[line.order.pk])
        assert office.get(address).status_code == 200
        assert office.post(address, {"status": "DELIVERED"}).status_code == 403
        line.order.refresh_from_db()
        assert line.order.status == OrderStatus.PLACED

    def test_tells_what_happened_before_anything_else_and_leaves_nothing_out(self, office):
        line = OrderLineFactory()
        page = office.get(reverse("admin:orders_order_change", args=[line.order.pk])).content.decode()
        assert re.findall(r"What happened|At the door|In the kitchen|Money|For the record", page)[0] == "What happened"
        assert "nobody yet" in page
        shown = set(flatten_fieldsets(OrderAdmin.fieldsets)) | {"dropoff_point", "fees", "fees_minor", "currency"}
        assert {field.name for field in Order._meta.concrete_fields} - shown == {"id"}

    def test_names_who_carries_it(self, office):
        order = DeliveryFactory(driver=DriverFactory(user__name="Quinn Ride"), status="ASSIGNED").order
        page = office.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
        assert "Quinn Ride" in page
        assert "nobody yet" not in page

    def test_tells_who_did_what_by_name(self, office):
        order = OrderFactory()
        office.post(reverse("admin:orders_order_changelist"), {"action": "accept", "_selected_action": [str(order.pk)]})
        page = office.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
        assert "<td>order accepted</td><td>Ada Example</td>" in page

    def test_acts_through_the_service_and_says_what_was_refused(self, office):
        placed, gone = OrderFactory(), OrderFactory(status=OrderStatus.DELIVERED, code="DONE")
        answer = office.post(
            reverse("admin:orders_order_changelist"),
            {"action": "cancel", "_selected_action": [str(placed.pk), str(gone.pk)]},
            follow=True,
        )
        assert [str(message) for message in answer.context["messages"]] == [
            "DONE DELIVERED: The order is DELIVERED.",
            "1 orders cancelled.",
        ]
        event = Event.objects.get()
        assert (event.type, event.payload["by"]) == ("order.cancelled", "OPS")

    def test_is_closed_to_customers(self, client):
        client.force_login(UserFactory(), backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(reverse("admin:orders_order_changelist")).status_code == 302
