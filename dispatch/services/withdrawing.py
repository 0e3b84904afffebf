"""Taking questions back, and letting a delivery search again."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import F

from dispatch.events import OfferWithdrawn
from dispatch.models import Delivery, DispatchJob, Offer
from dispatch.services.facts import of_offer
from dispatch.services.waking import kick_round
from dispatch.states import OfferStatus
from fleetsync.core.events import Emit


def close_offers(*, offers: Collection[Offer], status: OfferStatus, reason: str, now: datetime) -> None:
    """Write the end of open offers that the caller has locked."""
    for offer in offers:
        offer.status, offer.reason, offer.answered_at = status, reason, now
    Offer.objects.filter(pk__in=[offer.pk for offer in offers]).update(
        status=status, reason=reason[:64], answered_at=now
    )


def withdraw(
    *, offers: Collection[Offer], deliveries: Mapping[UUID, Delivery], reason: str, now: datetime, emit: Emit
) -> None:
    """Withdraw open offers that the caller has locked; `reason` is taken, cancelled, driver-offline, …"""
    if not offers:
        return
    missing = {offer.delivery_id for offer in offers} - set(deliveries)
    known = {**deliveries, **{row.pk: row for row in Delivery.objects.filter(pk__in=missing)}}
    close_offers(offers=offers, status=OfferStatus.WITHDRAWN, reason=reason, now=now)
    for offer in offers:
        emit(OfferWithdrawn(**of_offer(offer, known[offer.delivery_id]), reason=reason))


def take_back(
    *,
    offers: Collection[Offer],
    deliveries: Mapping[UUID, Delivery],
    reason: str,
    now: datetime,
    emit: Emit,
    but: UUID | None = None,
) -> None:
    """Withdraw open offers that the caller has locked; others are asked about their deliveries at once.

    Offers of one batch fall together: the delivery that is the reason (`but`) is the caller's
    affair, the others of its batch search on as if nobody had been asked.
    """
    withdraw(offers=offers, deliveries=deliveries, reason=reason, now=now, emit=emit)
    others = {offer.delivery_id for offer in offers} - {but}
    if not others:
        return
    reenter(delivery_ids=others, now=now, refused=False)
    zones = DispatchJob.objects.filter(delivery__in=others, searching=True).order_by("zone_id")
    for zone_id in zones.values_list("zone_id", flat=True).distinct():
        kick_round(zone_id=zone_id, now=now)


def reenter(*, delivery_ids: Iterable[UUID], now: datetime, refused: bool) -> None:
    """Let searching deliveries be looked at in the next round; a refusal is no reason to back off."""
    jobs = DispatchJob.objects.filter(delivery__in=list(delivery_ids), searching=True)
    if refused:
        jobs.update(next_attempt_at=now, refusals=F("refusals") + 1)
    else:
        jobs.update(next_attempt_at=now)
