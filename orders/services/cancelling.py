"""Calling an order off."""

from datetime import datetime
from uuid import UUID

from fleetsync.core.events import change
from fleetsync.core.ids import public
from orders import errors, events
from orders.models import Order
from orders.services.life import closed, ids_of, lock, log, save
from orders.states import CANCELLABLE, OPEN, CancelledBy, OrderStatus, reason_word


def cancel_order(*, order_id: UUID, by: CancelledBy, reason: str, now: datetime, actor: str) -> Order:
    """Call the order off, as far as `by` may at this stage (`states.CANCELLABLE`).

    Locks the order alone: an open offer or a driver on his way hears of it by the event.
    Cancelling twice is harmless.

    Raises:
        NotFound
        OrderClosed: it is over otherwise.
        CancelTooLate: the food is on the stove (for customers), or on the road (for all).
    """
    with change(now=now, actor=actor) as emit:
        order = lock(order_id)
        status = OrderStatus(order.status)
        if status == OrderStatus.CANCELLED:
            return order
        if status not in OPEN:
            raise closed(order)
        if status not in CANCELLABLE[by]:
            raise errors.CancelTooLate(
                f"The order is {status}: {by.lower()} can no longer cancel it.",
                order_id=public("order_id", order.pk),
                order_status=status,
            )
        save(order, status=OrderStatus.CANCELLED, reason=reason, closed_at=now)
        emit(events.OrderCancelled(**ids_of(order), reason=reason_word(reason), by=by))
        log.info("orders.order.cancelled", extra={"order_id": public("order_id", order.pk), "by": by})
    return order
