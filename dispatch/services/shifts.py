"""The roster."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import Driver
from dispatch import errors
from dispatch.conf import LONGEST_SHIFT_H
from dispatch.models import Shift
from fleetsync.core.errors import InvalidInput, NotFound


def plan_shift(
    *,
    driver_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    break_from: datetime | None = None,
    break_to: datetime | None = None,
) -> Shift:
    """Put a shift on the roster, with a break in it or none.

    Raises:
        InvalidInput: there is no such driver, the shift is longer than a day, or the break is not inside it.
        ShiftOverlaps: he has another one in this time.
    """
    if ends_at - starts_at > timedelta(hours=LONGEST_SHIFT_H):
        raise InvalidInput(f"A shift lasts {LONGEST_SHIFT_H} hours at most.", attr="ends_at")
    if (break_from is None) != (break_to is None):
        missing = "break_from" if break_from is None else "break_to"
        raise InvalidInput("A break has a beginning and an end.", attr=missing)
    if break_from and break_to and not starts_at <= break_from < break_to <= ends_at:
        raise InvalidInput("The break must lie inside the shift and end after it began.", attr="break_from")
    if not Driver.objects.filter(pk=driver_id).exists():
        raise InvalidInput("There is no such driver.", attr="driver_id")
    try:
        with transaction.atomic():
            return Shift.objects.create(
                driver_id=driver_id, starts_at=starts_at, ends_at=ends_at, break_from=break_from, break_to=break_to
            )
    except IntegrityError as error:
        raise errors.ShiftOverlaps(attr="starts_at") from error


def drop_shift(*, shift_id: UUID) -> None:
    """Take a shift off the roster. A driver who is online stays so.

    Raises:
        NotFound: there is none.
    """
    if not Shift.objects.filter(pk=shift_id).delete()[0]:
        raise NotFound
