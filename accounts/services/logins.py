"""Logging in and staying so: token families, rotation, and the end of both."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F

from accounts import conf, errors, selectors, tokens
from accounts.events import RefreshTokenReused, SessionsEnded
from accounts.models import RefreshToken, SocketTicket, TokenFamily, User
from accounts.services.attempts import attempt_succeeded, begin_attempt
from fleetsync.core import ids
from fleetsync.core.events import change
from fleetsync.core.ids import uuid7

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A user and the two tokens that prove it."""

    user: User
    access: str
    refresh: str


def log_in(*, email: str, password: str, address: str, real_now: datetime) -> Login:
    """Check the password and open a login.

    An unknown address costs as much time as a wrong password.

    Raises:
        LoginFailed: no such active user, or the password is wrong.
        TooManyLogins, LoginHeld: too many failures from this address, or they cannot be counted.
    """
    begin_attempt(email=email, address=address)
    user = selectors.user_by_email(email=email)
    if user is None:
        make_password(password)
        raise errors.LoginFailed
    if not user.check_password(password) or not user.is_active:
        raise errors.LoginFailed
    attempt_succeeded(email=email, address=address)
    return open_login(user=user, real_now=real_now)


def open_login(*, user: User, real_now: datetime) -> Login:
    """Begin a new token family for a user whose identity was proven."""
    with transaction.atomic():
        family = TokenFamily.objects.create(user=user, created_at=real_now)
        return _issue(user=user, family=family, real_now=real_now)


def _issue(*, user: User, family: TokenFamily, real_now: datetime) -> Login:
    """Write the next refresh token of a family and sign the pair."""
    expires_at = min(real_now + conf.refresh_life(), family.created_at + conf.FAMILY_LIFE)
    row = RefreshToken.objects.create(family=family, expires_at=expires_at)
    access = tokens.sign(
        typ="access",
        user_id=user.pk,
        token_id=uuid7(),
        family_id=family.pk,
        version=user.token_version,
        now=real_now,
        life=conf.access_life(),
    )
    refresh = tokens.sign(
        typ="refresh",
        user_id=user.pk,
        token_id=row.pk,
        family_id=family.pk,
        version=user.token_version,
        now=real_now,
        life=expires_at - real_now,
    )
    return Login(user=user, access=access, refresh=refresh)


def refresh_login(*, token: str, now: datetime, real_now: datetime) -> Login:
    """Spend a refresh token for a new pair; it works once.

    The one-use row is spent by a conditional UPDATE on its own columns alone, so of several
    that come at once exactly one wins. The others are a reuse: they end the whole family.

    Raises:
        TokenReused: it was spent before; its login is ended now.
        TokenInvalid: not ours, or its login or user is ended.
        TokenExpired: its time is over.
    """
    claims = tokens.verify(token=token, typ="refresh", now=real_now)
    with transaction.atomic():
        spent = RefreshToken.objects.filter(pk=claims.token_id, family_id=claims.family_id, used_at=None).update(
            used_at=real_now
        )
        if spent:
            family = TokenFamily.objects.select_related("user__driver").get(pk=claims.family_id)
            user = family.user
            if (
                family.revoked_at is not None
                or user.pk != claims.user_id
                or not user.is_active
                or user.token_version != claims.version
            ):
                raise errors.TokenInvalid
            return _issue(user=user, family=family, real_now=real_now)
    # outside the transaction above: ending the family must outlive the refusal
    if not RefreshToken.objects.filter(pk=claims.token_id, family_id=claims.family_id).exists():
        raise errors.TokenInvalid
    _end_reused(user_id=claims.user_id, family_id=claims.family_id, now=now, real_now=real_now)
    raise errors.TokenReused


def _end_reused(*, user_id: UUID, family_id: UUID, now: datetime, real_now: datetime) -> None:
    actor = ids.encode("usr", user_id)
    with change(now=now, actor=actor) as emit:
        ended = TokenFamily.objects.filter(pk=family_id, user_id=user_id, revoked_at=None).update(
            revoked_at=real_now, revoked_because="reuse"
        )
        if ended:
            emit(RefreshTokenReused(user_id=user_id))
    if ended:
        log.warning("accounts.login.refresh_token_reused", extra={"user_id": actor})


def log_out(*, token: str, real_now: datetime) -> None:
    """End the login a refresh token belongs to; a token that is void already is fine."""
    try:
        claims = tokens.verify(token=token, typ="refresh", now=real_now)
    except errors.TokenInvalid:
        return
    TokenFamily.objects.filter(pk=claims.family_id, user_id=claims.user_id, revoked_at=None).update(
        revoked_at=real_now, revoked_because="logout"
    )


def end_sessions(*, user: User, reason: str, now: datetime, real_now: datetime, actor: str = "system") -> None:
    """End every token, ticket and open socket of a user. `reason` is a word for the log."""
    with change(now=now, actor=actor) as emit:
        User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
        TokenFamily.objects.filter(user=user, revoked_at=None).update(revoked_at=real_now, revoked_because=reason[:32])
        SocketTicket.objects.filter(user=user).delete()
        emit(SessionsEnded(user_id=user.pk, reason=reason))
    user.refresh_from_db(fields=["token_version"])


def forget_spent(*, real_now: datetime) -> int:
    """Delete tickets, refresh tokens and families that can prove nothing any more; return how many."""
    gone, _ = SocketTicket.objects.filter(expires_at__lt=real_now).delete()
    families, _ = TokenFamily.objects.filter(created_at__lt=real_now - conf.FAMILY_LIFE).delete()
    rows, _ = RefreshToken.objects.filter(expires_at__lt=real_now).delete()
    return gone + families + rows
