"""Changing and resetting passwords. Both end every session of the user."""

import logging
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail

from accounts import errors, selectors
from accounts.events import PasswordResetAsked
from accounts.models import User
from accounts.services.attempts import ask_attempted, attempt_succeeded, begin_attempt
from accounts.services.logins import end_sessions
from accounts.services.registration import check_password_rules
from fleetsync.core import ids
from fleetsync.core.events import change

log = logging.getLogger(__name__)


def change_password(*, user: User, current: str, new: str, address: str, now: datetime, real_now: datetime) -> None:
    """Set a new password and end every session, this one included.

    Raises:
        WrongPassword: `current` is not the present one.
        WeakPassword: the rules refuse the new one.
        TooManyLogins, LoginHeld: as `begin_attempt`.
    """
    begin_attempt(email=user.email, address=address)
    if not user.check_password(current):
        raise errors.WrongPassword(attr="current_password")
    attempt_succeeded(email=user.email, address=address)
    set_password(user=user, new=new, reason="password_changed", now=now, real_now=real_now)


def set_password(*, user: User, new: str, reason: str, now: datetime, real_now: datetime) -> None:
    """Set a password without asking for the present one, and end every session.

    Raises:
        WeakPassword: the rules refuse it.
    """
    check_password_rules(password=new, user=user, attr="new_password")
    actor = ids.encode("usr", user.pk)
    with change(now=now, actor=actor):
        user.set_password(new)
        user.save(update_fields=["password"])
        end_sessions(user=user, reason=reason, now=now, real_now=real_now, actor=actor)


def ask_password_reset(*, email: str, address: str, now: datetime) -> None:
    """Have a link mailed, if there is such an active user; the caller cannot tell.

    Raises:
        TooManyLogins, LoginHeld: as `ask_attempted`, whether there is such a user or not.
    """
    ask_attempted(email=email, address=address)
    user = selectors.user_by_email(email=email)
    if user is None or not user.is_active:
        return
    with change(now=now, actor="anonymous") as emit:
        emit(PasswordResetAsked(user_id=user.pk))


def send_password_reset(*, user_id: UUID) -> None:
    """Mail a link that sets a new password once. Running twice mails two links."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    # behind the #: a fragment is in no log and in no Referer
    proof = urlencode({"uid": ids.encode("usr", user.pk), "token": default_token_generator.make_token(user)})
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    send_mail(
        subject="Set a new FleetSync password",
        message=(
            f"Hello {user.get_short_name()},\n\n"
            f"somebody asked for a new password for this address. This link sets one, once, within {minutes} minutes:\n\n"
            f"{settings.FLEETSYNC_PUBLIC_URL}/reset-password#{proof}\n\n"
            "If it was not you, there is nothing to do.\n"
        ),
        from_email=None,
        recipient_list=[user.email],
    )
    log.info("accounts.password_reset.mailed", extra={"user_id": ids.encode("usr", user.pk)})


def reset_password(*, user_id: UUID, token: str, new: str, now: datetime, real_now: datetime) -> None:
    """Set a new password with the token of the mail, and end every session.

    Raises:
        ResetInvalid: the token is wrong, used or too old.
        WeakPassword: the rules refuse the password.
    """
    with change(now=now, actor=ids.encode("usr", user_id)):
        # locked, so that one link sets one password
        user = User.objects.select_for_update(of=["self"], no_key=True).filter(pk=user_id, is_active=True).first()
        if user is None or not default_token_generator.check_token(user, token):
            raise errors.ResetInvalid
        set_password(user=user, new=new, reason="password_reset", now=now, real_now=real_now)
