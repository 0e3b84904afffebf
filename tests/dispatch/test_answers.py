"""Acknowledging, accepting and declining offers."""

from datetime import timedelta

import pytest

from dispatch import errors, services, timers
from dispatch.models import Delivery, DispatchJob, DriverPosition, DriverSession, Offer
from fleetsync.core import clock
from fleetsync.core.events import topic_of
from fleetsync.core.ids import uuid7
from fleetsync.core.models import Event
from orders.models import Order
from orders.services import cancel_order
from orders.states import CancelledBy
from tests.dispatch.conftest import types_of
from tests.factories import DispatchJobFactory, DriverFactory, DriverSessionFactory, OfferFactory

ACTOR = "usr_test"


def accept(offer, now=None):
    return services.accept_offer(offer_id=offer.pk, driver=offer.driver, now=now or offer.offered_at, actor=ACTOR)


@pytest.fixture
def offer(db):
    """Return an open offer of a searching delivery."""
    made = OfferFactory()
    DispatchJobFactory(delivery=made.delivery)
    return made


class TestAckOffer:
    def test_notes_the_moment_once(self, offer):
        Offer.objects.update(acked_at=None)
        services.ack_offer(offer_id=offer.pk, driver=offer.driver, now=offer.offered_at)
        services.ack_offer(offer_id=offer.pk, driver=offer.driver, now=offer.expires_at)
        assert Offer.objects.get().acked_at == offer.offered_at

    def test_is_not_found_by_another_driver(self, offer):
        with pytest.raises(errors.OfferNotFound):
            services.ack_offer(offer_id=offer.pk, driver=DriverFactory(), now=offer.offered_at)


class TestAcceptOffer:
    def test_gives_the_delivery_to_the_driver(self, offer):
        delivery = accept(offer)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.driver, delivery.session) == (
            "EN_ROUTE_TO_PICKUP",
            offer.driver,
            offer.session,
        )
        assert (delivery.assigned_at, delivery.pickup_eta_at) == (offer.offered_at, offer.pickup_eta_at)
        session = DriverSession.objects.get()
        assert (session.status, session.load, session.idle_since) == ("BUSY", 1, None)
        assert not DispatchJob.objects.get().searching
        assert types_of(topic_of("order", delivery.order_id)) == ["delivery.assigned", "delivery.en_route_to_pickup"]
        assert types_of(topic_of("driver", offer.driver_id)) == ["offer.accepted"]

    def test_is_harmless_twice(self, offer):
        accept(offer)
        again = accept(offer, offer.expires_at + timedelta(hours=1))
        assert again.pk == offer.delivery_id
        assert DriverSession.objects.get().load == 1
        assert Event.objects.count() == 3

    def test_hides_a_full_driver_from_the_search(self, offer):
        DriverPosition.objects.create(
            driver=offer.driver, point=offer.delivery.pickup_point, cell=offer.delivery.pickup_point,
            available=True, recorded_at=offer.offered_at, received_at=offer.offered_at,
        )  # fmt: skip
        DriverSession.objects.update(capacity=1)
        accept(offer)
        assert not DriverPosition.objects.get().available

    def test_is_refused_at_the_second_it_expires(self, offer):
        with pytest.raises(errors.OfferExpired):
            accept(offer, offer.expires_at)
        offer.delivery.refresh_from_db()
        assert offer.delivery.status == "SEARCHING"
        assert DriverSession.objects.get().load == 0
        assert not Event.objects.exists()

    def test_is_not_found_by_another_driver(self, offer):
        with pytest.raises(errors.OfferNotFound):
            services.accept_offer(offer_id=offer.pk, driver=DriverFactory(), now=offer.offered_at, actor=ACTOR)
        assert not Event.objects.exists()

    def test_is_refused_when_another_driver_was_faster(self, offer):
        rival = OfferFactory(delivery=offer.delivery)
        accept(offer)
        rival.refresh_from_db()
        assert (rival.status, rival.reason) == ("WITHDRAWN", "taken")
        with pytest.raises(errors.DeliveryTaken):
            accept(rival)
        assert Delivery.objects.get().driver == offer.driver

    def test_is_refused_when_the_order_was_cancelled(self, offer):
        order = Order.objects.get()
        cancel_order(order_id=order.pk, by=CancelledBy.OPS, reason="mistake", now=offer.offered_at, actor=ACTOR)
        before = Event.objects.count()
        with pytest.raises(errors.DeliveryTaken):
            accept(offer)
        assert Event.objects.count() == before
        assert Offer.objects.get().status == "OPEN"
        assert DriverSession.objects.get().load == 0

    def test_is_refused_to_a_full_driver(self, offer):
        DriverSession.objects.update(load=2)
        with pytest.raises(errors.DriverFull):
            accept(offer)
        assert DriverSession.objects.get().load == 2
        assert Offer.objects.get().status == "OPEN"

    def test_takes_a_batch_whole(self, offer):
        batch, session = uuid7(), offer.session
        Offer.objects.update(batch_id=batch)
        second = OfferFactory(session=session, driver=offer.driver, batch_id=batch, drop_sequence=1)
        DispatchJobFactory(delivery=second.delivery)
        accept(offer)
        assert set(Delivery.objects.values_list("driver", "batch_id")) == {(offer.driver_id, batch)}
        assert list(Delivery.objects.order_by("drop_sequence").values_list("drop_sequence", flat=True)) == [0, 1]
        assert DriverSession.objects.get().load == 2

    def test_takes_no_batch_of_which_one_is_gone(self, offer):
        batch, session = uuid7(), offer.session
        Offer.objects.update(batch_id=batch)
        second = OfferFactory(session=session, driver=offer.driver, batch_id=batch, drop_sequence=1)
        Delivery.objects.filter(pk=second.delivery_id).update(status="CANCELLED")
        with pytest.raises(errors.DeliveryTaken):
            accept(offer)
        assert not Delivery.objects.filter(driver__isnull=False).exists()
        assert DriverSession.objects.get().load == 0


class TestDeclineOffer:
    def decline(self, offer, now=None):
        return services.decline_offer(
            offer_id=offer.pk, driver=offer.driver, reason="too far", now=now or offer.offered_at, actor=ACTOR
        )

    def test_lets_the_search_go_on_at_once_without_him(self, kitchen):
        session = kitchen.online()
        kitchen.delivery()
        kitchen.round()
        job = DispatchJob.objects.get()
        offer = Offer.objects.get()
        later = kitchen.now + timedelta(seconds=3)
        self.decline(offer, later)
        offer.refresh_from_db()
        job.refresh_from_db()
        assert (offer.status, offer.reason, offer.answered_at) == ("DECLINED", "too far", later)
        assert (job.refusals, job.next_attempt_at, job.attempt) == (1, later, 0)
        kitchen.round(later)
        assert Offer.objects.filter(status="OPEN").count() == 0
        other = kitchen.online()
        kitchen.round(later + timedelta(seconds=10))
        assert Offer.objects.get(status="OPEN").driver == other.driver != session.driver

    def test_is_harmless_twice(self, offer):
        self.decline(offer)
        self.decline(offer)
        assert types_of(topic_of("driver", offer.driver_id)) == ["offer.declined"]

    def test_is_refused_after_the_answer(self, offer):
        accept(offer)
        with pytest.raises(errors.OfferExpired):
            self.decline(offer)
        assert Offer.objects.get().status == "ACCEPTED"


class TestExpireOffers:
    def test_ends_what_nobody_answered_and_masks_the_pair_for_a_while(self, kitchen):
        kitchen.online()
        kitchen.delivery()
        kitchen.round()
        offer = Offer.objects.get()
        Offer.objects.update(acked_at=kitchen.now)
        assert timers.due.next_expiry_at() == offer.expires_at
        assert timers.expire_offers(offer.expires_at - timedelta(seconds=1)) == 0
        assert timers.expire_offers(offer.expires_at) == 1
        assert timers.expire_offers(offer.expires_at) == 0
        offer.refresh_from_db()
        assert offer.status == "EXPIRED"
        DriverSession.objects.update(lease_until=kitchen.now + timedelta(hours=1))
        DriverPosition.objects.update(received_at=kitchen.now + timedelta(minutes=6))
        kitchen.round(offer.expires_at)
        assert Offer.objects.count() == 1
        kitchen.round(offer.expires_at + timedelta(seconds=301))
        assert Offer.objects.filter(status="OPEN").count() == 1


class TestDropUnseenOffers:
    def test_asks_elsewhere_and_does_not_count_it(self, kitchen):
        kitchen.online()
        kitchen.delivery()
        kitchen.round()
        offer = Offer.objects.get()
        assert offer.acked_at is None
        late = offer.ack_by
        assert services.drop_unseen_offers(batch_id=offer.batch_id, now=kitchen.now, real_now=late) == 1
        offer.refresh_from_db()
        assert offer.status == "UNDELIVERED"
        assert DispatchJob.objects.get().refusals == 0
        assert types_of(topic_of("driver", offer.driver_id))[-1] == "offer.undelivered"

    def test_leaves_what_was_acknowledged(self, offer):
        late = clock.real_now() + timedelta(minutes=1)
        assert services.drop_unseen_offers(batch_id=offer.batch_id, now=offer.offered_at, real_now=late) == 0
        assert Offer.objects.get().status == "OPEN"

    def test_is_due_at_the_business_moment_of_the_real_one(self, kitchen):
        kitchen.online()
        kitchen.delivery()
        kitchen.round()
        due = timers.next_ack_by()
        assert abs((due - clock.now()).total_seconds() - 5.0) < 1.0


def test_a_session_of_another_zone_is_not_looked_at(kitchen):
    DriverSessionFactory()
    kitchen.delivery()
    kitchen.round()
    assert not Offer.objects.exists()
