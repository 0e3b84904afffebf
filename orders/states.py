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
IN_KITCHEN: Final = frozenset({S.PLACED, S.ACCEPTED, S.PREPARING})  # what a kitchen's limit counts
OPEN: Final = frozenset({S.PLACED, S.ACCEPTED, S.PREPARING, S.READY, S.PICKED_UP, S.RETURNING})
CARRIABLE: Final = frozenset({S.ACCEPTED, S.PREPARING, S.READY})  # a driver may be found for it, or be on his way
KITCHEN_STEPS: Final = (S.PLACED, S.ACCEPTED, S.PREPARING, S.READY, S.PICKED_UP)

#: The two roads an order travels without being called off. A later tap implies the earlier steps.
ROADS: Final = ((*KITCHEN_STEPS, S.DELIVERED), (*KITCHEN_STEPS, S.RETURNING, S.RETURNED))


def may_follow(present: OrderStatus, new: OrderStatus) -> bool:
    """Say whether an order may go from `present` to `new`."""
    return new in FOLLOWERS[present]


def steps_to(present: OrderStatus, goal: OrderStatus) -> tuple[OrderStatus, ...] | None:
    """Return the steps from `present` to `goal` in order, the implied ones included.

    Empty where the order is there already or past it (a tap that comes twice or late is
    harmless); None where no road leads there.
    """
    for road in ROADS:
        if present in road and goal in road:
            return road[road.index(present) + 1 : road.index(goal) + 1]
    return None


class CancelledBy(models.TextChoices):
    """Whose wish a cancellation was."""

    CUSTOMER = "CUSTOMER"
    RESTAURANT = "RESTAURANT"
    OPS = "OPS"


#: Until when each may cancel. A customer may not once the food is on the stove; nobody may once it is on the road.
CANCELLABLE: Final[Mapping[CancelledBy, frozenset[OrderStatus]]] = {
    CancelledBy.CUSTOMER: frozenset({S.PLACED, S.ACCEPTED}),
    CancelledBy.RESTAURANT: frozenset({S.PLACED, S.ACCEPTED, S.PREPARING, S.READY}),
    CancelledBy.OPS: frozenset({S.PLACED, S.ACCEPTED, S.PREPARING, S.READY}),
}


class Reason(models.TextChoices):
    """Words for why; the event log knows only these, the order's row keeps the sentence that was said."""

    KITCHEN_SILENT = "kitchen-silent"
    TOO_BUSY = "too-busy"
    SOLD_OUT = "sold-out"
    CLOSING = "closing"
    CHANGED_MIND = "changed-mind"
    ORDERED_BY_MISTAKE = "ordered-by-mistake"
    TAKES_TOO_LONG = "takes-too-long"
    WRONG_ADDRESS = "wrong-address"
    NO_DRIVER = "no-driver"
    NOBODY_HOME = "nobody-home"
    REFUSED_AT_DOOR = "refused-at-door"
    UNSAFE = "unsafe"
    FRAUD = "fraud"
    OTHER = "other"


def reason_word(text: str) -> Reason:
    """Return the word for a reason somebody gave; free text is `other`, so that none gets into the log."""
    word = "-".join(text.lower().replace("_", " ").split())
    return Reason(word) if word in Reason.values else Reason.OTHER
