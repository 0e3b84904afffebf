"""What admins decide about an account: its role, and whether it may log in. Both act at once."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import Group

from accounts import errors
from accounts.models import Driver, User
from accounts.services.logins import end_sessions
from accounts.states import OPS, Role
from fleetsync.core import ids
from fleetsync.core.events import change


def change_role(*, user: User, role: Role, admin: User, now: datetime, real_now: datetime) -> User:
    """Give the user another role and end every session, so that the old rights end now.

    A new driver gets a profile that waits for approval.

    Raises:
        InvitationNotAllowed: only an admin may, and nobody for himself.
    """
    if admin.role != Role.ADMIN or admin.pk == user.pk:
        raise errors.InvitationNotAllowed
    if user.role == role:
        return user
    actor = ids.encode("usr", admin.pk)
    with change(now=now, actor=actor):
        user.role, user.is_superuser = role, role == Role.ADMIN
        user.is_staff = role in OPS or user.groups.exists()
        user.save(update_fields=["role", "is_staff", "is_superuser"])
        if role == Role.DRIVER:
            Driver.objects.get_or_create(user=user)
        end_sessions(user=user, reason="role_changed", now=now, real_now=real_now, actor=actor)
    return user


def change_groups(*, user: User, groups: Iterable[Group], admin: User, now: datetime) -> User:
    """Put the user into exactly these groups. Whoever is in one may enter the back office.

    Raises:
        InvitationNotAllowed: only an admin may, and nobody for himself.
    """
    if admin.role != Role.ADMIN or admin.pk == user.pk:
        raise errors.InvitationNotAllowed
    chosen = list(groups)
    with change(now=now, actor=ids.encode("usr", admin.pk)):
        user.groups.set(chosen)
        user.is_staff = user.role in OPS or bool(chosen)
        user.save(update_fields=["is_staff"])
    return user


def deactivate_user(*, user: User, now: datetime, real_now: datetime, actor: str) -> User:
    """Close an account: no login, and every session ends. Twice is harmless."""
    with change(now=now, actor=actor):
        user.is_active = False
        user.save(update_fields=["is_active"])
        end_sessions(user=user, reason="deactivated", now=now, real_now=real_now, actor=actor)
    return user


def activate_user(*, user: User, now: datetime, actor: str) -> User:
    """Open a closed account again."""
    with change(now=now, actor=actor):
        user.is_active = True
        user.save(update_fields=["is_active"])
    return user
