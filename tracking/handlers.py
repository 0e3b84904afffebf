"""What tracking does when something happened: who may watch, the arrival range, the trail. May run twice."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from dispatch.events import (
    DeliveryAssigned,
    DeliveryCancelled,
    DeliveryDelivered,
    DeliveryOpened,
    DeliveryPickedUp,
    DeliveryReopened,
    DeliveryReturned,
    DeliveryReturning,
    DeliveryUnassigned,
    DeliveryUndeliverable,
    DriverArrivedAtDropoff,
    DriverArrivedAtPickup,
    DriverEnRouteToDropoff,
    DriverEnRouteToPickup,
    DriverStep,
)
from dispatch.models import Delivery
from fleetsync.core import clock
from fleetsync.core.events import on
from orders.events import OrderDelayed, OrderReady
from tracking import services

Held = (
    DeliveryAssigned | DriverStep | DeliveryUnassigned | DeliveryUndeliverable | DeliveryReturning
    | DeliveryReturned | DeliveryCancelled
)  # fmt: skip


@on(
    DeliveryAssigned, DriverEnRouteToPickup, DriverArrivedAtPickup, DeliveryPickedUp, DriverEnRouteToDropoff,
    DriverArrivedAtDropoff, DeliveryDelivered, DeliveryUnassigned, DeliveryUndeliverable, DeliveryReturning,
    DeliveryReturned, DeliveryCancelled,
)  # fmt: skip
def renew_watch(event: Held) -> None:
    """Write anew who may see the driver, once what happened has committed."""
    if event.driver_id is not None:
        _renew([event.driver_id])


def _renew(driver_ids: Collection[UUID]) -> None:
    transaction.on_commit(lambda: services.renew_watch(driver_ids=list(driver_ids)), robust=True)


@on(
    DriverArrivedAtPickup, DeliveryPickedUp, DriverArrivedAtDropoff, DeliveryDelivered, DeliveryUndeliverable,
    DeliveryReturned,
)  # fmt: skip
def mark_trail(event: DriverStep | DeliveryUndeliverable | DeliveryReturned) -> None:
    """Keep where the driver was at the step, whatever the trail's thinning says."""
    status = event.type.partition(".")[2].upper()
    services.mark_trail(driver_id=event.driver_id, status=status, at=clock.now())


@on(
    DeliveryOpened, DeliveryReopened, DeliveryAssigned, DeliveryUnassigned, DriverArrivedAtPickup, DeliveryPickedUp,
    DeliveryDelivered,
)  # fmt: skip
def recompute_etas(
    event: DeliveryOpened | DeliveryReopened | DeliveryAssigned | DeliveryUnassigned | DriverStep,
) -> None:
    """Compute the arrival ranges that this changes: this delivery's, and the others' on the same vehicle."""
    driver_id = getattr(event, "driver_id", None)
    touched = {event.delivery_id}
    if driver_id is not None:
        touched |= set(Delivery.objects.active().filter(driver=driver_id).values_list("pk", flat=True))
    services.recompute_etas(delivery_ids=touched, now=clock.now())


@on(OrderDelayed, OrderReady)
def follow_the_kitchen(event: OrderDelayed | OrderReady) -> None:
    """Compute the range anew: the kitchen is late, or done."""
    deliveries = Delivery.objects.filter(order=event.order_id).values_list("pk", flat=True)
    services.recompute_etas(delivery_ids=list(deliveries), now=clock.now())
