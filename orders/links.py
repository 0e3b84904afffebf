"""The public tracking link: whoever holds it may look, nobody can make one up."""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer

from fleetsync.core import ids
from orders.errors import TrackingLinkInvalid

SALT: Final = "tracking"


def _signer() -> Signer:
    return Signer(salt=SALT, sep=".")


def tracking_token(order_id: UUID) -> str:
    """Return the order's token: its public id and our signature."""
    return _signer().sign(ids.public("order_id", order_id))


def order_of_token(token: str) -> UUID:
    """Return the order behind a token.

    Raises:
        TrackingLinkInvalid: not signed by us.
    """
    try:
        return ids.private("order_id", _signer().unsign(token))
    except (BadSignature, ids.BadId) as error:
        raise TrackingLinkInvalid from error


def tracking_url(order_id: UUID) -> str:
    """Return the address of the public page, for a message or a QR code."""
    return f"{settings.FLEETSYNC_PUBLIC_URL.rstrip('/')}/track/{tracking_token(order_id)}"


def status_url(order_id: UUID) -> str:
    """Return where the order's present state can be read."""
    return f"/api/v1/orders/{ids.public('order_id', order_id)}"
