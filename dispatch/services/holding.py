"""Who holds a delivery: given back by the driver, taken away or given by ops."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from dispatch import errors
from dispatch.conf import conf_of
from dispatch.events import DeliveryAssigned, DeliveryUnassigned, OfferReturned, TaskGiven, TaskTaken
from dispatch.models import Delivery, DispatchJob, DriverPosition, DriverSession, Offer
from dispatch.services.facts import of_delivery, of_offer, of_task
from dispatch.services.load import drop_load, take_load
from dispatch.services.locks import lock_deliveries, lock_delivery, lock_drivers, lock_open_offers
from dispatch.services.searching import begin_search
from dispatch.services.setting_out import set_out
from dispatch.services.withdrawing import take_back
from dispatch.states import ACTIVE, BEFORE_PICKUP, DeliveryStatus, OfferStatus, SessionStatus, may_follow
from fleetsync.core.events import Emit, change
from fleetsync.core.geo import lng_lat
from fleetsync.core.travel import drive_s, provider
from orders.errors import OrderClosed
from orders.services import require_open

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drives:
    """The seconds of a delivery that is somebody's next trip, half a service before and after each stop."""

    to_counter_s: float
    to_door_s: float
    half_pickup_s: float
    half_dropoff_s: float

    def arrivals(self, *, ready_at: datetime, now: datetime) -> tuple[datetime, datetime]:
        """Return when he has the food if he sets out now, and when he is at the door; business time."""
        pickup_at = max(now + timedelta(seconds=self.to_counter_s + self.half_pickup_s), ready_at)
        return pickup_at, pickup_at + timedelta(seconds=self.half_pickup_s + self.to_door_s + self.half_dropoff_s)


def give_back(*, delivery_id: UUID, driver_id: UUID, reason: str, now: datetime, actor: str) -> Delivery:
    """Let the driver hand a delivery back before its pickup; the search goes on without him.

    Locks his deliveries, then his session.

    Raises:
        DeliveryNotFound: he does not hold it.
        WrongStep: it is picked up, or over.
    """
    return _take_away(delivery_id, driver_id, reason, now, actor)


def unassign(*, delivery_id: UUID, reason: str, now: datetime, actor: str) -> Delivery:
    """Take a delivery away from its driver before its pickup; the search goes on without him.

    Raises:
        DeliveryNotFound: there is none.
        WrongStep: nobody holds it, or it is picked up.
    """
    return _take_away(delivery_id, None, reason, now, actor)


def _take_away(delivery_id: UUID, driver_id: UUID | None, reason: str, now: datetime, actor: str) -> Delivery:
    with change(now=now, actor=actor) as emit:
        row, held = lock_delivery(delivery_id=delivery_id, driver_id=driver_id)
        if row.status not in BEFORE_PICKUP:
            raise errors.WrongStep(delivery_status=row.status)
        release(row=row, reason=reason, now=now, emit=emit)
        set_out(held=[each for each in held if each.pk != row.pk], now=now, emit=emit)
        begin_search(delivery=row, now=now)
    log.info("dispatch.delivery.unassigned", extra={"delivery_id": str(delivery_id), "reason": reason})
    return row


def release(*, row: Delivery, reason: str, now: datetime, emit: Emit) -> None:
    """Take a locked delivery that is not picked up from its driver; the caller says what becomes of it."""
    offer = Offer.objects.select_for_update(no_key=True).filter(delivery=row, status=OfferStatus.ACCEPTED).first()
    if offer is not None:
        offer.status, offer.reason, offer.answered_at = OfferStatus.RETURNED, reason[:64], now
        offer.save(update_fields=["status", "reason", "answered_at"])
        emit(OfferReturned(**of_offer(offer, row), reason=reason))
    elif row.driver_id is not None:
        emit(TaskTaken(**of_task(row, row.driver_id), reason=reason))
    drop_load(session_id=row.session_id, number=1, now=now, emit=emit)
    if row.driver_id is not None:
        emit(DeliveryUnassigned(**of_delivery(row), driver_id=row.driver_id, reason=reason))
    row.status, row.driver_id, row.session_id, row.batch_id = DeliveryStatus.SEARCHING, None, None, None
    row.drop_sequence, row.reason = 0, reason[:120]
    row.assigned_at = row.arrived_at_pickup_at = row.pickup_eta_at = row.dropoff_eta_at = None
    row.save(
        update_fields=[
            "status",
            "driver",
            "session",
            "batch_id",
            "drop_sequence",
            "reason",
            "assigned_at",
            "arrived_at_pickup_at",
            "pickup_eta_at",
            "dropoff_eta_at",
        ]
    )


def assign(*, delivery_id: UUID, driver_id: UUID, now: datetime, actor: str) -> Delivery:
    """Give a delivery to a driver by hand, without asking him; one who held it loses it. May run twice.

    Locks the deliveries of both drivers, open offers, both sessions and positions, and the order.

    Raises:
        DeliveryNotFound: there is none.
        WrongStep: it is picked up, or over.
        DriverUnavailable: he is not online, or paused.
        DriverFull: he holds too much already.
        OrderClosed: the order was cancelled a moment ago.
    """
    before = Delivery.objects.select_related("zone").defer("zone__polygon").filter(pk=delivery_id).first()
    if before is None:
        raise errors.DeliveryNotFound
    drives = drives_of(driver_id=driver_id, row=before)  # a router is not asked while rows are locked
    with change(now=now, actor=actor) as emit:
        ids = [delivery_id]
        if before.driver_id is not None:
            ids += Delivery.objects.filter(driver_id=before.driver_id, status__in=ACTIVE).values_list("pk", flat=True)
        locked = lock_deliveries(ids=ids, driver_id=driver_id)
        row = locked.get(delivery_id)
        if row is None:
            raise errors.DeliveryNotFound
        if row.driver_id == driver_id and row.status in ACTIVE:
            return row
        if row.status not in BEFORE_PICKUP | {DeliveryStatus.SEARCHING, DeliveryStatus.NO_DRIVER_FOUND}:
            raise errors.WrongStep(delivery_status=row.status)
        offers = lock_open_offers(delivery_ids=[row.pk])
        take_back(offers=offers, deliveries=locked, reason="taken", now=now, emit=emit, but=row.pk)
        old = row.driver_id
        session = lock_drivers(driver_ids=[driver_id] if old is None else [driver_id, old]).get(driver_id)
        if row.status in BEFORE_PICKUP:
            release(row=row, reason="reassigned", now=now, emit=emit)
            set_out(held=[each for each in locked.values() if each.driver_id == old], now=now, emit=emit)
        if session is None or session.status == SessionStatus.PAUSED:
            raise errors.DriverUnavailable
        if take_load(session_id=session.pk, number=1) is None:
            raise errors.DriverFull
        try:
            require_open(order_id=row.order_id)
        except OrderClosed as error:
            raise errors.DeliveryTaken from error
        _give(row, session, drives, now, emit)
        held = [each for each in locked.values() if each.driver_id == driver_id and each.status in ACTIVE]
        set_out(held=held, now=now, emit=emit)
    return row


def _give(row: Delivery, session: DriverSession, drives: Drives, now: datetime, emit: Emit) -> None:
    pickup_at, dropoff_at = drives.arrivals(ready_at=row.ready_at, now=now)
    if row.status == DeliveryStatus.NO_DRIVER_FOUND:
        row.status = DeliveryStatus.SEARCHING
    if not may_follow(DeliveryStatus(row.status), DeliveryStatus.ASSIGNED):
        raise errors.WrongStep(delivery_status=row.status)
    row.status, row.driver_id, row.session_id = DeliveryStatus.ASSIGNED, session.driver_id, session.pk
    row.assigned_at, row.held, row.reason = now, False, ""
    row.pickup_eta_at, row.dropoff_eta_at = pickup_at, dropoff_at
    row.save()
    DispatchJob.objects.filter(delivery=row).update(searching=False)
    emit(
        DeliveryAssigned(
            **of_delivery(row),
            driver_id=session.driver_id,
            offer_id=None,
            by="ops",
            pickup_eta_at=pickup_at,
            dropoff_eta_at=dropoff_at,
        )
    )
    emit(TaskGiven(**of_task(row, session.driver_id)))


def drives_of(*, driver_id: UUID, row: Delivery) -> Drives:
    """Return how long the driver needs from where he is; asks the router."""
    conf, travel = conf_of(row.zone.dispatch), provider()
    position = DriverPosition.objects.filter(driver_id=driver_id).first()
    pickup, dropoff = lng_lat(row.pickup_point), lng_lat(row.dropoff_point)
    return Drives(
        to_counter_s=drive_s(travel, lng_lat(position.point), pickup) if position else 0.0,
        to_door_s=drive_s(travel, pickup, dropoff),
        half_pickup_s=conf.half_pickup_s,
        half_dropoff_s=conf.half_dropoff_s,
    )
