"""What a plan becomes when it is applied: offers, and what it tells beside them."""

from datetime import timedelta
from random import Random

import pytest

from dispatch import services
from dispatch.conf import conf_of
from dispatch.engine import Plan, Proposal
from dispatch.engine.client import Decision
from dispatch.models import DecisionRecord, Delivery, DispatchPolicy, DriverSession, Offer, Round
from dispatch.selectors import look_at_zone
from dispatch.services.applying import StaleRound, apply_plan
from fleetsync.core import clock
from fleetsync.core.travel import provider
from restaurants.models import Zone
from tests.factories import DriverFactory

TICK = timedelta(seconds=10)


class TestApplyPlan:
    def look(self, kitchen):
        conf = conf_of(Zone.objects.get(pk=kitchen.zone.pk).dispatch)
        return look_at_zone(
            zone_id=kitchen.zone.pk, conf=conf, travel=provider(), now=kitchen.now, period=TICK, memo=None
        )

    def decision(self, look, *pairs):
        made = tuple(
            Proposal(
                driver=str(driver.pk),
                restaurant="r",
                jobs=tuple(str(each.pk) for each in deliveries),
                leave_s=look.snapshot.now_s,
                pickup_eta_s=look.snapshot.now_s + 300,
                dropoff_eta_s=tuple(look.snapshot.now_s + 600 for _ in deliveries),
            )
            for driver, *deliveries in pairs
        )
        return Decision(plan=Plan(strategy="batch", proposals=made), strategy="batch")

    def apply(self, kitchen, look, decision, fence):
        return apply_plan(
            look=look, decision=decision, fence=fence, delay_s=0.0, now=kitchen.now, real_now=clock.real_now(),
            rng=Random(1),
        )  # fmt: skip

    def hold(self, fence=7):
        Round.objects.update(fence=fence, lease_until=clock.real_now() + timedelta(seconds=10))

    def test_writes_nothing_behind_the_fence(self, kitchen):
        session, delivery = kitchen.online(), kitchen.delivery()
        look = self.look(kitchen)
        self.hold(fence=8)
        with pytest.raises(StaleRound):
            self.apply(kitchen, look, self.decision(look, (session.driver, delivery)), fence=7)
        assert not Offer.objects.exists()

    def test_skips_what_changed_and_runs_again(self, kitchen):
        first, second = kitchen.online(), kitchen.online()
        gone, here = kitchen.delivery(), kitchen.delivery()
        look = self.look(kitchen)
        self.hold()
        services.cancel_delivery(order_id=gone.order_id, reason="oops", now=kitchen.now)
        done = self.apply(kitchen, look, self.decision(look, (first.driver, gone), (second.driver, here)), fence=7)
        assert (done.offers, done.skipped) == (1, 1)
        assert Offer.objects.get().delivery == here
        assert Round.objects.get().again

    @pytest.mark.parametrize(
        "change", [{"status": "PAUSED"}, {"ended_at": clock.datetime(2026, 1, 1, tzinfo=clock.UTC)}]
    )
    def test_skips_a_driver_who_left(self, kitchen, change):
        session, delivery = kitchen.online(), kitchen.delivery()
        look = self.look(kitchen)
        self.hold()
        DriverSession.objects.update(**change)
        done = self.apply(kitchen, look, self.decision(look, (session.driver, delivery)), fence=7)
        assert (done.offers, done.skipped) == (0, 1)

    def test_offers_a_batch_as_one_question(self, kitchen):
        session = kitchen.online()
        first, second = kitchen.delivery(), kitchen.delivery()
        look = self.look(kitchen)
        self.hold()
        self.apply(kitchen, look, self.decision(look, (session.driver, second, first)), fence=7)
        offers = Offer.objects.order_by("drop_sequence")
        assert [offer.delivery for offer in offers] == [second, first]
        assert len({offer.batch_id for offer in offers}) == 1

    def test_offers_no_more_than_fits(self, kitchen):
        session = kitchen.online(DriverFactory(capacity=1))
        first, second = kitchen.delivery(), kitchen.delivery()
        look = self.look(kitchen)
        self.hold()
        done = self.apply(kitchen, look, self.decision(look, (session.driver, first, second)), fence=7)
        assert done.offers == 0
        assert not Round.objects.get().again


class TestTheZonesDelay:
    """How long food waits here for a driver; every quote counts with it."""

    @pytest.mark.parametrize(("held", "delay_s"), [(False, 0.2 * 3600), (True, 0.0)])
    def test_grows_with_food_that_nobody_can_fetch_and_not_with_what_is_held_back(self, kitchen, held, delay_s):
        delivery = kitchen.delivery()
        Delivery.objects.update(ready_at=kitchen.now - timedelta(hours=1))
        if held:
            services.hold_delivery(delivery_id=delivery.pk, held=True, now=kitchen.now, actor="usr_test")
        kitchen.round()
        assert Zone.objects.get(pk=kitchen.zone.pk).present_delay_s == pytest.approx(delay_s)


class TestDecisionRecords:
    def test_have_of_each_delivery_of_a_trip_its_own_figures(self, kitchen):
        services.engine().warm()
        DispatchPolicy.objects.filter(zone=kitchen.zone).update(parameters={"strategy": "plan"})
        kitchen.online()
        old, new = kitchen.delivery(), kitchen.delivery()
        for delivery, minutes in ((old, 30), (new, 0)):
            Delivery.objects.filter(pk=delivery.pk).update(ready_at=kitchen.now - timedelta(minutes=minutes))
        kitchen.round()
        assert Offer.objects.values("batch_id").distinct().count() == 1
        first, second = (DecisionRecord.objects.get(delivery=each).score for each in (old, new))
        assert first["food_waits_s"] - second["food_waits_s"] == pytest.approx(30 * 60)
        doors = [Offer.objects.get(delivery=each).dropoff_eta_at for each in (old, new)]
        apart_s = (doors[0] - doors[1]).total_seconds()
        assert first["click_to_door_s"] - second["click_to_door_s"] == pytest.approx(apart_s, abs=0.2)
        assert first["travel_s"] == second["travel_s"]
