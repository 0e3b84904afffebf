"""Documents of drivers: kept with a file, changed without one, dropped together with it."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.documents import check_document
from accounts.events import DriverDocumentDropped, DriverDocumentKept
from accounts.models import Driver, DriverDocument, User
from accounts.states import DocumentKind
from fleetsync.core import ids
from fleetsync.core.errors import InvalidInput
from fleetsync.core.events import change


def keep_document(
    *,
    driver: Driver,
    kind: DocumentKind,
    file: Any,
    staff: User,
    now: datetime,
    number: str = "",
    expires_on: date | None = None,
) -> DriverDocument:
    """Keep a driver's document.

    Raises:
        InvalidInput: the file is too large, or no PDF, JPEG or PNG.
    """
    try:
        check_document(file)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), attr="file") from error
    with change(now=now, actor=ids.encode("usr", staff.pk)) as emit:
        row = DriverDocument(driver=driver, kind=kind, number=number, expires_on=expires_on, file=file, added_by=staff)
        row.save(force_insert=True)
        emit(DriverDocumentKept(driver_id=driver.pk, document_id=row.pk, kind=row.kind))
    return row


def change_document(*, document: DriverDocument, changes: dict[str, Any], now: datetime, actor: str) -> DriverDocument:
    """Change kind, number or expiry; another file is another document."""
    fields = [name for name in ("kind", "number", "expires_on") if name in changes]
    if not fields:
        return document
    with change(now=now, actor=actor) as emit:
        for name in fields:
            setattr(document, name, changes[name])
        document.save(update_fields=fields)
        emit(DriverDocumentKept(driver_id=document.driver_id, document_id=document.pk, kind=document.kind))
    return document


def drop_document(*, document: DriverDocument, now: datetime, actor: str) -> None:
    """Drop a document; its file goes once that is sure."""
    storage, name = document.file.storage, str(document.file.name)
    with change(now=now, actor=actor) as emit:
        emit(DriverDocumentDropped(driver_id=document.driver_id, document_id=document.pk, kind=document.kind))
        document.delete()
        transaction.on_commit(lambda: storage.delete(name))
