"""Tips that come after the delivery."""

from datetime import datetime
from uuid import UUID

from dispatch.events import DriverTipped
from dispatch.models import Delivery
from dispatch.services.facts import of_task
from fleetsync.core.events import change


def note_tip(*, order_id: UUID, tip_minor: int, currency: str, now: datetime) -> None:
    """Tell the driver who handed the order over; his earnings read the tip itself."""
    row = Delivery.objects.filter(order=order_id, driver__isnull=False).first()
    if row is None or row.driver_id is None:
        return
    with change(now=now) as emit:
        emit(DriverTipped(**of_task(row, row.driver_id), tip_minor=tip_minor, currency=currency))
