"""The driver's answer to an offer: acknowledge, accept, decline."""

import logging
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import Driver
from dispatch import errors
from dispatch.events import DeliveryAssigned, OfferAccepted, OfferDeclined
from dispatch.models import Delivery, DispatchJob, DriverSession, Offer
from dispatch.services.facts import of_delivery, of_offer
from dispatch.services.load import take_load
from dispatch.services.locks import lock_deliveries
from dispatch.services.setting_out import set_out
from dispatch.services.waking import kick_round
from dispatch.services.withdrawing import close_offers, reenter, withdraw
from dispatch.states import ACTIVE, DeliveryStatus, OfferStatus, may_follow
from fleetsync.core.events import Emit, change
from orders.errors import OrderClosed
from orders.services import require_open

log = logging.getLogger(__name__)


def ack_offer(*, offer_id: UUID, driver: Driver, now: datetime) -> Offer:
    """Note that the offer, and its batch, is on the driver's phone. May run twice.

    Raises:
        OfferNotFound: the offer does not exist or is another driver's.
    """
    offer = Offer.objects.filter(pk=offer_id, driver=driver).select_related("delivery").first()
    if offer is None:
        raise errors.OfferNotFound
    if offer.status == OfferStatus.OPEN and offer.acked_at is None:
        offer.acked_at = now
        Offer.objects.filter(batch_id=offer.batch_id, driver=driver, status=OfferStatus.OPEN, acked_at=None).update(
            acked_at=now
        )
    return offer


def note_seen(*, driver: Driver, now: datetime) -> None:
    """Note that the driver's open offers were read by his app: that is an acknowledgement."""
    Offer.objects.filter(driver=driver, status=OfferStatus.OPEN, acked_at=None).update(acked_at=now)


def accept_offer(*, offer_id: UUID, driver: Driver, now: datetime, actor: str) -> Delivery:
    """Give the delivery, and its batch, to the driver who says yes first.

    Locks deliveries, offers, the session and the orders, in this order, so two drivers
    cannot both win. A batch is accepted whole or not at all. Accepting twice is harmless.

    Raises:
        OfferNotFound: the offer does not exist or is another driver's.
        DeliveryTaken: someone else was faster, or the order was cancelled.
        OfferExpired: it was declined, withdrawn or is past `expires_at`.
        DriverFull: he holds too much already.
    """
    with change(now=now, actor=actor) as emit:
        batch = Offer.objects.filter(pk=offer_id, driver=driver).values_list("batch_id", flat=True).first()
        if batch is None:
            raise errors.OfferNotFound
        wanted = Offer.objects.filter(batch_id=batch, driver=driver).values_list("delivery_id", flat=True)
        delivery_ids = sorted(wanted)
        locked = lock_deliveries(ids=delivery_ids, driver_id=driver.pk)
        offers = _lock_offers(batch=batch, driver=driver, delivery_ids=delivery_ids)
        mine = [offer for offer in offers if offer.batch_id == batch and offer.driver_id == driver.pk]
        offer = next(each for each in mine if each.pk == offer_id)
        if offer.status == OfferStatus.ACCEPTED:
            return locked[offer.delivery_id]
        taken = [locked[each] for each in delivery_ids]
        _require_acceptable(mine, taken, now)
        load = take_load(session_id=offer.session_id, number=len(mine))
        if load is None:
            live = DriverSession.objects.filter(pk=offer.session_id, ended_at=None).exists()
            raise errors.DriverFull if live else errors.OfferExpired
        for delivery in sorted(taken, key=lambda row: row.order_id):
            try:
                require_open(order_id=delivery.order_id)
            except OrderClosed as error:
                raise errors.DeliveryTaken from error
        _assign(mine, locked, now, emit)
        rivals = [each for each in offers if each.status == OfferStatus.OPEN and each not in mine]
        withdraw(offers=rivals, deliveries=locked, reason="taken", now=now, emit=emit)
        held = [row for row in locked.values() if row.driver_id == driver.pk and row.status in ACTIVE]
        set_out(held=held, now=now, emit=emit)
    log.info("dispatch.offer.accepted", extra={"offer_id": str(offer_id), "driver_id": str(driver.pk)})
    return locked[offer.delivery_id]


def decline_offer(*, offer_id: UUID, driver: Driver, reason: str, now: datetime, actor: str) -> Offer:
    """Say no to an offer and its batch; the search goes on at once without this driver.

    Declining twice is harmless. Locks deliveries, then offers.

    Raises:
        OfferNotFound: the offer does not exist or is another driver's.
        OfferExpired: it is answered, withdrawn or expired already.
    """
    with change(now=now, actor=actor) as emit:
        batch = Offer.objects.filter(pk=offer_id, driver=driver).values_list("batch_id", flat=True).first()
        if batch is None:
            raise errors.OfferNotFound
        wanted = Offer.objects.filter(batch_id=batch, driver=driver).values_list("delivery_id", flat=True)
        locked = lock_deliveries(ids=list(wanted))
        mine = list(
            Offer.objects.select_for_update(of=("self",), no_key=True)
            .filter(batch_id=batch, driver=driver)
            .order_by("pk")
        )
        offer = next(each for each in mine if each.pk == offer_id)
        if offer.status == OfferStatus.DECLINED:
            return offer
        if offer.status != OfferStatus.OPEN:
            raise errors.OfferExpired
        open_ones = [each for each in mine if each.status == OfferStatus.OPEN]
        close_offers(offers=open_ones, status=OfferStatus.DECLINED, reason=reason, now=now)
        for each in open_ones:
            emit(OfferDeclined(**of_offer(each, locked[each.delivery_id]), reason=reason))
        reenter(delivery_ids=list(locked), now=now, refused=True)
        for zone_id in DispatchJob.objects.filter(delivery__in=list(locked)).values_list("zone_id", flat=True):
            kick_round(zone_id=zone_id, now=now)
    return offer


def _lock_offers(*, batch: UUID, driver: Driver, delivery_ids: Iterable[UUID]) -> list[Offer]:
    """Lock the driver's batch and every other open offer of the same deliveries, by id."""
    rivals = Q(delivery_id__in=list(delivery_ids), status=OfferStatus.OPEN)
    which = Q(batch_id=batch, driver=driver) | rivals
    return list(Offer.objects.select_for_update(of=("self",), no_key=True).filter(which).order_by("pk"))


def _require_acceptable(mine: list[Offer], taken: list[Delivery], now: datetime) -> None:
    for delivery in taken:
        if delivery.driver_id is not None or not may_follow(DeliveryStatus(delivery.status), DeliveryStatus.ASSIGNED):
            raise errors.DeliveryTaken
    for offer in mine:
        if offer.status != OfferStatus.OPEN or now >= offer.expires_at:
            raise errors.OfferExpired


def _assign(mine: list[Offer], locked: dict[UUID, Delivery], now: datetime, emit: Emit) -> None:
    for offer in mine:
        delivery = locked[offer.delivery_id]
        delivery.status = DeliveryStatus.ASSIGNED
        delivery.driver_id, delivery.session_id = offer.driver_id, offer.session_id
        delivery.batch_id, delivery.drop_sequence = offer.batch_id, offer.drop_sequence
        delivery.pickup_eta_at, delivery.dropoff_eta_at = offer.pickup_eta_at, offer.dropoff_eta_at
        delivery.assigned_at, delivery.reason = now, ""
        delivery.save(
            update_fields=[
                "status",
                "driver",
                "session",
                "batch_id",
                "drop_sequence",
                "pickup_eta_at",
                "dropoff_eta_at",
                "assigned_at",
                "reason",
            ]
        )
        offer.status, offer.answered_at = OfferStatus.ACCEPTED, now
        offer.acked_at = offer.acked_at or now
        offer.save(update_fields=["status", "answered_at", "acked_at"])
        emit(OfferAccepted(**of_offer(offer, delivery)))
        emit(
            DeliveryAssigned(
                **of_delivery(delivery),
                driver_id=offer.driver_id,
                offer_id=offer.pk,
                by="offer",
                pickup_eta_at=offer.pickup_eta_at,
                dropoff_eta_at=offer.dropoff_eta_at,
            )
        )
    DispatchJob.objects.filter(delivery__in=[offer.delivery_id for offer in mine]).update(searching=False)
