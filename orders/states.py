"""The life of an order: a table; tests walk every pair of it."""

from collections.abc import Mapping
from typing import Final

from django.db import models


class OrderStatus(models.TextChoices):
    """Sale and kitchen. Who carries it is the delivery's business."""

    PLACED = "PLACED"  # bought; the kitchen has not answered
    ACCEPTED = "ACCEPTED"  # the kitchen will cook it
    PREPARING = "PREPARING"  # it is being cooked
    READY = "READY"  # it waits at the counter
    PICKED_UP = "PICKED_UP"  # the bag has left the restaurant
    DELIVERED = "DELIVERED"
    REJECTED = "REJECTED"  # refused, or the kitchen was silent past its deadline
    CANCELLED = "CANCELLED"
    RETURNING = "RETURNING"  # nobody took it at the door
    RETURNED = "RETURNED"


S = OrderStatus
FOLLOWERS: Final[Mapping[OrderStatus, frozenset[OrderStatus]]] = {
    S.PLACED: frozenset({S.ACCEPTED, S.REJECTED, S.CANCELLED}),
    S.ACCEPTED: frozenset({S.PREPARING, S.CANCELLED}),
    S.PREPARING: frozenset({S.READY, S.CANCELLED}),
    S.READY: frozenset({S.PICKED_UP, S.CANCELLED}),
    S.PICKED_UP: frozenset({S.DELIVERED, S.RETURNING}),
    S.RETURNING: frozenset({S.RETURNED}),
    S.DELIVERED: frozenset(),
    S.REJECTED: frozenset(),
    S.CANCELLED: frozenset(),
    S.RETURNED: frozenset(),
}
OPEN: Final = frozenset({S.PLACED, S.ACCEPTED, S.PREPARING, S.READY, S.PICKED_UP, S.RETURNING})
KITCHEN_STEPS: Final = (S.PLACED, S.ACCEPTED, S.PREPARING, S.READY, S.PICKED_UP)


def may_follow(present: OrderStatus, new: OrderStatus) -> bool:
    """Say whether an order may go from `present` to `new`."""
    return new in FOLLOWERS[present]
