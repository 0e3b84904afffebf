"""The order of a driver's stops."""

from datetime import UTC, datetime, timedelta

from dispatch.route import Carried, StopKind, stops_of
from dispatch.states import DeliveryStatus
from fleetsync.core.geo import LngLat
from fleetsync.core.ids import uuid7

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DRIVER, ZONE = uuid7(), uuid7()


def carried(
    status: str, *, restaurant=None, batch=None, sequence: int = 0, minutes: int = 0, at: float = 0.0
) -> Carried:
    return Carried(
        id=uuid7(),
        driver_id=DRIVER,
        session_id=None,
        restaurant_id=restaurant or uuid7(),
        zone_id=ZONE,
        status=DeliveryStatus(status),
        batch_id=batch,
        drop_sequence=sequence,
        pickup=LngLat(at, 0.0),
        dropoff=LngLat(at, 1.0),
        ready_at=NOW,
        assigned_at=NOW + timedelta(minutes=minutes),
        arrived_at_pickup_at=None,
        picked_up_at=None,
        arrived_at_dropoff_at=None,
    )


def said(stops):
    return [(stop.kind.value, [each.id for each in stop.deliveries]) for stop in stops]


class TestStopsOf:
    def test_is_empty_for_who_holds_nothing(self):
        assert stops_of([]) == []

    def test_fetches_a_batch_at_once_and_drops_it_in_sequence(self):
        kitchen, batch = uuid7(), uuid7()
        second = carried("ASSIGNED", restaurant=kitchen, batch=batch, sequence=1)
        first = carried("EN_ROUTE_TO_PICKUP", restaurant=kitchen, batch=batch, sequence=0)
        assert said(stops_of([second, first])) == [
            ("pickup", [first.id, second.id]),
            ("dropoff", [first.id]),
            ("dropoff", [second.id]),
        ]

    def test_drops_what_is_on_board_before_the_next_trip(self):
        aboard, following = carried("PICKED_UP", batch=uuid7()), carried("ASSIGNED", batch=uuid7(), minutes=5)
        assert said(stops_of([following, aboard])) == [
            ("dropoff", [aboard.id]),
            ("pickup", [following.id]),
            ("dropoff", [following.id]),
        ]

    def test_fetches_the_rest_of_a_batch_before_the_first_door(self):
        kitchen, batch = uuid7(), uuid7()
        aboard = carried("PICKED_UP", restaurant=kitchen, batch=batch)
        rest = carried("ARRIVED_AT_PICKUP", restaurant=kitchen, batch=batch, sequence=1)
        assert [kind for kind, _ in said(stops_of([aboard, rest]))] == ["pickup", "dropoff", "dropoff"]

    def test_fetches_a_trip_of_two_restaurants_in_the_order_of_its_drops(self):
        batch, near, far = uuid7(), uuid7(), uuid7()
        third = carried("ASSIGNED", restaurant=near, batch=batch, sequence=2)
        second = carried("ASSIGNED", restaurant=far, batch=batch, sequence=1)
        first = carried("EN_ROUTE_TO_PICKUP", restaurant=near, batch=batch, sequence=0)
        assert said(stops_of([third, second, first])) == [
            ("pickup", [first.id, third.id]),
            ("pickup", [second.id]),
            ("dropoff", [first.id]),
            ("dropoff", [second.id]),
            ("dropoff", [third.id]),
        ]

    def test_brings_back_last_what_nobody_took(self):
        back, aboard = carried("RETURNING"), carried("EN_ROUTE_TO_DROPOFF", minutes=5)
        stops = stops_of([back, aboard])
        assert [stop.kind for stop in stops] == [StopKind.DROPOFF, StopKind.RETURN]
        assert stops[1].place == back.pickup

    def test_serves_trips_in_the_order_they_were_accepted(self):
        late, early = carried("ASSIGNED", minutes=9, batch=uuid7()), carried("ASSIGNED", minutes=1, batch=uuid7())
        kinds = said(stops_of([late, early]))
        assert kinds[0] == ("pickup", [early.id])
        assert kinds[2] == ("pickup", [late.id])
