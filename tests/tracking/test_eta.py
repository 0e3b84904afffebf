"""The arrival range, by hand."""

from datetime import timedelta
from uuid import UUID

from dispatch.route import stops_of
from dispatch.states import DeliveryStatus
from fleetsync.core.geo import LngLat
from fleetsync.core.travel import StraightLine, straight_line
from tests.tracking.test_sight import NOON, carried
from tests.travel import NoWay
from tracking.eta import Cause, EtaRange, Service, assigned_range, moved_much, unassigned_range

TRAVEL = StraightLine(factor=1.0, speed_mps=10.0)
SERVICE = Service(half_pickup_s=60, half_dropoff_s=60)
KITCHEN, DOOR = LngLat(0, 0), LngLat(0.01, 0)  # 1112 m, 111 s apart


def minutes(eta: EtaRange) -> tuple[float, float]:
    """Return both ends in minutes from noon."""
    return (eta.low_at - NOON).total_seconds() / 60, (eta.high_at - NOON).total_seconds() / 60


class TestUnassignedRange:
    def test_waits_for_the_kitchen_where_that_takes_longest(self):
        eta = unassigned_range(
            now=NOON,
            ready_at=NOON + timedelta(minutes=20),
            food_ready=False,
            pickup=KITCHEN,
            dropoff=DOOR,
            zone_delay_s=0,
            service=SERVICE,
            travel=TRAVEL,
        )
        # 20 min + 60 s + 111 s + 60 s = 23.9 min; early 0.5 x (240 + 22) s, late 420 + 240 + 22 s
        assert minutes(eta) == (21, 36)
        assert eta.cause is Cause.SEARCH

    def test_waits_for_a_driver_where_the_food_stands_ready(self):
        eta = unassigned_range(
            now=NOON,
            ready_at=NOON,
            food_ready=True,
            pickup=KITCHEN,
            dropoff=DOOR,
            zone_delay_s=180,
            service=SERVICE,
            travel=TRAVEL,
        )
        assert minutes(eta) == (14, 23)  # 7 + 3 + 1 + 1 + 1.85 + 1 = 14.85 min; early 11 s, late 442 s

    def test_goes_by_the_straight_line_where_the_map_knows_no_way(self):
        ranges = {
            unassigned_range(
                now=NOON,
                ready_at=NOON,
                food_ready=True,
                pickup=KITCHEN,
                dropoff=DOOR,
                zone_delay_s=0,
                service=SERVICE,
                travel=travel,
            )
            for travel in (NoWay(), straight_line())
        }
        assert len(ranges) == 1


class TestAssignedRange:
    def of(self, *held, position=KITCHEN, now=NOON, number=1, travel=TRAVEL) -> EtaRange | None:
        return assigned_range(
            now=now,
            delivery_id=UUID(int=number),
            stops=stops_of(held),
            position=position,
            service=SERVICE,
            travel=travel,
        )

    def test_is_narrow_once_the_food_is_on_the_road(self):
        eta = self.of(carried(1, DeliveryStatus.PICKED_UP))
        assert minutes(eta) == (2, 5)  # 111 s + 60 s = 2.85 min, two minutes wide
        assert eta.cause is Cause.ROAD

    def test_counts_the_other_doors_on_the_way(self):
        first = carried(1, DeliveryStatus.PICKED_UP, drop=0, batch=9)
        second = carried(2, DeliveryStatus.PICKED_UP, drop=1, batch=9)
        eta = self.of(first, second, number=2)
        assert minutes(eta) == (6, 9)  # 2 x (111 + 60) + 60 s = 6.7 min, late 90 + 44 s
        assert eta.cause is Cause.OTHER_DOORS

    def test_blames_the_kitchen_that_keeps_the_driver_waiting(self):
        late = carried(1, DeliveryStatus.ASSIGNED)
        early = self.of(late, position=LngLat(-0.001, 0), now=NOON - timedelta(minutes=10))
        assert early.cause is Cause.KITCHEN

    def test_never_lies_in_the_past(self):
        eta = self.of(carried(1, DeliveryStatus.ARRIVED_AT_DROPOFF), position=DOOR)
        assert eta.low_at >= NOON
        assert eta.high_at > eta.low_at

    def test_goes_by_the_straight_line_where_the_map_knows_no_way(self):
        held = carried(1, DeliveryStatus.ASSIGNED)
        island = self.of(held, position=LngLat(-0.001, 0), travel=NoWay())
        assert island == self.of(held, position=LngLat(-0.001, 0), travel=straight_line())

    def test_is_unknown_on_the_way_back(self):
        assert self.of(carried(1, DeliveryStatus.RETURNING)) is None


class TestMovedMuch:
    ETA = EtaRange(low_at=NOON, high_at=NOON + timedelta(minutes=5), cause=Cause.ROAD)

    def test_tells_the_first_range(self):
        assert moved_much((None, None), self.ETA)

    def test_keeps_quiet_about_two_minutes(self):
        assert not moved_much((NOON - timedelta(minutes=2), self.ETA.high_at), self.ETA)
        assert moved_much((NOON - timedelta(minutes=2, seconds=1), self.ETA.high_at), self.ETA)
        assert moved_much((NOON, self.ETA.high_at + timedelta(minutes=3)), self.ETA)
