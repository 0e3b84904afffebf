"""Facts about users and drivers. Ids only: what a person is called stays in the tables."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fleetsync.core.events import Event, event


@dataclass(frozen=True, kw_only=True, slots=True)
class UserEvent(Event):
    """Lives in the user's stream; nobody else hears of it."""

    home: ClassVar[str] = "user"
    user_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class UserRegistered(UserEvent):
    """Somebody has an account now."""

    type: ClassVar[str] = "user.registered"
    role: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class UserProfileChanged(UserEvent):
    """Name or phone changed, by the user or by staff: who, is the event's actor. `fields` names which."""

    type: ClassVar[str] = "user.profile_changed"
    fields: tuple[str, ...]


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class SessionsEnded(UserEvent):
    """Every token of the user is void and open sockets must close. `reason` says why in a word."""

    type: ClassVar[str] = "user.sessions_ended"
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshTokenReused(UserEvent):
    """A spent refresh token came again: that login was ended."""

    type: ClassVar[str] = "user.refresh_token_reused"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordResetAsked(UserEvent):
    """A mail with a link must go out."""

    type: ClassVar[str] = "user.password_reset_asked"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class InvitationMade(UserEvent):
    """The user (of ops) invited somebody; a mail must go out."""

    type: ClassVar[str] = "user.invitation_made"
    invitation_id: UUID
    role: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class InvitationAccepted(UserEvent):
    """The invited user has an account; `restaurant_id` names the restaurant to join."""

    type: ClassVar[str] = "user.invitation_accepted"
    invitation_id: UUID
    role: str
    restaurant_id: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverProfileEvent(Event):
    """Lives in the driver's stream."""

    home: ClassVar[str] = "driver"
    driver_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverApproved(DriverProfileEvent):
    """The driver may go online."""

    type: ClassVar[str] = "driver.approved"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverSuspended(DriverProfileEvent):
    """The driver may not go online, and an open session must end."""

    type: ClassVar[str] = "driver.suspended"
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverReinstated(DriverProfileEvent):
    """The suspension is over."""

    type: ClassVar[str] = "driver.reinstated"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverProfileChanged(DriverProfileEvent):
    """Vehicle or capacity changed; the next round plans with it."""

    type: ClassVar[str] = "driver.profile_changed"
    vehicle: str
    capacity: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverDocumentKept(DriverProfileEvent):
    """A document of the driver is on file, or what is known of it changed."""

    type: ClassVar[str] = "driver.document_kept"
    document_id: UUID
    kind: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverDocumentDropped(DriverProfileEvent):
    """A document of the driver was dropped, with its file."""

    type: ClassVar[str] = "driver.document_dropped"
    document_id: UUID
    kind: str
