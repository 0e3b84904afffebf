"""What all steps of an order share: its lock, and the walk along its road."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fleetsync.core.errors import IllegalTransition, NotFound
from fleetsync.core.events import Emit
from fleetsync.core.ids import public
from orders import errors, events
from orders.models import Order
from orders.states import CARRIABLE, OPEN, OrderStatus, reason_word, steps_to

log = logging.getLogger(__name__)
S = OrderStatus


def lock(order_id: UUID) -> Order:
    """Return the order with its row locked; call inside a transaction.

    FOR NO KEY UPDATE: a foreign key checked at a COMMIT that holds a stream head must not wait for it.

    Raises:
        NotFound: there is none.
    """
    order = Order.objects.select_for_update(of=("self",), no_key=True).filter(pk=order_id).first()
    if order is None:
        raise NotFound(order_id=public("order_id", order_id))
    return order


def require_open(*, order_id: UUID) -> Order:
    """Lock the order and return it if it may still be carried (ACCEPTED, PREPARING, READY).

    Raises:
        OrderClosed: it is in any other state.
    """
    order = lock(order_id)
    if order.status not in CARRIABLE:
        raise closed(order)
    return order


def closed(order: Order) -> errors.OrderClosed:
    """Return the refusal that says in which state the order is."""
    return errors.OrderClosed(
        f"The order is {order.status}.", order_id=public("order_id", order.pk), order_status=order.status
    )


def refusal(order: Order, step: str) -> errors.OrderClosed | IllegalTransition:
    """Return why `step` cannot be taken: the order is closed, or not that far or too far."""
    if order.status not in OPEN:
        return closed(order)
    return IllegalTransition(
        f"The order is {order.status}: it cannot be {step}.",
        order_id=public("order_id", order.pk),
        order_status=order.status,
    )


def ids_of(order: Order) -> dict[str, UUID]:
    """Return the ids that every event of an order carries."""
    return {"order_id": order.pk, "restaurant_id": order.restaurant_id, "zone_id": order.zone_id}


def advance(
    order: Order,
    goal: OrderStatus,
    *,
    now: datetime,
    emit: Emit,
    ready_at: datetime | None = None,
    reason: str = "",
) -> bool:
    """Take the locked order to `goal`, step by step, each step an event; say whether it moved.

    An order that is there already, or past it, stays as it is. `ready_at` goes with an
    acceptance, `reason` with a return.

    Raises:
        OrderClosed: no road leads there any more.
    """
    steps = steps_to(OrderStatus(order.status), goal)
    if steps is None:
        raise closed(order)
    changed: dict[str, Any] = {}
    for step in steps:
        changed |= _ENTER[step](order, now, emit, ready_at if goal == S.ACCEPTED else None, reason)
    if steps:
        save(order, status=goal, **changed)
        log.info("orders.order.moved", extra={"order_id": public("order_id", order.pk), "status": goal})
    return bool(steps)


def save(order: Order, **fields: Any) -> None:
    """Write these fields of a locked order."""
    for name, value in fields.items():
        setattr(order, name, value)
    order.save(update_fields=list(fields))


_Enter = Callable[[Order, datetime, Emit, datetime | None, str], dict[str, Any]]


def _accepted(order: Order, now: datetime, emit: Emit, ready_at: datetime | None, reason: str) -> dict[str, Any]:
    promise = ready_at or now + timedelta(minutes=order.restaurant.preparation_min)
    emit(events.OrderAccepted(**ids_of(order), ready_at=promise))
    return {"accepted_at": now, "ready_at": promise}


def _preparing(order: Order, now: datetime, emit: Emit, ready_at: datetime | None, reason: str) -> dict[str, Any]:
    emit(events.OrderPreparing(**ids_of(order)))
    return {}


def _ready(order: Order, now: datetime, emit: Emit, ready_at: datetime | None, reason: str) -> dict[str, Any]:
    emit(events.OrderReady(**ids_of(order), ready_at=now))
    return {"food_ready_at": now}


def _picked_up(order: Order, now: datetime, emit: Emit, ready_at: datetime | None, reason: str) -> dict[str, Any]:
    emit(events.OrderPickedUp(**ids_of(order)))
    return {"picked_up_at": now}


def _delivered(order: Order, now: datetime, emit: Emit, ready_at: datetime | None, reason: str) -> dict[str, Any]:
    emit(events.OrderDelivered(**ids_of(order)))
    return {"delivered_at": now}


def _returning(order: Order, now: datetime, emit: Emit, ready_at: datetime | None, reason: str) -> dict[str, Any]:
    emit(events.OrderReturning(**ids_of(order), reason=reason_word(reason)))
    return {"reason": reason}


def _returned(order: Order, now: datetime, emit: Emit, ready_at: datetime | None, reason: str) -> dict[str, Any]:
    emit(events.OrderReturned(**ids_of(order)))
    return {"closed_at": now}


_ENTER: Final[dict[OrderStatus, _Enter]] = {
    S.ACCEPTED: _accepted,
    S.PREPARING: _preparing,
    S.READY: _ready,
    S.PICKED_UP: _picked_up,
    S.DELIVERED: _delivered,
    S.RETURNING: _returning,
    S.RETURNED: _returned,
}
