"""The kitchen's silence: `accept_by` past, no answer, the order is rejected."""

from datetime import datetime

from fleetsync.core import timers
from orders import selectors, services


def reject_unanswered(now: datetime) -> int:
    """Reject every order whose kitchen is silent past `accept_by`, each in its own transaction."""
    return timers.run_each(
        "orders.kitchen_silence",
        selectors.unanswered_at(now),
        lambda order_id: services.reject_if_silent(order_id=order_id, now=now),
    )


timers.register("orders.kitchen_silence", next_due=selectors.next_unanswered, run_due=reject_unanswered)
