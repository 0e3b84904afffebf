"""News of this app that needs a mail: a worker writes it, for a slow mail server must not hold the relay."""

from accounts.events import InvitationMade, PasswordResetAsked
from fleetsync.core import ids
from fleetsync.core.events import on
from fleetsync.core.queue import kick


class MailHeldError(Exception):
    """The worker could not be told; the relay tries again."""


def _tell_worker(task: str, target: str) -> None:
    if not kick(task, target):
        raise MailHeldError(task)


@on(PasswordResetAsked)
def mail_password_reset(event: PasswordResetAsked) -> None:
    """Have the link mailed. May run twice."""
    _tell_worker("accounts.send_password_reset", ids.encode("usr", event.user_id))


@on(InvitationMade)
def mail_invitation(event: InvitationMade) -> None:
    """Have the token mailed. May run twice; the last mail counts."""
    _tell_worker("accounts.send_invitation", ids.encode("inv", event.invitation_id))
