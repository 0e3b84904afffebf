"""What a driver's socket may ask besides topics."""

from datetime import datetime

from dispatch.errors import OfferNotFound
from dispatch.services import ack_offer
from fleetsync.core import ids
from tracking.selectors import Viewer


def acknowledge(*, offer_id: str, viewer: Viewer, now: datetime) -> None:
    """Note that an offer is on the driver's screen.

    Raises:
        OfferNotFound: there is none, or it is another driver's.
    """
    try:
        key = ids.private("offer_id", offer_id)
    except ids.BadId as error:
        raise OfferNotFound from error
    if viewer.user is None:
        raise OfferNotFound
    ack_offer(offer_id=key, driver=viewer.user.driver, now=now)
