"""What a plan tells beside its offers."""

from datetime import timedelta

import pytest

from dispatch import services
from dispatch.models import Delivery
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
