"""Refusals of tracking, and why a socket is closed."""

from enum import IntEnum

from fleetsync.core.errors import DomainError, Kind


class CloseCode(IntEnum):
    """Why the server closed a socket; the number is public API."""

    BAD_FRAME = 4400
    AUTH = 4401
    TOPIC = 4403
    TOO_SLOW = 4408
    FLOOD = 4429


class PositionsInvalid(DomainError):
    """A point cannot be read; `attr` names the value."""

    code = "invalid"
    title = "The positions have invalid values."
    kind = Kind.INVALID


class PositionFromFuture(DomainError):
    """The phone's clock runs ahead."""

    code = "position-from-future"
    title = "A position is dated in the future: set the phone's clock."
    kind = Kind.REFUSED


class TopicUnknown(DomainError):
    """No topic is called so."""

    code = "topic-unknown"
    title = "There is no such topic."
    kind = Kind.INVALID


class TopicForbidden(DomainError):
    """The topic is not yours to hear, or does not exist."""

    code = "topic-forbidden"
    title = "This topic is not yours to hear."
    kind = Kind.FORBIDDEN


class TooManyTopics(DomainError):
    """One socket hears only so many topics."""

    code = "too-many-topics"
    title = "This socket hears too many topics already."
    kind = Kind.TOO_MANY


class LogForgotten(DomainError):
    """The events asked for are older than the log; a snapshot must do."""

    code = "log-forgotten"
    title = "These events are not kept any more."
    kind = Kind.GONE
