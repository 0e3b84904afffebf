"""What the kitchen does with an order, and what its silence does."""

from datetime import datetime, timedelta
from uuid import UUID

from fleetsync.core.errors import InvalidInput
from fleetsync.core.events import change
from orders import events
from orders.conf import LONGEST_PREPARATION
from orders.models import Order
from orders.services.life import advance, ids_of, lock, refusal, save
from orders.states import OrderStatus, Reason, reason_word

S = OrderStatus


def accept_order(
    *,
    order_id: UUID,
    now: datetime,
    actor: str,
    ready_at: datetime | None = None,
    preparation: timedelta | None = None,
) -> Order:
    """Take the order on: ready at `ready_at`, or after `preparation`, or after the usual time.

    A moment already past means now. Accepting twice is harmless and moves nothing: a
    kitchen that needs longer says so with `delay_order`.

    Raises:
        NotFound, OrderClosed
        InvalidInput: both were given, or the promise is more than four hours away.
    """
    if ready_at is not None and preparation is not None:
        raise InvalidInput("Give ready_at or preparation_min, not both.", attr="ready_at")
    promise = now + preparation if preparation is not None else ready_at
    if promise is not None:
        promise = _believable(promise, now, "ready_at" if preparation is None else "preparation_min")
    with change(now=now, actor=actor) as emit:
        order = lock(order_id)
        advance(order, S.ACCEPTED, now=now, emit=emit, ready_at=promise)
    return order


def reject_order(*, order_id: UUID, reason: str, now: datetime, actor: str) -> Order:
    """Refuse the order; rejecting twice is harmless.

    Raises:
        NotFound, OrderClosed
        IllegalTransition: it was accepted; then it can only be cancelled.
    """
    with change(now=now, actor=actor) as emit:
        order = lock(order_id)
        if order.status == S.REJECTED:
            return order
        if order.status != S.PLACED:
            raise refusal(order, "rejected")
        save(order, status=S.REJECTED, reason=reason, closed_at=now)
        emit(events.OrderRejected(**ids_of(order), reason=reason_word(reason)))
    return order


def reject_if_silent(*, order_id: UUID, now: datetime) -> bool:
    """Reject an order whose kitchen has not answered by `accept_by`; say whether it did."""
    with change(now=now, actor="relay") as emit:
        order = lock(order_id)
        if order.status != S.PLACED or order.accept_by > now:
            return False
        save(order, status=S.REJECTED, reason=Reason.KITCHEN_SILENT, closed_at=now)
        emit(events.OrderRejected(**ids_of(order), reason=Reason.KITCHEN_SILENT))
    return True


def mark_preparing(*, order_id: UUID, now: datetime, actor: str) -> Order:
    """Say that it is being cooked; implies the acceptance.

    Raises:
        NotFound, OrderClosed
    """
    with change(now=now, actor=actor) as emit:
        order = lock(order_id)
        advance(order, S.PREPARING, now=now, emit=emit)
    return order


def mark_ready(*, order_id: UUID, now: datetime, actor: str) -> Order:
    """Say that it waits at the counter; implies acceptance and preparation. Needs no driver.

    Raises:
        NotFound, OrderClosed
    """
    with change(now=now, actor=actor) as emit:
        order = lock(order_id)
        advance(order, S.READY, now=now, emit=emit)
    return order


def delay_order(
    *,
    order_id: UUID,
    now: datetime,
    actor: str,
    ready_at: datetime | None = None,
    later: timedelta | None = None,
    reason: str = "",
) -> Order:
    """Move the promised moment to `ready_at`, or `later` than promised (than now, if that is past).

    An earlier moment is welcome too. The same moment again changes nothing.

    Raises:
        NotFound, OrderClosed
        IllegalTransition: not accepted yet, or already said ready.
        InvalidInput: not exactly one of both was given, or it is more than four hours away.
    """
    if (ready_at is None) == (later is None):
        raise InvalidInput("Give ready_at or minutes, one of them.", attr="ready_at")
    with change(now=now, actor=actor) as emit:
        order = lock(order_id)
        if order.status not in (S.ACCEPTED, S.PREPARING) or order.ready_at is None:
            raise refusal(order, "delayed")
        if later is not None:
            moved = _believable(max(order.ready_at, now) + later, now, "minutes")
        else:
            moved = _believable(ready_at or now, now, "ready_at")
        if moved != order.ready_at:
            save(order, ready_at=moved)
            emit(events.OrderDelayed(**ids_of(order), ready_at=moved, reason=reason_word(reason)))
    return order


def _believable(promise: datetime, now: datetime, attr: str) -> datetime:
    """Return the promise, not before `now`.

    Raises:
        InvalidInput: it is further away than any kitchen plans.
    """
    if promise - now > LONGEST_PREPARATION:
        raise InvalidInput("A kitchen cannot promise more than four hours ahead.", attr=attr)
    return max(promise, now)
