"""One function per verb; the only place that writes quotes and orders."""

from orders.services.cancelling import cancel_order
from orders.services.carrying import mark_delivered, mark_picked_up, mark_returned, mark_returning
from orders.services.forgetting import forget_quotes
from orders.services.kitchen import (
    accept_order,
    delay_order,
    mark_preparing,
    mark_ready,
    reject_if_silent,
    reject_order,
)
from orders.services.life import require_open
from orders.services.placing import Door, code_of, make_quote, place_order, place_quoted_order
from orders.services.reviewing import rate_order, tip_order

__all__ = [
    "Door",
    "accept_order",
    "cancel_order",
    "code_of",
    "delay_order",
    "forget_quotes",
    "make_quote",
    "mark_delivered",
    "mark_picked_up",
    "mark_preparing",
    "mark_ready",
    "mark_returned",
    "mark_returning",
    "place_order",
    "place_quoted_order",
    "rate_order",
    "reject_if_silent",
    "reject_order",
    "require_open",
    "tip_order",
]
