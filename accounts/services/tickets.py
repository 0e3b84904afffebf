"""Socket tickets: 30 s, one use, so that no long-lived token stands in an address."""

import hashlib
import secrets
from datetime import datetime

from accounts import conf, errors
from accounts.models import SocketTicket, User
from fleetsync.core import clock


def hash_of(secret: str) -> str:
    """Return what is stored of a random secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_socket_ticket(*, user: User, real_now: datetime) -> tuple[str, datetime]:
    """Return a new ticket and when it expires (machine time)."""
    ticket = secrets.token_urlsafe(32)
    expires_at = real_now + conf.TICKET_LIFE
    SocketTicket.objects.create(token_hash=hash_of(ticket), user=user, expires_at=expires_at)
    return ticket, expires_at


def use_socket_ticket(*, ticket: str, real_now: datetime | None = None) -> User:
    """Spend a ticket by a conditional UPDATE and return whose it was.

    Raises:
        TicketInvalid: unknown, spent, older than 30 s, or its user is ended.
    """
    moment = real_now or clock.real_now()
    key = hash_of(ticket)
    spent = SocketTicket.objects.filter(token_hash=key, used_at=None, expires_at__gt=moment).update(used_at=moment)
    row = SocketTicket.objects.select_related("user__driver").filter(pk=key).first() if spent else None
    if row is None or not row.user.is_active:
        raise errors.TicketInvalid
    return row.user
