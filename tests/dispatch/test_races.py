"""What happens at once, with real threads and committed rows."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from django.db import connection, connections, transaction

from dispatch import errors, services
from dispatch.models import Delivery, DispatchJob, DriverSession, Offer, Round
from dispatch.positions import MovedDriver
from dispatch.selectors.answering import answering
from dispatch.states import ACTIVE, BEFORE_PICKUP
from fleetsync.core import clock
from fleetsync.core.errors import DomainError
from fleetsync.core.models import Event, StreamHead
from orders.models import Order
from orders.services import cancel_order
from orders.states import CancelledBy
from restaurants.models import Zone
from tests.factories import (
    DispatchJobFactory,
    DriverFactory,
    DriverPositionFactory,
    DriverSessionFactory,
    OfferFactory,
    OrderFactory,
    RestaurantFactory,
    UserFactory,
    ZoneFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)
ACTOR = "usr_test"
ROUNDS, THREADS = 300, 16


def together(*tasks: Callable[[], object]) -> list[object]:
    """Run the tasks at the same moment, each in a thread and connection of its own; return what came of them."""
    barrier, answers = threading.Barrier(len(tasks)), [None] * len(tasks)

    def run(index: int, task: Callable[[], object]) -> None:
        barrier.wait()
        try:
            answers[index] = task()
        except DomainError as error:
            answers[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index, task)) for index, task in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return answers


def won(answers: list[object]) -> list[object]:
    """Return the answers that are no refusals."""
    return [answer for answer in answers if answer is not None and not isinstance(answer, Exception)]


@pytest.fixture
def wide_pool(settings):
    """Give every thread a connection."""
    pool = connections["default"].settings_dict["OPTIONS"]["pool"]
    before = pool["max_size"]
    connection.close_pool()
    pool["max_size"], pool["timeout"] = THREADS + 4, 20
    yield
    connection.close_pool()
    pool["max_size"], pool["timeout"] = before, 2


@pytest.mark.usefixtures("wide_pool")
class TestAcceptOffer:
    def test_gives_each_of_300_deliveries_to_exactly_one_of_two_drivers(self):
        restaurant, customer, now = RestaurantFactory(), UserFactory(), clock.now()
        sessions = [DriverSessionFactory(zone=restaurant.zone, capacity=ROUNDS) for _ in range(THREADS)]
        deliveries = []
        for _ in range(ROUNDS):
            order = OrderFactory(restaurant=restaurant, customer=customer, taken=True, placed_at=now)
            deliveries.append(DispatchJobFactory(delivery__order=order).delivery)
        pairs = [
            [
                OfferFactory(delivery=delivery, session=sessions[(2 * n + side) % THREADS], offered_at=now)
                for side in (0, 1)
            ]
            for n, delivery in enumerate(deliveries)
        ]
        work = iter([offer for pair in pairs for offer in pair])
        guard, outcomes = threading.Lock(), {}

        def accept_on() -> None:
            # Neighbouring offers are of the same delivery: two threads are always at it together.
            while True:
                with guard:
                    offer = next(work, None)
                if offer is None:
                    return
                try:
                    services.accept_offer(offer_id=offer.pk, driver=offer.driver, now=now, actor=ACTOR)
                    outcomes[offer.pk] = "won"
                except (errors.DeliveryTaken, errors.OfferExpired) as error:
                    outcomes[offer.pk] = error.code

        together(*[accept_on] * THREADS)
        assert len(outcomes) == 2 * ROUNDS
        for pair in pairs:
            assert sorted(outcomes[offer.pk] for offer in pair) == ["delivery-taken", "won"]
        assert Delivery.objects.filter(driver__isnull=False).count() == ROUNDS
        assert Offer.objects.filter(status="ACCEPTED").count() == ROUNDS
        assert sum(DriverSession.objects.values_list("load", flat=True)) == ROUNDS
        assert Event.objects.filter(type="delivery.assigned").count() == ROUNDS
        for head in StreamHead.objects.all():
            seqs = list(Event.objects.filter(stream=head.stream).order_by("seq").values_list("seq", flat=True))
            assert seqs == list(range(1, head.seq + 1))

    def test_is_won_once_by_sixteen_drivers(self):
        for _ in range(10):
            delivery = DispatchJobFactory().delivery
            offers = [OfferFactory(delivery=delivery) for _ in range(THREADS)]
            answers = together(
                *[
                    lambda offer=offer: services.accept_offer(
                        offer_id=offer.pk, driver=offer.driver, now=offer.offered_at, actor=ACTOR
                    )
                    for offer in offers
                ]
            )
            assert len(won(answers)) == 1
            assert {error.code for error in answers if isinstance(error, DomainError)} == {"delivery-taken"}
            assert Offer.objects.filter(delivery=delivery, status="WITHDRAWN").count() == THREADS - 1

    def test_never_overloads_a_driver(self):
        for _ in range(10):
            session = DriverSessionFactory(capacity=2)
            offers = [OfferFactory(session=session) for _ in range(6)]
            for offer in offers:
                DispatchJobFactory(delivery=offer.delivery)
            answers = together(
                *[
                    lambda offer=offer: services.accept_offer(
                        offer_id=offer.pk, driver=offer.driver, now=offer.offered_at, actor=ACTOR
                    )
                    for offer in offers
                ]
            )
            assert len(won(answers)) == 2
            session.refresh_from_db()
            assert session.load == Delivery.objects.filter(session=session, status__in=ACTIVE).count() == 2


def test_of_two_drivers_asked_at_once_one_wins_and_the_other_has_given_no_answer():
    for _ in range(20):
        delivery = DispatchJobFactory(refusals=2).delivery
        pair = [OfferFactory(delivery=delivery) for _ in range(2)]
        answers = together(*[accepting(offer) for offer in pair])
        assert len(won(answers)) == 1
        lost = pair[0 if answers[1] is not None and not isinstance(answers[1], Exception) else 1]
        lost.refresh_from_db()
        assert (lost.status, lost.reason) == ("WITHDRAWN", "taken")
        with connection.cursor() as cursor:
            known = answering(cursor, [offer.driver_id for offer in pair], 10.0)
        (winner,) = known.drivers
        assert winner != lost.driver_id
        assert (known.drivers[winner].offers, known.drivers[winner].taken) == (1, 1)


def accepting(offer: Offer, now=None) -> Callable[[], object]:
    return lambda: services.accept_offer(
        offer_id=offer.pk, driver=offer.driver, now=now or offer.offered_at, actor=ACTOR
    )


@pytest.mark.usefixtures("wide_pool")
class TestAgainstAcceptance:
    def test_a_cancelled_order_ends_with_a_free_driver_whoever_is_first(self):
        seen = set()
        for _ in range(40):
            offer = OfferFactory()
            DispatchJobFactory(delivery=offer.delivery)
            order = offer.delivery.order
            accepted, cancelled = together(
                accepting(offer),
                lambda order=order, offer=offer: cancel_order(
                    order_id=order.pk, by=CancelledBy.OPS, reason="oops", now=offer.offered_at, actor=ACTOR
                ),
            )
            assert not isinstance(cancelled, Exception)
            seen.add(isinstance(accepted, Exception))
            services.cancel_delivery(order_id=order.pk, reason="oops", now=offer.offered_at)
            offer.refresh_from_db()
            offer.delivery.refresh_from_db()
            assert offer.delivery.status == "CANCELLED"
            assert Order.objects.get(pk=order.pk).status == "CANCELLED"
            assert offer.status == ("WITHDRAWN" if isinstance(accepted, Exception) else "RETURNED")
            assert DriverSession.objects.get(pk=offer.session_id).load == 0
        assert seen

    def test_an_expiry_beside_it_leaves_one_truth(self):
        for _ in range(40):
            offer = OfferFactory()
            DispatchJobFactory(delivery=offer.delivery)
            last = offer.expires_at - timedelta(microseconds=1)
            accepted, _ = together(
                accepting(offer, last),
                lambda offer=offer: services.expire_offers(batch_id=offer.batch_id, now=offer.expires_at),
            )
            offer.refresh_from_db()
            offer.delivery.refresh_from_db()
            load = DriverSession.objects.get(pk=offer.session_id).load
            if isinstance(accepted, Exception):
                assert (offer.status, offer.delivery.status, load) == ("EXPIRED", "SEARCHING", 0)
                assert accepted.code == "offer-expired"
            else:
                assert (offer.status, offer.delivery.driver_id, load) == ("ACCEPTED", offer.driver_id, 1)

    def test_going_offline_beside_it_leaves_no_delivery_behind(self):
        for _ in range(40):
            offer = OfferFactory()
            DispatchJobFactory(delivery=offer.delivery)
            DriverPositionFactory(driver=offer.driver)
            together(
                accepting(offer),
                lambda offer=offer: services.end_session(
                    session_id=offer.session_id, reason="driver", now=offer.offered_at, actor=ACTOR
                ),
            )
            offer.delivery.refresh_from_db()
            session = DriverSession.objects.get(pk=offer.session_id)
            assert (session.load, session.status) == (0, "OFFLINE")
            assert (offer.delivery.status, offer.delivery.driver) == ("SEARCHING", None)
            assert DispatchJob.objects.get(delivery=offer.delivery).searching


@pytest.mark.usefixtures("wide_pool")
class TestGiveBack:
    def test_loses_or_wins_against_the_pickup_never_both(self):
        for _ in range(40):
            offer = OfferFactory()
            DispatchJobFactory(delivery=offer.delivery)
            accepting(offer)()
            fields = {
                "delivery_id": offer.delivery_id, "driver_id": offer.driver_id, "now": offer.offered_at, "actor": ACTOR,
            }  # fmt: skip
            given_back, picked_up = together(
                lambda fields=fields: services.give_back(**fields, reason="tyre"),
                lambda fields=fields: services.pick_up(**fields),
            )
            assert len(won([given_back, picked_up])) == 1
            row = Delivery.objects.get(pk=offer.delivery_id)
            load = DriverSession.objects.get(pk=offer.session_id).load
            if isinstance(picked_up, Exception):
                assert (row.status, row.driver, load) == ("SEARCHING", None, 0)
                assert row.order.status == "ACCEPTED"
            else:
                assert (row.status, row.driver_id, load) == ("EN_ROUTE_TO_DROPOFF", offer.driver_id, 1)
                assert row.order.status == "PICKED_UP"
            assert row.status not in BEFORE_PICKUP


@pytest.mark.usefixtures("wide_pool")
class TestRounds:
    def test_many_workers_make_one_offer_each_driver_and_delivery(self):
        restaurant = RestaurantFactory(zone__policy={"strategy": "nearest"})
        now = clock.now()
        for _ in range(6):
            order = OrderFactory(restaurant=restaurant, taken=True, placed_at=now)
            services.open_delivery(order_id=order.pk, ready_at=order.ready_at, now=now)
            session = DriverSessionFactory(zone=restaurant.zone, started_at=now)
            DriverPositionFactory(driver=session.driver, received_at=now)
        Round.objects.update(again=False)

        def run() -> None:
            while services.run_round(zone_id=restaurant.zone_id, now=now, real_now=clock.real_now(), rng=Random(1)):
                pass

        together(*[run] * 8)
        open_offers = Offer.objects.filter(status="OPEN")
        assert open_offers.count() == 6
        assert open_offers.values("driver").distinct().count() == 6
        assert open_offers.values("delivery").distinct().count() == 6

    def test_a_driver_who_starts_twice_at_once_has_one_session(self):
        for _ in range(10):
            session = DriverSessionFactory.build()
            driver = DriverPositionFactory().driver
            RestaurantFactory()
            point = driver.position.point
            together(
                *[
                    lambda driver=driver, point=point: services.start_session(
                        driver=driver, position=point, off_at=None, now=clock.now(), actor=ACTOR
                    )
                ]
                * 4
            )
            assert DriverSession.objects.filter(driver=driver, ended_at=None).count() == 1
            assert session.pk is not None


@pytest.mark.usefixtures("wide_pool")
class TestOrderOfLocks:
    """While one row is held, whoever waits for it must not hold what comes later in the order."""

    def held_meanwhile(self, row, task: Callable[[], object], *, later) -> bool:
        """Hold `row`, let `task` run into it; say whether it holds `later` by then."""
        failures: list[Exception] = []

        def run() -> None:
            try:
                task()
            except Exception as error:
                failures.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        with transaction.atomic():
            type(row).objects.select_for_update(no_key=True).get(pk=row.pk)
            thread.start()
            wait_until_blocked()
            rows = type(later).objects.select_for_update(no_key=True, skip_locked=True).filter(pk=later.pk)
            held = not rows.exists()
        thread.join(timeout=30)
        assert not thread.is_alive()
        assert failures == []
        return held

    def test_flusher_renews_leases_by_the_sessions_ids(self):
        now = clock.now()
        lower, higher = sorted((DriverFactory(), DriverFactory()), key=lambda each: each.pk)
        fields = {"zone": ZoneFactory(), "lease_until": now + timedelta(seconds=5)}
        first, second = DriverSessionFactory(driver=higher, **fields), DriverSessionFactory(driver=lower, **fields)
        assert first.pk < second.pk
        points = [moved_to(driver, -76.61, now) for driver in (lower, higher)]
        assert not self.held_meanwhile(
            first, lambda: services.move_drivers(points=points, now=now + timedelta(seconds=2)), later=second
        )
        assert set(DriverSession.objects.values_list("lease_until", flat=True)) == {now + timedelta(seconds=62)}

    def test_flusher_lets_go_of_the_position_before_it_changes_a_zone(self):
        west, now = ZoneFactory(), clock.now()
        Zone.objects.update(polygon="SRID=4326;POLYGON((-76.65 39.2,-76.6 39.2,-76.6 39.38,-76.65 39.38,-76.65 39.2))")
        east = Zone.objects.create(
            name="East", polygon="SRID=4326;POLYGON((-76.6 39.2,-76.5 39.2,-76.5 39.38,-76.6 39.38,-76.6 39.2))"
        )
        session = DriverSessionFactory(zone=west)
        position = DriverPositionFactory(driver=session.driver)
        points = [moved_to(session.driver, -76.55, now)]
        assert not self.held_meanwhile(
            session, lambda: services.move_drivers(points=points, now=now + timedelta(seconds=2)), later=position
        )
        session.refresh_from_db()
        assert session.zone == east

    def test_ops_who_move_a_job_lock_both_drivers_before_they_change_one(self):
        to, offer = DriverSessionFactory(), OfferFactory()
        assert to.pk < offer.session_id
        DispatchJobFactory(delivery=offer.delivery)
        accepting(offer)()
        assert not self.held_meanwhile(
            to,
            lambda: services.assign(
                delivery_id=offer.delivery_id, driver_id=to.driver_id, now=offer.offered_at, actor=ACTOR
            ),
            later=offer.session,
        )
        assert Delivery.objects.get(pk=offer.delivery_id).driver_id == to.driver_id


def moved_to(driver, lng: float, now) -> MovedDriver:
    at = now + timedelta(seconds=2)
    return MovedDriver(
        driver_id=driver.pk, lng=lng, lat=39.29, heading_deg=None, speed_mps=None, accuracy_m=None, recorded_at=at,
        seq=1, received_at=at,
    )  # fmt: skip


def wait_until_blocked() -> None:
    """Return when somebody waits for a lock of this database."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone():
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")
