"""One order by hand, over HTTP: from accepted to delivered."""

import pytest
from rest_framework.test import APIClient

from dispatch import services
from dispatch.models import Delivery, Offer
from fleetsync.core.events import topic_of
from tests.dispatch.conftest import types_of
from tests.factories import DriverFactory, OrderFactory


def client_of(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.mark.django_db
class TestOneOrder:
    def test_is_carried_from_the_counter_to_the_door(self, kitchen, django_capture_on_commit_callbacks):
        driver = DriverFactory()
        phone = client_of(driver.user)
        answer = phone.post("/api/v1/driver-sessions", {"position": {"lat": 39.291, "lng": -76.611}})
        assert answer.status_code == 201
        assert answer.data["status"] == "AVAILABLE"
        order = OrderFactory(restaurant=kitchen.restaurant, taken=True)
        delivery = services.open_delivery(order_id=order.pk, ready_at=order.ready_at, now=kitchen.now)
        kitchen.round()
        offers = phone.get("/api/v1/offers?status=OPEN").data["results"]
        assert len(offers) == 1
        assert Offer.objects.get().acked_at is not None
        answer = phone.post(f"/api/v1/offers/{offers[0]['id']}/accept")
        assert answer.status_code == 200, answer.data
        assert answer.data["status"] == "EN_ROUTE_TO_PICKUP"
        own = f"/api/v1/deliveries/{answer.data['id']}"
        assert phone.post(f"{own}/arrive").data["status"] == "ARRIVED_AT_PICKUP"
        assert phone.post(f"{own}/pick-up").data["status"] == "EN_ROUTE_TO_DROPOFF"
        assert phone.post(f"{own}/drop-off").data["status"] == "DELIVERED"
        assert phone.get("/api/v1/driver-sessions/current").data["load"] == 0
        delivery.refresh_from_db()
        order.refresh_from_db()
        assert (delivery.status, order.status) == ("DELIVERED", "DELIVERED")
        assert [each for each in types_of(topic_of("order", order.pk)) if each.startswith("delivery.")] == [
            "delivery.searching",
            "delivery.assigned",
            "delivery.en_route_to_pickup",
            "delivery.arrived_at_pickup",
            "delivery.picked_up",
            "delivery.en_route_to_dropoff",
            "delivery.arrived_at_dropoff",
            "delivery.delivered",
        ]
        assert types_of(topic_of("driver", driver.pk)) == [
            "session.started",
            "offer.made",
            "offer.accepted",
            "session.freed",
        ]
        assert Delivery.objects.get().delivered_at is not None
