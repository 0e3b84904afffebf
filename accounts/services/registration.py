"""New accounts and what people may change of their own."""

from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import errors
from accounts.events import UserProfileChanged, UserRegistered
from accounts.models import User
from accounts.states import OPS, Role
from fleetsync.core import ids
from fleetsync.core.events import change


def check_password_rules(*, password: str, user: User, attr: str = "password") -> None:
    """Refuse a weak password.

    Raises:
        WeakPassword: with the reasons as its detail.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise errors.WeakPassword(" ".join(error.messages), attr=attr) from error


def create_user(*, email: str, password: str, role: Role, name: str = "", phone: str = "", now: datetime) -> User:
    """Create an account and tell of it.

    Raises:
        WeakPassword: the rules refuse the password.
        EmailTaken: somebody has this address, in whatever case.
    """
    user = User(email=email.strip(), name=name, phone=phone, role=role, is_staff=role in OPS)
    user.is_superuser = role == Role.ADMIN
    check_password_rules(password=password, user=user)
    user.set_password(password)
    with change(now=now, actor=ids.encode("usr", user.pk)) as emit:
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError as error:
            if "user_email_once" not in str(error):
                raise
            raise errors.EmailTaken(attr="email") from error
        emit(UserRegistered(user_id=user.pk, role=user.role))
    return user


def register(*, email: str, password: str, name: str = "", phone: str = "", now: datetime) -> User:
    """Create a CUSTOMER; every other role comes by invitation.

    Raises:
        WeakPassword, EmailTaken: as `create_user`.
    """
    return create_user(email=email, password=password, role=Role.CUSTOMER, name=name, phone=phone, now=now)


def update_profile(*, user: User, changes: dict[str, Any], now: datetime, actor: str) -> User:
    """Change name or phone; nothing else is read from `changes`. `actor` is who does it: oneself, or staff."""
    fields = [name for name in ("name", "phone") if name in changes]
    if not fields:
        return user
    with change(now=now, actor=actor) as emit:
        for name in fields:
            setattr(user, name, changes[name])
        user.save(update_fields=fields)
        emit(UserProfileChanged(user_id=user.pk, fields=tuple(fields)))
    return user
