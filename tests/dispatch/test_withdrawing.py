"""Offers of one batch fall together."""

from datetime import timedelta

import pytest

from dispatch import services
from dispatch.models import Delivery, DispatchJob, Offer
from fleetsync.core.ids import uuid7
from tests.factories import OfferFactory

ACTOR = "usr_test"


class TestTakeBack:
    @pytest.fixture
    def batch(self, kitchen, monkeypatch) -> tuple[Delivery, Delivery, list]:
        """Return two deliveries out as one offer, both at rest, and what is kicked from then on."""
        session, first, second = kitchen.online(), kitchen.delivery(), kitchen.delivery()
        batch_id = uuid7()
        for place, delivery in enumerate((first, second)):
            OfferFactory(
                delivery=delivery, session=session, batch_id=batch_id, drop_sequence=place, offered_at=kitchen.now
            )
        DispatchJob.objects.update(next_attempt_at=kitchen.now + timedelta(seconds=50))
        kicked: list = []
        monkeypatch.setattr("dispatch.services.withdrawing.kick_round", lambda **fields: kicked.append(fields))
        return first, second, kicked

    def cancel(self, kitchen, delivery):
        services.cancel_delivery(order_id=delivery.order_id, reason="oops", now=kitchen.now)

    def assign(self, kitchen, delivery):
        other = kitchen.online().driver
        services.assign(delivery_id=delivery.pk, driver_id=other.pk, now=kitchen.now, actor=ACTOR)

    def hold(self, kitchen, delivery):
        services.hold_delivery(delivery_id=delivery.pk, held=True, now=kitchen.now, actor=ACTOR)

    def give_up(self, kitchen, delivery):
        Offer.objects.update(expires_at=kitchen.now)
        DispatchJob.objects.filter(delivery=delivery).update(search_until=kitchen.now)
        assert services.give_up_search(delivery_id=delivery.pk, now=kitchen.now)

    @pytest.mark.parametrize(
        ("how", "reason"),
        [("cancel", "cancelled"), ("assign", "taken"), ("hold", "held"), ("give_up", "search-ended")],
    )
    def test_lets_the_rest_of_the_batch_search_on_at_once(self, kitchen, batch, how, reason):
        first, second, kicked = batch
        getattr(self, how)(kitchen, first)
        assert set(Offer.objects.values_list("status", "reason")) == {("WITHDRAWN", reason)}
        mate = DispatchJob.objects.get(delivery=second)
        assert (mate.searching, mate.next_attempt_at, mate.refusals) == (True, kitchen.now, 0)
        assert kicked == [{"zone_id": kitchen.zone.pk, "now": kitchen.now}]

    @pytest.mark.parametrize("how", ["pause_session", "end"])
    def test_lets_all_of_it_search_on_when_the_driver_cannot_answer(self, kitchen, batch, how):
        *deliveries, kicked = batch
        session = Offer.objects.first().session
        if how == "end":
            services.end_session(session_id=session.pk, reason="driver", now=kitchen.now, actor=ACTOR)
        else:
            services.pause_session(driver=session.driver, now=kitchen.now, actor=ACTOR)
        jobs = DispatchJob.objects.filter(delivery__in=deliveries)
        assert list(jobs.values_list("next_attempt_at", flat=True)) == [kitchen.now] * 2
        assert kicked == [{"zone_id": kitchen.zone.pk, "now": kitchen.now}]
