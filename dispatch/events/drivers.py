"""Facts of sessions, tasks and messages, in the driver's stream."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fleetsync.core.events import Event, event


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverEvent(Event):
    """Lives in the driver's stream; the zone hears of it."""

    home: ClassVar[str] = "driver"
    feeds: ClassVar[tuple[str, ...]] = ("zone",)
    driver_id: UUID
    zone_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class SessionStarted(DriverEvent):
    """The driver went online."""

    type: ClassVar[str] = "session.started"
    session_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class SessionPaused(DriverEvent):
    """No new offers for now."""

    type: ClassVar[str] = "session.paused"
    session_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class SessionResumed(DriverEvent):
    """Offers again."""

    type: ClassVar[str] = "session.resumed"
    session_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverFreed(DriverEvent):
    """The driver has nothing to do any more."""

    type: ClassVar[str] = "session.freed"
    session_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class SessionEnded(DriverEvent):
    """The driver went offline, or his lease ran out. `reason` says which."""

    type: ClassVar[str] = "session.ended"
    session_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskEvent(DriverEvent):
    """A delivery that comes or goes without an offer."""

    delivery_id: UUID
    order_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class TaskGiven(TaskEvent):
    """Ops gave the driver a delivery without asking him."""

    type: ClassVar[str] = "driver.task_given"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class TaskTaken(TaskEvent):
    """A delivery that ops gave him is his no more: taken away, given back or called off."""

    type: ClassVar[str] = "driver.task_taken"
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverTipped(TaskEvent):
    """The customer gave him something more afterwards."""

    type: ClassVar[str] = "driver.tipped"
    tip_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageEvent(Event):
    """A message of ops, by its id; what it says is in no log. No zone: he was never online."""

    home: ClassVar[str] = "driver"
    feeds: ClassVar[tuple[str, ...]] = ("zone",)
    driver_id: UUID
    zone_id: UUID | None
    message_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class MessageSent(MessageEvent):
    """Ops wrote to the driver."""

    type: ClassVar[str] = "driver.message_sent"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class MessageRead(MessageEvent):
    """The driver has read it."""

    type: ClassVar[str] = "driver.message_read"
