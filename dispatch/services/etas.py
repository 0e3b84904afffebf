"""The arrival range that the customer sees."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from dispatch.events import EtaChanged
from dispatch.models import Delivery
from dispatch.services.facts import of_delivery
from dispatch.states import FINISHED
from fleetsync.core.events import change

WORTH_TELLING: Final = timedelta(minutes=2)  # less is noise to somebody who waits at home


def update_eta(*, delivery_id: UUID, low_at: datetime, high_at: datetime, cause: str, now: datetime) -> bool:
    """Store a new arrival range; it is news when an end of it moved by more than two minutes. Say whether.

    Locks the delivery; nothing happens to a finished one.
    """
    with change(now=now, actor="eta") as emit:
        row = Delivery.objects.select_for_update(of=("self",), no_key=True).filter(pk=delivery_id).first()
        if row is None or row.status in FINISHED:
            return False
        told = row.eta_low_at is None or row.eta_high_at is None
        if row.eta_low_at is not None and row.eta_high_at is not None:
            told = max(abs(row.eta_low_at - low_at), abs(row.eta_high_at - high_at)) > WORTH_TELLING
        if not told:
            return False
        row.eta_low_at, row.eta_high_at = low_at, high_at
        row.save(update_fields=["eta_low_at", "eta_high_at"])
        emit(EtaChanged(**of_delivery(row), eta_low_at=low_at, eta_high_at=high_at, cause=cause))
    return True
