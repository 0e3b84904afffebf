"""The steps of a driver on the road, by tap or geofence. A later tap implies the earlier ones."""

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from dispatch import errors
from dispatch.conf import conf_of
from dispatch.events import (
    DeliveryDelivered,
    DeliveryPickedUp,
    DeliveryReturned,
    DeliveryReturning,
    DeliveryUndeliverable,
    DriverArrivedAtDropoff,
    DriverArrivedAtPickup,
    DriverEnRouteToDropoff,
    DriverEnRouteToPickup,
    DriverStep,
    PinRefused,
    PinWaived,
)
from dispatch.models import Delivery
from dispatch.services.facts import of_delivery
from dispatch.services.load import drop_load
from dispatch.services.locks import lock_delivery
from dispatch.services.setting_out import set_out
from dispatch.states import ACTIVE, BEFORE_PICKUP, ROAD, DeliveryStatus, may_follow
from fleetsync.core.events import Emit, change
from orders import services as orders

log = logging.getLogger(__name__)

D = DeliveryStatus
_FACTS: Final[Mapping[DeliveryStatus, type[DriverStep]]] = {
    D.EN_ROUTE_TO_PICKUP: DriverEnRouteToPickup,
    D.ARRIVED_AT_PICKUP: DriverArrivedAtPickup,
    D.PICKED_UP: DeliveryPickedUp,
    D.EN_ROUTE_TO_DROPOFF: DriverEnRouteToDropoff,
    D.ARRIVED_AT_DROPOFF: DriverArrivedAtDropoff,
    D.DELIVERED: DeliveryDelivered,
}
_MOMENTS: Final[Mapping[DeliveryStatus, str]] = {
    D.ARRIVED_AT_PICKUP: "arrived_at_pickup_at",
    D.PICKED_UP: "picked_up_at",
    D.ARRIVED_AT_DROPOFF: "arrived_at_dropoff_at",
    D.DELIVERED: "delivered_at",
}


def arrive(*, delivery_id: UUID, driver_id: UUID, now: datetime, actor: str, by: str = "tap") -> Delivery:
    """Note that the driver is at the delivery's next stop: the counter, else the door. May run twice.

    Locks the driver's deliveries.

    Raises:
        DeliveryNotFound: he does not hold it.
        WrongStep: it is cancelled, finished or on its way back.
    """
    with change(now=now, actor=actor) as emit:
        row, held = lock_delivery(delivery_id=delivery_id, driver_id=driver_id)
        goal = D.ARRIVED_AT_PICKUP if row.status in BEFORE_PICKUP else D.ARRIVED_AT_DROPOFF
        _advance(row, held, goal, now=now, by=by, emit=emit, actor=actor)
    return row


def pick_up(*, delivery_id: UUID, driver_id: UUID, now: datetime, actor: str, by: str = "tap") -> Delivery:
    """Note that the bag is on the vehicle; the order follows. May run twice.

    Raises:
        DeliveryNotFound: he does not hold it.
        WrongStep: it is cancelled, finished or on its way back.
        OrderClosed: the order was cancelled a moment ago.
    """
    with change(now=now, actor=actor) as emit:
        row, held = lock_delivery(delivery_id=delivery_id, driver_id=driver_id)
        _advance(row, held, D.PICKED_UP, now=now, by=by, emit=emit, actor=actor)
    return row


def drop_off(
    *, delivery_id: UUID, driver_id: UUID, now: datetime, actor: str, by: str = "tap", pin: str | None = None
) -> Delivery:
    """Note that it was handed over; the order follows, the driver has room again. May run twice.

    `pin` is checked wherever it is given; the zone's `require_pin` says whether it must be.

    Raises:
        DeliveryNotFound: he does not hold it.
        PinMissing: the zone wants the customer's PIN.
        PinWrong: it is not the customer's; the try is counted.
        PinLocked: too many tries were in vain.
        WrongStep: it is cancelled or on its way back.
        OrderClosed: the order was cancelled a moment ago.
    """
    with change(now=now, actor=actor) as emit:
        row, held = lock_delivery(delivery_id=delivery_id, driver_id=driver_id)
        open_door = row.status in ROAD and row.status != D.DELIVERED
        wrong = open_door and not _is_pin_right(row, pin)
        if wrong:
            _note_wrong(row, pin or "", driver_id=driver_id, emit=emit)
        else:
            _advance(row, held, D.DELIVERED, now=now, by=by, emit=emit, actor=actor)
    if wrong:
        raise errors.PinWrong(attr="pin", tries_left=row.pin_tries_left)
    return row


def _is_pin_right(row: Delivery, pin: str | None) -> bool:
    """Say whether the digits are the customer's, or none are asked for."""
    if not row.pin:
        return True
    if pin is None:
        if conf_of(row.zone.dispatch).require_pin:
            raise errors.PinMissing(attr="pin")
        return True
    if not row.pin_tries_left:
        raise errors.PinLocked(attr="pin")
    return secrets.compare_digest(pin.encode(), row.pin.encode())


def _note_wrong(row: Delivery, pin: str, *, driver_id: UUID, emit: Emit) -> None:
    """Count the digits, once however often they are sent."""
    if pin in row.wrong_pins:
        return
    row.wrong_pins = [*row.wrong_pins, pin]
    row.save(update_fields=["wrong_pins"])
    emit(PinRefused(**of_delivery(row), driver_id=driver_id, tries_left=row.pin_tries_left))


def waive_pin(*, delivery_id: UUID, reason: str, now: datetime, actor: str) -> Delivery:
    """Let it be handed over without the PIN: ops found out who stands at the door. May run twice.

    The log keeps `reason` and who decided.

    Raises:
        DeliveryNotFound: there is none.
        WrongStep: nobody carries it.
    """
    with change(now=now, actor=actor) as emit:
        row, _ = lock_delivery(delivery_id=delivery_id)
        if row.status not in ACTIVE:
            raise errors.WrongStep(delivery_status=row.status)
        if row.pin:
            row.pin = ""
            row.save(update_fields=["pin"])
            emit(PinWaived(**of_delivery(row), reason=reason))
    return row


def fail_dropoff(*, delivery_id: UUID, driver_id: UUID, reason: str, now: datetime, actor: str) -> Delivery:
    """Note that nobody took it at the door: the driver brings it back. May run twice.

    Raises:
        DeliveryNotFound: he does not hold it.
        WrongStep: it is not on board.
    """
    with change(now=now, actor=actor) as emit:
        row, held = lock_delivery(delivery_id=delivery_id, driver_id=driver_id)
        if row.status == D.RETURNING:
            return row
        if not may_follow(DeliveryStatus(row.status), D.UNDELIVERABLE):
            raise errors.WrongStep(delivery_status=row.status)
        row.status, row.reason = D.RETURNING, reason
        row.save(update_fields=["status", "reason"])
        emit(DeliveryUndeliverable(**of_delivery(row), driver_id=driver_id, reason=reason))
        emit(DeliveryReturning(**of_delivery(row), driver_id=driver_id))
        set_out(held=held, now=now, emit=emit)
        orders.mark_returning(order_id=row.order_id, reason=reason, now=now, actor=actor)
    return row


def return_delivery(*, delivery_id: UUID, driver_id: UUID, now: datetime, actor: str) -> Delivery:
    """Note that it is back at the restaurant. May run twice.

    Raises:
        DeliveryNotFound: he does not hold it.
        WrongStep: it is not on its way back.
    """
    with change(now=now, actor=actor) as emit:
        row, held = lock_delivery(delivery_id=delivery_id, driver_id=driver_id)
        if row.status == D.RETURNED:
            return row
        if not may_follow(DeliveryStatus(row.status), D.RETURNED):
            raise errors.WrongStep(delivery_status=row.status)
        row.status, row.closed_at = D.RETURNED, now
        row.save(update_fields=["status", "closed_at"])
        emit(DeliveryReturned(**of_delivery(row), driver_id=driver_id))
        drop_load(session_id=row.session_id, number=1, now=now, emit=emit, handed_over=True)
        set_out(held=[each for each in held if each.pk != row.pk], now=now, emit=emit)
        orders.mark_returned(order_id=row.order_id, now=now, actor=actor)
    return row


def _advance(
    row: Delivery, held: list[Delivery], goal: DeliveryStatus, *, now: datetime, by: str, emit: Emit, actor: str
) -> None:
    """Go every step up to `goal`, each its own event; nothing when it is there already.

    The order is asked last, as its row is locked after the session's.
    """
    if row.status not in ROAD or row.driver_id is None:
        raise errors.WrongStep(delivery_status=row.status)
    here, there = ROAD.index(DeliveryStatus(row.status)), ROAD.index(goal)
    if here >= there:
        return
    way = ROAD[here + 1 : there + 1]
    for step in way:
        row.status = step
        if moment := _MOMENTS.get(step):
            setattr(row, moment, now)
        emit(_FACTS[step](**of_delivery(row), driver_id=row.driver_id, by=by if step == goal else "implied"))
    if goal == D.DELIVERED:
        row.closed_at = now
    row.save(update_fields=["status", "closed_at", *_MOMENTS.values()])
    if goal == D.DELIVERED:
        drop_load(session_id=row.session_id, number=1, now=now, emit=emit, handed_over=True)
    set_out(held=[each for each in held if each.status in ACTIVE], now=now, emit=emit)
    if D.PICKED_UP in way:
        orders.mark_picked_up(order_id=row.order_id, now=now, actor=actor)
    if goal == D.DELIVERED:
        orders.mark_delivered(order_id=row.order_id, now=now, actor=actor)
    log.info("dispatch.delivery.step", extra={"delivery_id": str(row.pk), "status": str(goal), "by": by})
