"""An order whose life is told to phones in tests."""

from dataclasses import dataclass
from datetime import timedelta

from accounts.models import Driver
from dispatch.events import DeliveryAssigned, DeliveryUnassigned, SearchRetried
from dispatch.models import Delivery
from fleetsync.core import clock, ids
from fleetsync.core.events import change
from orders.events import OrderDelayed, OrderPreparing
from orders.models import Order


@dataclass
class Sale:
    """An order on its way, and the words to tell of it."""

    order: Order

    @property
    def topic(self) -> str:
        return f"order:{ids.public('order_id', self.order.pk)}"

    @property
    def kitchen(self) -> str:
        return f"restaurant:{ids.public('restaurant_id', self.order.restaurant_id)}"

    def _ids(self) -> dict:
        return {
            "order_id": self.order.pk,
            "restaurant_id": self.order.restaurant_id,
            "zone_id": self.order.restaurant.zone_id,
        }

    def emit(self, *facts) -> None:
        with change(now=clock.now()) as emit:
            for fact in facts:
                emit(fact)

    def prepare(self) -> None:
        self.emit(OrderPreparing(**self._ids()))

    def delay(self, number: int = 0) -> None:
        self.emit(OrderDelayed(**self._ids(), ready_at=clock.now() + timedelta(minutes=number), reason=str(number)))

    def search_again(self, delivery: Delivery) -> None:
        more = {"attempt": 1, "radius_m": 3000, "next_attempt_at": clock.now()}
        self.emit(SearchRetried(**self._ids(), delivery_id=delivery.pk, **more))

    def assign(self, delivery: Delivery, driver: Driver) -> None:
        moments = {"pickup_eta_at": clock.now(), "dropoff_eta_at": clock.now()}
        more = {"offer_id": None, "by": "ops", **moments}
        self.emit(DeliveryAssigned(**self._ids(), delivery_id=delivery.pk, driver_id=driver.pk, **more))

    def unassign(self, delivery: Delivery, driver: Driver) -> None:
        self.emit(DeliveryUnassigned(**self._ids(), delivery_id=delivery.pk, driver_id=driver.pk, reason="ops"))
