"""Reads of users, drivers and invitations."""

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower

from accounts import errors
from accounts.models import Driver, Invitation, TokenFamily, User
from accounts.tokens import Claims


def user_by_email(*, email: str) -> User | None:
    """Return the user with this address, whatever its case, by the index; None if there is none."""
    return User.objects.alias(lowered=Lower("email")).filter(lowered=email.strip().lower()).first()


def user_of_login(*, claims: Claims) -> User:
    """Return whose login a verified token belongs to, with the driver profile, in one query.

    Raises:
        TokenInvalid: the user, the login or its token version is ended.
    """
    user = (
        User.objects.select_related("driver")
        .filter(pk=claims.user_id, is_active=True, token_version=claims.version)
        .filter(Exists(TokenFamily.objects.filter(pk=claims.family_id, user=OuterRef("pk"), revoked_at=None)))
        .first()
    )
    if user is None:
        raise errors.TokenInvalid
    return user


def drivers() -> QuerySet[Driver]:
    """Return every driver with the user, newest first."""
    return Driver.objects.select_related("user").order_by("-id")


def driver(*, driver_id: UUID) -> Driver:
    """Return one driver with the user.

    Raises:
        DriverNotFound: there is none.
    """
    found = drivers().filter(pk=driver_id).first()
    if found is None:
        raise errors.DriverNotFound
    return found


def invitations() -> QuerySet[Invitation]:
    """Return every invitation, newest first."""
    return Invitation.objects.order_by("-id")
