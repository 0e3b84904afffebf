"""Words of ops to a driver."""

from datetime import datetime
from uuid import UUID

from accounts.models import Driver, User
from dispatch.events import MessageRead, MessageSent
from dispatch.models import DriverMessage, DriverSession
from fleetsync.core.errors import NotFound
from fleetsync.core.events import change


def send_message(*, driver_id: UUID, sender: User, text: str, now: datetime, actor: str) -> DriverMessage:
    """Write to a driver, online or not; he sees it at once, or when he opens his page.

    Raises:
        NotFound: there is no such driver.
    """
    if not Driver.objects.filter(pk=driver_id).exists():
        raise NotFound
    last = DriverSession.objects.filter(driver=driver_id).order_by("-started_at", "-id").first()
    with change(now=now, actor=actor) as emit:
        row = DriverMessage.objects.create(
            driver_id=driver_id, sender=sender, zone_id=last.zone_id if last else None, text=text, sent_at=now
        )
        emit(MessageSent(driver_id=driver_id, zone_id=row.zone_id, message_id=row.pk))
    return row


def read_message(*, message_id: UUID, driver_id: UUID, now: datetime, actor: str) -> DriverMessage:
    """Note that the driver has read it. May run twice; the first time counts.

    Raises:
        NotFound: there is none, or it is another driver's.
    """
    with change(now=now, actor=actor) as emit:
        rows = DriverMessage.objects.select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=message_id, driver=driver_id).first()
        if row is None:
            raise NotFound
        if row.read_at is None:
            row.read_at = now
            row.save(update_fields=["read_at"])
            emit(MessageRead(driver_id=driver_id, zone_id=row.zone_id, message_id=row.pk))
    return row


def forget_messages(*, before: datetime) -> int:
    """Drop messages sent before this; return how many."""
    return DriverMessage.objects.filter(sent_at__lt=before).delete()[0]
