"""Facts of offers, in the driver's stream."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from dispatch.events.drivers import DriverEvent
from fleetsync.core.events import event


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferEvent(DriverEvent):
    """An offer and the delivery it asks about."""

    offer_id: UUID
    delivery_id: UUID
    order_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OfferMade(OfferEvent):
    """The driver is asked until `expires_at`; the job was due at `due_at`."""

    type: ClassVar[str] = "offer.made"
    batch_id: UUID
    expires_at: datetime
    due_at: datetime | None
    pickup_eta_at: datetime
    pay_minor: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OfferAccepted(OfferEvent):
    """The driver said yes."""

    type: ClassVar[str] = "offer.accepted"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OfferDeclined(OfferEvent):
    """The driver said no, and why."""

    type: ClassVar[str] = "offer.declined"
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OfferExpired(OfferEvent):
    """No answer in time."""

    type: ClassVar[str] = "offer.expired"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OfferWithdrawn(OfferEvent):
    """The question is off: taken, cancelled, driver offline."""

    type: ClassVar[str] = "offer.withdrawn"
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OfferUndelivered(OfferEvent):
    """It never reached the phone."""

    type: ClassVar[str] = "offer.undelivered"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OfferReturned(OfferEvent):
    """An accepted delivery was given back or taken away."""

    type: ClassVar[str] = "offer.returned"
    reason: str
