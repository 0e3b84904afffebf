"""Who may set what. Which restaurant it is about is decided by `managed_by`, before."""

from collections.abc import Iterable
from typing import Final

from accounts.models import User
from fleetsync.core.errors import NotAllowed

#: What a restaurant is to its city: where it is, how far it delivers, under what name, and whether it is shown.
KEPT_BY_OPS: Final = ("name", "published", "address", "position", "delivery_radius_m")


def require_settings_of(*, user: User, names: Iterable[str]) -> None:
    """Leave what a restaurant is to its city to ops; its staff set the rest.

    Raises:
        NotAllowed: staff of a restaurant name one of `KEPT_BY_OPS`; `attr` says which.
    """
    kept = [] if user.is_ops else [name for name in KEPT_BY_OPS if name in names]
    if kept:
        raise NotAllowed("Ask dispatch staff to change this.", attr=kept[0])


def require_ops(*, user: User) -> None:
    """Leave it to ops.

    Raises:
        NotAllowed: for everybody else.
    """
    if not user.is_ops:
        raise NotAllowed
