"""Who sees the driver on the map."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dispatch.route import Carried
from dispatch.states import ACTIVE, DeliveryStatus
from fleetsync.core.geo import LngLat
from tracking.audience import Audience
from tracking.sight import audiences_of, sights_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
D = DeliveryStatus


def carried(number: int, status: DeliveryStatus, *, drop: int = 0, batch: int | None = None) -> Carried:
    """Return a delivery that a driver holds."""
    given: dict[str, Any] = {
        "id": UUID(int=number),
        "driver_id": UUID(int=1),
        "session_id": None,
        "zone_id": UUID(int=3),
        "order_id": UUID(int=100 + number),
        "restaurant_id": UUID(int=2),
        "status": status,
        "batch_id": UUID(int=batch) if batch else None,
        "drop_sequence": drop,
        "pickup": LngLat(0, 0),
        "dropoff": LngLat(0.01 * number, 0),
        "ready_at": NOON,
        "assigned_at": NOON + timedelta(seconds=number),
        "arrived_at_pickup_at": None,
        "picked_up_at": None,
        "arrived_at_dropoff_at": None,
    }
    return Carried(**{field.name: given[field.name] for field in fields(Carried)})


class TestSightsOf:
    @pytest.mark.parametrize("status", sorted(ACTIVE))
    def test_shows_the_customer_the_way_from_pickup_to_door(self, status):
        sight = sights_of([carried(1, status)], early=False)[UUID(int=1)]
        assert sight.customer is (status in {D.PICKED_UP, D.EN_ROUTE_TO_DROPOFF, D.ARRIVED_AT_DROPOFF})

    @pytest.mark.parametrize("status", sorted(ACTIVE))
    def test_shows_it_from_the_assignment_on_where_that_is_set(self, status):
        sight = sights_of([carried(1, status)], early=True)[UUID(int=1)]
        assert sight.customer is (status not in {D.UNDELIVERABLE, D.RETURNING})

    @pytest.mark.parametrize("early", [False, True])
    def test_hides_him_while_he_hands_over_somebody_else_s_order(self, early):
        first = carried(1, D.EN_ROUTE_TO_DROPOFF, drop=0, batch=9)
        second = carried(2, D.PICKED_UP, drop=1, batch=9)
        sights = sights_of([first, second], early=early)
        assert (sights[first.id].customer, sights[first.id].doors_before) == (True, 0)
        assert (sights[second.id].customer, sights[second.id].doors_before) == (False, 1)

    def test_shows_him_again_after_the_other_door(self):
        second = carried(2, D.PICKED_UP, drop=1, batch=9)
        assert sights_of([second], early=False)[second.id].customer

    @pytest.mark.parametrize("status", sorted(ACTIVE))
    def test_shows_the_kitchen_only_who_comes_to_fetch(self, status):
        sight = sights_of([carried(1, status)], early=True)[UUID(int=1)]
        expected = LngLat(0, 0) if status in {D.ASSIGNED, D.EN_ROUTE_TO_PICKUP, D.ARRIVED_AT_PICKUP} else None
        assert sight.near_pickup == expected


class TestAudiencesOf:
    def test_is_ops_always_and_the_customer_where_seen(self):
        seen = sights_of([carried(1, D.PICKED_UP)], early=False)[UUID(int=1)]
        unseen = sights_of([carried(1, D.ASSIGNED)], early=False)[UUID(int=1)]
        assert set(audiences_of(seen)) == set(Audience) - {Audience.DRIVER, Audience.RESTAURANT}
        assert set(audiences_of(unseen)) == {Audience.DISPATCHER, Audience.ADMIN}
