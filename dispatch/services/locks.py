"""Row locks, always in one order: delivery, offer, session, position, order, stream heads.

Several of a kind are locked by id, positions by their driver. Who touches more than one
driver locks all their sessions, then all their positions, before he changes any (`lock_drivers`).

They are those of an UPDATE (`no_key`): foreign keys that a COMMIT checks need not wait for them.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from dispatch import errors
from dispatch.models import Delivery, DriverPosition, DriverSession, Offer
from dispatch.states import ACTIVE, OfferStatus


def lock_deliveries(*, ids: Collection[UUID], driver_id: UUID | None = None) -> dict[UUID, Delivery]:
    """Lock these deliveries, and all that the driver holds, by id; return them by id."""
    which = Q(pk__in=list(ids))
    if driver_id is not None:
        which |= Q(driver_id=driver_id, status__in=ACTIVE)
    rows = Delivery.objects.select_for_update(of=("self",), no_key=True).filter(which).order_by("pk")
    return {row.pk: row for row in rows}


def lock_delivery(*, delivery_id: UUID, driver_id: UUID | None = None) -> tuple[Delivery, list[Delivery]]:
    """Lock a delivery with all others its driver holds; return it and all of his, itself included.

    Raises:
        DeliveryNotFound: it does not exist, or `driver_id` was given and does not hold it.
    """
    found = Delivery.objects.filter(pk=delivery_id).values_list("driver_id", flat=True).first()
    if driver_id is not None and found != driver_id:
        raise errors.DeliveryNotFound
    rows = lock_deliveries(ids=[delivery_id], driver_id=found)
    row = rows.get(delivery_id)
    if row is None or (driver_id is not None and row.driver_id != driver_id):
        raise errors.DeliveryNotFound
    mates = [each for each in rows.values() if row.driver_id is not None and each.driver_id == row.driver_id]
    return row, [each for each in mates if each.status in ACTIVE]


def lock_drivers(*, driver_ids: Collection[UUID]) -> dict[UUID, DriverSession]:
    """Lock the live sessions of these drivers by id, then their positions; return the sessions by driver."""
    sessions = list(
        DriverSession.objects.select_for_update(of=("self",), no_key=True)
        .filter(driver_id__in=list(driver_ids), ended_at=None)
        .order_by("pk")
    )
    positions = DriverPosition.objects.select_for_update(of=("self",), no_key=True).filter(
        driver_id__in=list(driver_ids)
    )
    list(positions.order_by("driver_id").values_list("driver_id"))
    return {session.driver_id: session for session in sessions}


def lock_open_offers(*, delivery_ids: Collection[UUID]) -> list[Offer]:
    """Lock the open offers of these deliveries, and those of the same batches; by id."""
    batches = Offer.objects.filter(delivery_id__in=list(delivery_ids), status=OfferStatus.OPEN).values("batch_id")
    return list(
        Offer.objects.select_for_update(of=("self",), no_key=True)
        .filter(batch_id__in=batches, status=OfferStatus.OPEN)
        .order_by("pk")
    )
