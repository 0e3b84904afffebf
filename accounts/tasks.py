"""Mails and tidying up; both may be a minute late."""

from celery import shared_task

from accounts import services
from fleetsync.core import clock, ids
from fleetsync.core.queue import kick_taken


@shared_task(name="accounts.send_password_reset", acks_late=True, ignore_result=True)
def send_password_reset(*, target: str, **_later: object) -> None:
    """Mail the link to the user `target` (usr_…). Safe to run twice."""
    kick_taken("accounts.send_password_reset", target)
    services.send_password_reset(user_id=ids.decode("usr", target))


@shared_task(name="accounts.send_invitation", acks_late=True, ignore_result=True)
def send_invitation(*, target: str, **_later: object) -> None:
    """Mail the token of the invitation `target` (inv_…). Safe to run twice."""
    kick_taken("accounts.send_invitation", target)
    services.send_invitation(invitation_id=ids.decode("inv", target))


@shared_task(name="accounts.forget_spent", acks_late=True, ignore_result=True)
def forget_spent(**_later: object) -> None:
    """Delete tickets and tokens that can prove nothing any more. Safe to run twice."""
    services.forget_spent(real_now=clock.real_now())
