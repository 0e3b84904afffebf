"""Preparation learned of a kitchen: what counts as seen, what becomes of it, and who uses it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatch import handlers, selectors, services, tasks
from dispatch.conf import DEFAULTS
from dispatch.events import DeliveryPickedUp
from dispatch.models import Delivery
from dispatch.selectors import look_at_zone
from fleetsync.core import ids, redis
from fleetsync.core.queue import kick_key
from fleetsync.core.travel import straight_line
from orders import services as orders
from orders.events import OrderDelayed, OrderReady
from restaurants import selectors as restaurants
from restaurants.models import Preparation
from tests.factories import OrderFactory, OrderLineFactory, RestaurantFactory

pytestmark = pytest.mark.django_db
MIN = timedelta(minutes=1)


@pytest.fixture
def carried(kitchen):
    """Return a function that puts an order in the past: cooked so many minutes later than stated."""

    def carry(*, late=10, tapped=True, waited=None, pieces=1, ago=120) -> Delivery:
        placed = kitchen.now - ago * MIN
        order = OrderFactory(restaurant=kitchen.restaurant, taken=True, placed_at=placed)
        OrderLineFactory(order=order, quantity=pieces, total_minor=1000 * pieces)
        row = services.open_delivery(order_id=order.pk, ready_at=order.ready_at, now=placed)
        ready = order.ready_at + late * MIN
        picked_up = ready + 3 * MIN if tapped else ready
        order.food_ready_at = ready if tapped else picked_up
        order.picked_up_at = row.picked_up_at = picked_up
        row.status = "DELIVERED"
        row.arrived_at_pickup_at = picked_up - waited * MIN if waited is not None else picked_up
        order.save()
        row.save()
        return row

    return carry


def learn(kitchen):
    services.learn_preparation(restaurant_id=kitchen.restaurant.pk, now=kitchen.now)


def lateness(kitchen, pieces=1):
    at = kitchen.now - 120 * MIN
    return restaurants.expected_lateness(restaurant=kitchen.restaurant, at=at, pieces=pieces)


class TestCookedBy:
    def seen(self, kitchen):
        (one,) = selectors.cooked_by(restaurant_id=kitchen.restaurant.pk)
        return one.late_s / 60, one.exact

    def test_believes_the_kitchens_tap(self, kitchen, carried):
        carried(late=-4, tapped=True)
        assert self.seen(kitchen) == (-4.0, True)

    def test_believes_a_driver_who_waited(self, kitchen, carried):
        carried(late=9, tapped=False, waited=6)
        assert self.seen(kitchen) == (9.0, True)

    @pytest.mark.parametrize("waited", [2, None])
    def test_takes_a_driver_who_found_it_ready_for_a_bound(self, kitchen, carried, waited):
        carried(late=9, tapped=False, waited=waited)
        assert self.seen(kitchen) == (9.0, False)

    def test_counts_pieces_and_knows_the_local_hour(self, kitchen, carried):
        row = carried(pieces=7)
        (one,) = selectors.cooked_by(restaurant_id=kitchen.restaurant.pk)
        assert (one.pieces, one.hour) == (
            7,
            row.order.accepted_at.astimezone(ZoneInfo(kitchen.restaurant.time_zone)).hour,
        )

    def test_leaves_out_what_is_still_there_and_what_others_cooked(self, kitchen, carried):
        kitchen.delivery()
        carried()
        other = RestaurantFactory(zone=kitchen.zone)
        assert len(selectors.cooked_by(restaurant_id=kitchen.restaurant.pk)) == 1
        assert selectors.cooked_by(restaurant_id=other.pk) == []


class TestLearnPreparation:
    def test_of_a_kitchen_without_past_changes_nothing(self, kitchen):
        learn(kitchen)
        assert lateness(kitchen).late_s == lateness(kitchen).std_s == 0.0
        delivery = kitchen.delivery()
        assert (delivery.ready_at, delivery.ready_std_s) == (delivery.order.ready_at, 0.0)

    def test_knows_a_slow_kitchen_after_twenty_orders(self, kitchen, carried):
        for _ in range(21):
            carried(late=10, pieces=2)
        learn(kitchen)
        assert lateness(kitchen, pieces=2).late_s == pytest.approx(600.0, abs=30.0)
        assert Preparation.objects.get().orders == 21

    def test_may_run_twice(self, kitchen, carried):
        for _ in range(8):
            carried(late=10)
        learn(kitchen)
        first = Preparation.objects.values().get()
        learn(kitchen)
        assert Preparation.objects.values().get() == first

    def test_stays_small(self, kitchen, carried):
        for n in range(12):
            carried(late=n, pieces=1 + 3 * n, ago=60 * n + 90)
        learn(kitchen)
        assert len(Preparation.objects.get().cells) <= 1 + 12

    def test_is_asked_for_by_every_pickup_and_done_once(self, kitchen, carried, django_capture_on_commit_callbacks):
        row = carried()
        fact = DeliveryPickedUp(
            order_id=row.order_id,
            delivery_id=row.pk,
            restaurant_id=row.restaurant_id,
            zone_id=row.zone_id,
            driver_id=ids.uuid7(),
            by="tap",
        )
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                handlers.learn_preparation(fact)
        key = kick_key(services.LEARN, ids.encode("rst", row.restaurant_id))
        assert redis.call(lambda r: r.exists(key)) == 1


class TestWhoUsesIt:
    @pytest.fixture
    def slow(self, kitchen, carried):
        for n in range(24):
            carried(late=8 + n % 5, ago=120)
        learn(kitchen)
        kitchen.now -= 120 * MIN  # the same hour
        return kitchen

    def test_the_delivery_expects_it_later_than_stated(self, slow):
        delivery = slow.delivery()
        late = (delivery.ready_at - delivery.stated_ready_at).total_seconds()
        assert 8 * 60 <= late <= 12 * 60
        assert delivery.ready_late_s == late
        assert delivery.ready_std_s > 0.0

    def test_the_round_sees_moment_and_spread(self, slow):
        delivery = slow.delivery()
        look = look_at_zone(
            zone_id=slow.zone.pk, conf=DEFAULTS, travel=straight_line(), now=slow.now, period=10 * MIN, memo=None
        )
        (job,) = look.snapshot.jobs
        assert (job.ready_s, job.ready_std_s) == (delivery.ready_at.timestamp(), delivery.ready_std_s)

    def test_the_kitchens_ready_ends_all_doubt(self, slow):
        delivery = slow.delivery()
        facts = {"order_id": delivery.order_id, "restaurant_id": delivery.restaurant_id, "zone_id": delivery.zone_id}
        for _ in range(2):
            handlers.take_over_ready(OrderReady(**facts, ready_at=slow.now + 3 * MIN))
        delivery.refresh_from_db()
        assert (delivery.ready_at, delivery.ready_std_s) == (slow.now + 3 * MIN, 0.0)

    @pytest.mark.parametrize(
        ("moved", "expected"),
        [
            (5, "as expected anyway"),
            (30, "as told"),
            (-5, "five minutes sooner"),
        ],
    )
    def test_the_kitchens_late_moves_it(self, slow, moved, expected):
        delivery = slow.delivery()
        facts = {"order_id": delivery.order_id, "restaurant_id": delivery.restaurant_id, "zone_id": delivery.zone_id}
        told = delivery.stated_ready_at + moved * MIN
        wanted = {
            "as expected anyway": delivery.ready_at,
            "as told": told,
            "five minutes sooner": delivery.ready_at - 5 * MIN,
        }[expected]
        for _ in range(2):
            handlers.take_over_delay(OrderDelayed(**facts, ready_at=told, reason="busy"))
        spread = delivery.ready_std_s
        delivery.refresh_from_db()
        assert (delivery.ready_at, delivery.ready_std_s) == (wanted, spread)


class TestASlowKitchen:
    """Twenty-one orders, each ready ten minutes later than stated, by the steps that people take."""

    def test_is_known_by_what_drivers_and_kitchen_did(self, kitchen, relay):
        session = kitchen.online()
        began = kitchen.now
        for _ in range(21):
            self.carry(kitchen, session)
            relay()
        tasks.learn_preparation(target=ids.encode("rst", kitchen.restaurant.pk))
        kitchen.now = began
        expected = kitchen.delivery()
        assert 480.0 <= (expected.ready_at - expected.stated_ready_at).total_seconds() <= 600.0

    def carry(self, kitchen, session):
        delivery, stated = kitchen.delivery(), kitchen.now + 15 * MIN
        who = {"delivery_id": delivery.pk, "driver_id": session.driver_id}
        services.assign(**who, now=kitchen.now, actor="usr_test")
        services.arrive(**who, now=stated, actor="usr_test")
        orders.mark_ready(order_id=delivery.order_id, now=stated + 10 * MIN, actor="usr_test")
        services.pick_up(**who, now=stated + 11 * MIN, actor="usr_test")
        services.drop_off(**who, now=stated + 20 * MIN, actor="usr_test")
        kitchen.now += MIN
