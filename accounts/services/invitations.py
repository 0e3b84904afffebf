"""Invitations: ops name an address and a role, whoever holds the mail's token gets it."""

import logging
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail

from accounts import conf, errors, selectors
from accounts.events import InvitationAccepted, InvitationMade
from accounts.models import Driver, Invitation, User
from accounts.services.registration import create_user
from accounts.services.tickets import hash_of
from accounts.states import Role, Vehicle
from fleetsync.core import ids
from fleetsync.core.errors import InvalidInput
from fleetsync.core.events import change

log = logging.getLogger(__name__)

#: Who may invite whom. Nobody is invited as a CUSTOMER: customers register.
MAY_INVITE: Final = {
    Role.DISPATCHER: frozenset({Role.DRIVER, Role.RESTAURANT}),
    Role.ADMIN: frozenset({Role.DRIVER, Role.RESTAURANT, Role.DISPATCHER, Role.ADMIN}),
}


def _may_invite(inviter: User, role: str) -> bool:
    return inviter.is_active and role in MAY_INVITE.get(Role(inviter.role), frozenset())


def invite(
    *, email: str, role: Role, inviter: User, now: datetime, real_now: datetime, restaurant_id: UUID | None = None
) -> Invitation:
    """Invite somebody; a worker mails the token. An older open invitation of the address ends.

    Raises:
        InvitationNotAllowed: the inviter may not give this role.
        InvalidInput: a restaurant for another role than RESTAURANT.
        EmailTaken: the address has an account.
    """
    if not _may_invite(inviter, role):
        raise errors.InvitationNotAllowed
    if restaurant_id is not None and role != Role.RESTAURANT:
        raise InvalidInput("Only restaurant staff join a restaurant.", attr="restaurant_id")
    if selectors.user_by_email(email=email) is not None:
        raise errors.EmailTaken(attr="email")
    address = email.strip()
    with change(now=now, actor=ids.encode("usr", inviter.pk)) as emit:
        Invitation.objects.filter(email__iexact=address, accepted_at=None, expires_at__gt=real_now).update(
            expires_at=real_now
        )
        row = Invitation.objects.create(
            email=address,
            role=role,
            restaurant_id=restaurant_id,
            token_hash=hash_of(secrets.token_urlsafe(32)),  # nobody knows it: the mail brings its own
            invited_by=inviter,
            created_at=real_now,
            expires_at=real_now + conf.INVITATION_LIFE,
        )
        emit(InvitationMade(user_id=inviter.pk, invitation_id=row.pk, role=role))
    return row


def send_invitation(*, invitation_id: UUID) -> None:
    """Mail a new token of the invitation; the token of an earlier mail ends with it."""
    token = secrets.token_urlsafe(32)
    fresh = Invitation.objects.filter(pk=invitation_id, accepted_at=None).update(token_hash=hash_of(token))
    row = Invitation.objects.select_related("invited_by").filter(pk=invitation_id).first()
    if not fresh or row is None:
        return
    send_mail(
        subject="Your FleetSync invitation",
        message=(
            f"Hello,\n\n{row.invited_by.get_full_name()} invites you to FleetSync as {Role(row.role).label.lower()}.\n"
            f"This link makes your account, once, until {row.expires_at:%Y-%m-%d %H:%M} UTC:\n\n"
            f"{settings.FLEETSYNC_PUBLIC_URL}/accept-invitation#{urlencode({'token': token})}\n"
        ),
        from_email=None,
        recipient_list=[row.email],
    )
    log.info("accounts.invitation.mailed", extra={"invitation_id": ids.encode("inv", row.pk)})


def accept_invitation(
    *,
    token: str,
    password: str,
    now: datetime,
    real_now: datetime,
    name: str = "",
    phone: str = "",
    vehicle: Vehicle = Vehicle.SCOOTER,
    capacity: int = 2,
) -> User:
    """Create the invited user, with an approved driver profile for a driver. It works once.

    Restaurant staff join their restaurant when it hears of the event.

    Raises:
        InvitationInvalid: unknown, accepted or too old, or its inviter may not invite any more.
        WeakPassword, EmailTaken: as `create_user`; the invitation stays open.
    """
    key = hash_of(token)
    with change(now=now) as emit:
        row = Invitation.objects.select_for_update(of=["self"], no_key=True).filter(token_hash=key).first()
        if row is None or row.accepted_at is not None or row.expires_at <= real_now:
            raise errors.InvitationInvalid
        if not _may_invite(row.invited_by, row.role):
            raise errors.InvitationInvalid
        user = create_user(email=row.email, password=password, role=Role(row.role), name=name, phone=phone, now=now)
        if row.role == Role.DRIVER:
            Driver.objects.create(user=user, vehicle=vehicle, capacity=capacity, approved_at=now)
        row.accepted_at, row.accepted_by = real_now, user
        row.save(update_fields=["accepted_at", "accepted_by"])
        emit(InvitationAccepted(user_id=user.pk, invitation_id=row.pk, role=row.role, restaurant_id=row.restaurant_id))
    return user
