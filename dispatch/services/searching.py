"""The search of a delivery: opened, put right when the kitchen's promise moves, given up, cancelled, re-opened."""

import logging
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Sum

from dispatch import errors
from dispatch.events import (
    DeliveryCancelled,
    DeliveryHeld,
    DeliveryOpened,
    DeliveryPrioritized,
    DeliveryReleased,
    DeliveryReopened,
    NoDriverFound,
)
from dispatch.models import Delivery, DispatchJob, Offer
from dispatch.services.facts import of_delivery
from dispatch.services.load import drop_load
from dispatch.services.locks import lock_delivery, lock_open_offers
from dispatch.services.setting_out import set_out
from dispatch.services.waking import ensure_round, kick_round
from dispatch.services.withdrawing import take_back
from dispatch.states import BEFORE_PICKUP, FINISHED, DeliveryStatus, OfferStatus, may_follow
from fleetsync.core.events import change
from orders.models import Order
from orders.states import OrderStatus
from restaurants import selectors as restaurants

log = logging.getLogger(__name__)

_TO_CARRY = frozenset({OrderStatus.ACCEPTED, OrderStatus.PREPARING, OrderStatus.READY})


def open_delivery(*, order_id: UUID, ready_at: datetime, now: datetime, actor: str = "relay") -> Delivery | None:
    """Begin the search for a driver; None when the order is over already. May run twice."""
    found = Delivery.objects.filter(order_id=order_id).first()
    if found is not None:
        return found
    order = Order.objects.select_related("restaurant").get(pk=order_id)
    if order.status not in _TO_CARRY:
        return None
    pieces = order.lines.aggregate(pieces=Sum("quantity"))["pieces"] or 1
    late = restaurants.expected_lateness(restaurant=order.restaurant, at=order.accepted_at or now, pieces=pieces)
    with change(now=now, actor=actor) as emit:
        delivery, new = Delivery.objects.get_or_create(
            order_id=order_id,
            defaults={
                "restaurant_id": order.restaurant_id,
                "zone_id": order.restaurant.zone_id,
                "status": DeliveryStatus.SEARCHING,
                "pickup_point": order.restaurant.point,
                "dropoff_point": order.dropoff_point,
                "ready_at": max(now, ready_at + timedelta(seconds=late.late_s)) if late.orders else ready_at,
                "stated_ready_at": ready_at,
                "ready_late_s": late.late_s,
                "ready_std_s": late.std_s,
                "promised_at": order.promised_at,
                "created_at": now,
                "pin": f"{secrets.randbelow(10_000):04d}",
            },
        )
        if new:
            ensure_round(zone_id=delivery.zone_id, now=now)
            DispatchJob.objects.create(delivery=delivery, zone_id=delivery.zone_id, next_attempt_at=now)
            emit(DeliveryOpened(**of_delivery(delivery), ready_at=ready_at))
            kick_round(zone_id=delivery.zone_id, now=now)
    return delivery


def note_ready(*, order_id: UUID, ready_at: datetime, now: datetime) -> None:
    """Take over that the food waits since `ready_at`: nothing is uncertain any more. May run twice."""
    _move_ready(order_id=order_id, ready_at=ready_at, ready_std_s=0.0, now=now)


def note_delay(*, order_id: UUID, ready_at: datetime, now: datetime) -> None:
    """Take over the kitchen's new promise. May run twice.

    A later one is believed from where the kitchen was expected anyway, an earlier one is
    late by what the kitchen usually is.
    """
    row = (
        Delivery.objects.filter(order_id=order_id).values_list("stated_ready_at", "ready_late_s", "ready_std_s").first()
    )
    if row is None:
        return
    stated_at, late_s, std_s = row
    usual_at = min(ready_at, stated_at or ready_at) + timedelta(seconds=late_s)
    _move_ready(order_id=order_id, ready_at=max(ready_at, usual_at), ready_std_s=std_s, now=now)


def _move_ready(*, order_id: UUID, ready_at: datetime, ready_std_s: float, now: datetime) -> None:
    moved = Delivery.objects.filter(order_id=order_id).exclude(ready_at=ready_at, ready_std_s=ready_std_s)
    if not moved.update(ready_at=ready_at, ready_std_s=ready_std_s):
        return
    job = DispatchJob.objects.filter(delivery__order_id=order_id, searching=True).first()
    if job is not None:
        kick_round(zone_id=job.zone_id, now=now)


def cancel_delivery(*, order_id: UUID, reason: str, now: datetime, actor: str = "relay") -> None:
    """Follow a cancelled order: open offers are withdrawn, a driver who held it is free of it.

    May run twice; does nothing where there is no delivery. Locks delivery, offers, session.
    """
    delivery_id = Delivery.objects.filter(order_id=order_id).values_list("pk", flat=True).first()
    if delivery_id is None:
        return
    with change(now=now, actor=actor) as emit:
        row, held = lock_delivery(delivery_id=delivery_id)
        if row.status in FINISHED or not may_follow(DeliveryStatus(row.status), DeliveryStatus.CANCELLED):
            return
        offers = lock_open_offers(delivery_ids=[row.pk])
        take_back(offers=offers, deliveries={row.pk: row}, reason="cancelled", now=now, emit=emit, but=row.pk)
        Offer.objects.filter(delivery=row, status=OfferStatus.ACCEPTED).update(
            status=OfferStatus.RETURNED, reason="cancelled", answered_at=now
        )
        had_driver = row.status in BEFORE_PICKUP
        row.status, row.closed_at, row.reason = DeliveryStatus.CANCELLED, now, reason
        row.save(update_fields=["status", "closed_at", "reason"])
        for zone_id in DispatchJob.objects.filter(delivery=row).values_list("zone_id", flat=True):
            kick_round(zone_id=zone_id, now=now)
        DispatchJob.objects.filter(delivery=row).update(searching=False)
        emit(DeliveryCancelled(**of_delivery(row), driver_id=row.driver_id, reason=reason))
        if had_driver:
            drop_load(session_id=row.session_id, number=1, now=now, emit=emit)
            set_out(held=[each for each in held if each.pk != row.pk], now=now, emit=emit)


def give_up_search(*, delivery_id: UUID, now: datetime) -> bool:
    """End a search that ran out, for ops to see; say whether it was still running. May run twice."""
    with change(now=now, actor="relay") as emit:
        row, _ = lock_delivery(delivery_id=delivery_id)
        job = DispatchJob.objects.select_for_update(no_key=True).get(delivery=row)
        if row.status != DeliveryStatus.SEARCHING or not job.searching or row.held:
            return False
        if job.search_until is None or job.search_until > now:
            return False
        offers = lock_open_offers(delivery_ids=[row.pk])
        if any(offer.expires_at > now for offer in offers):
            DispatchJob.objects.filter(pk=job.pk).update(search_until=max(offer.expires_at for offer in offers))
            return False
        take_back(offers=offers, deliveries={row.pk: row}, reason="search-ended", now=now, emit=emit, but=row.pk)
        row.status = DeliveryStatus.NO_DRIVER_FOUND
        row.save(update_fields=["status"])
        DispatchJob.objects.filter(pk=job.pk).update(searching=False)
        emit(NoDriverFound(**of_delivery(row), attempts=job.attempt))
    log.warning("dispatch.search.ran_out", extra={"delivery_id": str(delivery_id), "attempts": job.attempt})
    return True


def reopen_delivery(*, delivery_id: UUID, now: datetime, actor: str) -> Delivery:
    """Let the search begin anew; who refused before may be asked again. May run twice.

    Raises:
        DeliveryNotFound: there is none.
        WrongStep: it did not end in NO_DRIVER_FOUND.
    """
    with change(now=now, actor=actor) as emit:
        row, _ = lock_delivery(delivery_id=delivery_id)
        if row.status == DeliveryStatus.SEARCHING:
            return row
        if not (
            row.status == DeliveryStatus.NO_DRIVER_FOUND
            and may_follow(DeliveryStatus(row.status), DeliveryStatus.SEARCHING)
        ):
            raise errors.WrongStep(delivery_status=row.status)
        row.status = DeliveryStatus.SEARCHING
        row.save(update_fields=["status"])
        begin_search(delivery=row, now=now, forget_refusals=True)
        emit(DeliveryReopened(**of_delivery(row)))
    return row


def begin_search(*, delivery: Delivery, now: datetime, forget_refusals: bool = False) -> None:
    """Let the job of a locked delivery search from the start, and kick its zone."""
    job = DispatchJob.objects.get(delivery=delivery)
    job.searching, job.attempt, job.radius_m, job.next_attempt_at = True, 0, 1500, now
    job.due_at = job.first_due_at = job.search_until = None
    if forget_refusals:
        job.mask_from, job.refusals = now, 0
    job.save()
    ensure_round(zone_id=job.zone_id, now=now)
    kick_round(zone_id=job.zone_id, now=now)


def hold_delivery(*, delivery_id: UUID, held: bool, now: datetime, actor: str) -> Delivery:
    """Keep a searching delivery out of the rounds, or let it in again. Open offers are withdrawn. May run twice.

    Raises:
        DeliveryNotFound: there is none.
        WrongStep: nobody searches a driver for it.
    """
    with change(now=now, actor=actor) as emit:
        row, _ = lock_delivery(delivery_id=delivery_id)
        if row.held == held:
            return row
        if row.status != DeliveryStatus.SEARCHING:
            raise errors.WrongStep(delivery_status=row.status)
        row.held = held
        row.save(update_fields=["held"])
        if held:
            offers = lock_open_offers(delivery_ids=[row.pk])
            take_back(offers=offers, deliveries={row.pk: row}, reason="held", now=now, emit=emit, but=row.pk)
            DispatchJob.objects.filter(delivery=row).update(search_until=None, first_due_at=None, due_at=None)
        else:
            begin_search(delivery=row, now=now)
        emit(DeliveryHeld(**of_delivery(row)) if held else DeliveryReleased(**of_delivery(row)))
    return row


def prioritize_delivery(*, delivery_id: UUID, priority: int, now: datetime, actor: str) -> Delivery:
    """Let a delivery count for more, or less, in the next rounds.

    Raises:
        DeliveryNotFound: there is none.
        WrongStep: it is finished.
    """
    with change(now=now, actor=actor) as emit:
        row, _ = lock_delivery(delivery_id=delivery_id)
        if row.status in FINISHED:
            raise errors.WrongStep(delivery_status=row.status)
        if row.priority == priority:
            return row
        row.priority = priority
        row.save(update_fields=["priority"])
        emit(DeliveryPrioritized(**of_delivery(row), priority=priority))
        job = DispatchJob.objects.get(delivery=row)
        if job.searching:
            kick_round(zone_id=job.zone_id, now=now)
    return row
