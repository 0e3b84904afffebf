"""Offers that nobody answered: expired, or never on the phone."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from dispatch.events import OfferExpired, OfferUndelivered
from dispatch.models import Delivery, DispatchJob, Offer
from dispatch.services.facts import of_offer
from dispatch.services.locks import lock_deliveries
from dispatch.services.waking import kick_round
from dispatch.services.withdrawing import close_offers, reenter
from dispatch.states import OfferStatus
from fleetsync.core.events import Emit, change

log = logging.getLogger(__name__)


def expire_offers(*, batch_id: UUID, now: datetime) -> int:
    """End the open offers of a batch whose time is over; return how many. The search goes on at once.

    May run twice, and beside an acceptance: whoever has the delivery's lock first wins.
    """

    def tell(offer: Offer, delivery: Delivery, emit: Emit) -> None:
        emit(OfferExpired(**of_offer(offer, delivery)))

    return _lapse(batch_id, Q(expires_at__lte=now), OfferStatus.EXPIRED, tell, refused=True, now=now)


def drop_unseen_offers(*, batch_id: UUID, now: datetime, real_now: datetime) -> int:
    """End the open offers of a batch that no phone confirmed; return how many. It does not count against the driver."""

    def tell(offer: Offer, delivery: Delivery, emit: Emit) -> None:
        emit(OfferUndelivered(**of_offer(offer, delivery)))

    unseen = Q(acked_at=None, ack_by__lte=real_now)
    return _lapse(batch_id, unseen, OfferStatus.UNDELIVERED, tell, refused=False, now=now)


def _lapse(
    batch_id: UUID,
    which: Q,
    status: OfferStatus,
    tell: Callable[[Offer, Delivery, Emit], None],
    *,
    refused: bool,
    now: datetime,
) -> int:
    with change(now=now, actor="relay") as emit:
        lapsed = Offer.objects.filter(which, batch_id=batch_id, status=OfferStatus.OPEN)
        locked = lock_deliveries(ids=list(lapsed.values_list("delivery_id", flat=True)))
        offers = list(lapsed.select_for_update(of=("self",), no_key=True).order_by("pk"))
        if not offers:
            return 0
        close_offers(offers=offers, status=status, reason="", now=now)
        for offer in offers:
            tell(offer, locked[offer.delivery_id], emit)
        asked = [offer.delivery_id for offer in offers]
        reenter(delivery_ids=asked, now=now, refused=refused)
        for zone_id in DispatchJob.objects.filter(delivery__in=asked).values_list("zone_id", flat=True).distinct():
            kick_round(zone_id=zone_id, now=now)
    return len(offers)
