"""Expected refusals. A service raises one; `problems.py` answers it as `application/problem+json`."""

from enum import Enum
from typing import Any, ClassVar


class Kind(Enum):
    """What went wrong in a word; the HTTP status stands in `problems.STATUS` alone."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    CONFLICT = "conflict"
    GONE = "gone"
    REFUSED = "refused"
    TOO_MANY = "too-many"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A refusal that callers should expect. `code` is public API and never changes.

    Keyword arguments become members of the problem document; `attr` names the field
    that is to blame, `detail` overrides the sentence.
    """

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "The request was refused."
    kind: ClassVar[Kind] = Kind.REFUSED
    #: What was written before it stays: a count of wrong guesses. Raised outside the change.
    keeps: ClassVar[bool] = False

    def __init__(self, detail: str | None = None, *, attr: str | None = None, **members: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.attr = attr
        self.members = members


class NotFound(DomainError):
    """It does not exist, or is not yours to know of."""

    code = "not-found"
    title = "There is no such object."
    kind = Kind.NOT_FOUND


class InvalidInput(DomainError):
    """A value cannot be used; `attr` names the field."""

    code = "invalid"
    title = "A value cannot be used."
    kind = Kind.INVALID


class NotAllowed(DomainError):
    """The role may not do this."""

    code = "not-allowed"
    title = "Your role may not do this."
    kind = Kind.FORBIDDEN


class IllegalTransition(DomainError):
    """The state does not allow this step."""

    code = "illegal-transition"
    title = "The present state does not allow this."
    kind = Kind.CONFLICT


class IdempotencyInFlight(DomainError):
    """The first request with this key is still being answered."""

    code = "idempotency-in-flight"
    title = "The first request with this Idempotency-Key is still being answered."
    kind = Kind.CONFLICT


class IdempotencyMismatch(DomainError):
    """The key was used for another body."""

    code = "idempotency-mismatch"
    title = "This Idempotency-Key was used with another body."
    kind = Kind.REFUSED


class IdempotencyKeyMissing(DomainError):
    """The endpoint needs a key."""

    code = "idempotency-key-missing"
    title = "This request needs an Idempotency-Key header."
    kind = Kind.INVALID


class Overloaded(DomainError):
    """No database connection was free in time."""

    code = "overloaded"
    title = "The service is too busy; try again."
    kind = Kind.UNAVAILABLE
