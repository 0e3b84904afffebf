"""The roster."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import Driver
from dispatch import errors
from dispatch.models import Shift
from fleetsync.core.errors import InvalidInput, NotFound


def plan_shift(*, driver_id: UUID, starts_at: datetime, ends_at: datetime) -> Shift:
    """Put a shift on the roster.

    Raises:
        InvalidInput: there is no such driver.
        ShiftOverlaps: he has another one in this time.
    """
    if not Driver.objects.filter(pk=driver_id).exists():
        raise InvalidInput("There is no such driver.", attr="driver_id")
    try:
        with transaction.atomic():
            return Shift.objects.create(driver_id=driver_id, starts_at=starts_at, ends_at=ends_at)
    except IntegrityError as error:
        raise errors.ShiftOverlaps(attr="starts_at") from error


def drop_shift(*, shift_id: UUID) -> None:
    """Take a shift off the roster. A driver who is online stays so.

    Raises:
        NotFound: there is none.
    """
    if not Shift.objects.filter(pk=shift_id).delete()[0]:
        raise NotFound
