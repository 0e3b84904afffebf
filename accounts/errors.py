"""Refusals of the accounts app."""

from fleetsync.core.errors import DomainError, Kind, NotFound


class TokenInvalid(DomainError):
    """Not one of our tokens, ended, or for another use."""

    code = "token-invalid"
    title = "The token is not valid."
    kind = Kind.UNAUTHENTICATED


class TokenExpired(TokenInvalid):
    """Ours, but its time is over: refresh it or log in."""

    code = "token-expired"
    title = "The token has expired."


class TokenReused(TokenInvalid):
    """A refresh token came a second time: the whole login is ended."""

    code = "token-reused"
    title = "This refresh token was used before; its login has been ended."


class TicketInvalid(DomainError):
    """Unknown, used or older than 30 s."""

    code = "ticket-invalid"
    title = "The socket ticket is not valid any more."
    kind = Kind.UNAUTHENTICATED


class LoginFailed(DomainError):
    """The same answer for an unknown address, a wrong password and a closed account."""

    code = "login-failed"
    title = "E-mail address or password is wrong."
    kind = Kind.UNAUTHENTICATED


class TooManyLogins(DomainError):
    """Too many wrong passwords for this account from this address."""

    code = "too-many-logins"
    title = "Too many failed logins; wait a little."
    kind = Kind.TOO_MANY


class LoginHeld(DomainError):
    """Failed logins cannot be counted just now, so nobody may try."""

    code = "login-held"
    title = "Logging in is not possible at the moment; try again shortly."
    kind = Kind.UNAVAILABLE


class EmailTaken(DomainError):
    """Somebody has this address."""

    code = "email-taken"
    title = "There is an account with this e-mail address."
    kind = Kind.CONFLICT


class WeakPassword(DomainError):
    """The password rules refuse it; `detail` says why."""

    code = "weak-password"
    title = "The password is too weak."
    kind = Kind.INVALID


class WrongPassword(DomainError):
    """The present password does not match."""

    code = "wrong-password"
    title = "The present password is wrong."
    kind = Kind.REFUSED


class ResetInvalid(DomainError):
    """The link of the mail is wrong, used or too old."""

    code = "reset-invalid"
    title = "This password link is not valid any more; ask for a new one."
    kind = Kind.GONE


class InvitationInvalid(DomainError):
    """Unknown, accepted or too old."""

    code = "invitation-invalid"
    title = "This invitation is not valid any more."
    kind = Kind.GONE


class InvitationNotAllowed(DomainError):
    """Only an admin invites dispatchers and admins."""

    code = "invitation-not-allowed"
    title = "Your role may not invite somebody for this role."
    kind = Kind.FORBIDDEN


class DriverNotFound(NotFound):
    """No such driver, or not yours to know of."""

    code = "driver-not-found"
    title = "There is no such driver."


class UserNotFound(NotFound):
    """No such user, or not yours to know of."""

    code = "user-not-found"
    title = "There is no such user."
