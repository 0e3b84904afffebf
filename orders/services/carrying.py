"""What the driver's steps mean for the order. Dispatch calls these inside its own change."""

from datetime import datetime
from uuid import UUID

from fleetsync.core.events import change
from orders.models import Order
from orders.services.life import advance, lock
from orders.states import OrderStatus


def mark_picked_up(*, order_id: UUID, now: datetime, actor: str) -> Order:
    """Say that the bag has left the restaurant; implies everything the kitchen did not say.

    Locks the order. Twice is harmless.

    Raises:
        NotFound
        OrderClosed: it was rejected or cancelled.
    """
    return _walk(order_id, OrderStatus.PICKED_UP, now, actor)


def mark_delivered(*, order_id: UUID, now: datetime, actor: str) -> Order:
    """Say that it was handed over; implies the pick-up. Locks the order. Twice is harmless.

    Raises:
        NotFound
        OrderClosed: it was called off, or is on its way back.
    """
    return _walk(order_id, OrderStatus.DELIVERED, now, actor)


def mark_returning(*, order_id: UUID, reason: str, now: datetime, actor: str) -> Order:
    """Say that nobody took it at the door and it comes back. Locks the order. Twice is harmless.

    Raises:
        NotFound
        OrderClosed: it was called off or delivered.
    """
    return _walk(order_id, OrderStatus.RETURNING, now, actor, reason)


def mark_returned(*, order_id: UUID, now: datetime, actor: str) -> Order:
    """Say that it is back at the restaurant. Locks the order. Twice is harmless.

    Raises:
        NotFound
        OrderClosed: it was called off or delivered.
    """
    return _walk(order_id, OrderStatus.RETURNED, now, actor)


def _walk(order_id: UUID, goal: OrderStatus, now: datetime, actor: str, reason: str = "") -> Order:
    with change(now=now, actor=actor) as emit:
        order = lock(order_id)
        advance(order, goal, now=now, emit=emit, reason=reason)
    return order
