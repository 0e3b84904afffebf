"""What a plan tells beside its offers."""

from datetime import timedelta

import pytest

from dispatch import services
from dispatch.models import DecisionRecord, Delivery, DispatchPolicy, Offer
from restaurants.models import Zone


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
