"""Who may take which step. Whether the order exists for somebody is decided by `visible_to`, before."""

from accounts.models import User
from accounts.states import Role
from fleetsync.core.errors import NotAllowed
from orders.states import CancelledBy


def require_kitchen(user: User) -> None:
    """Let the staff of the order's restaurant and ops answer for the kitchen.

    Raises:
        NotAllowed: the customer or the driver of the order.
    """
    if not (user.is_ops or user.role == Role.RESTAURANT):
        raise NotAllowed


def cancels_as(user: User) -> CancelledBy:
    """Return as whom this user cancels an order that he sees.

    Raises:
        NotAllowed: drivers give a delivery back; they cancel nothing.
    """
    if user.is_ops:
        return CancelledBy.OPS
    if user.role == Role.RESTAURANT:
        return CancelledBy.RESTAURANT
    if user.role == Role.CUSTOMER:
        return CancelledBy.CUSTOMER
    raise NotAllowed
