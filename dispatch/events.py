"""Facts of deliveries (in the order's stream), of sessions and offers (in the driver's)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from fleetsync.core.events import Event, event


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryEvent(Event):
    """Lives in the order's stream; the restaurant and the zone hear of it."""

    home: ClassVar[str] = "order"
    feeds: ClassVar[tuple[str, ...]] = ("restaurant", "zone")
    order_id: UUID
    delivery_id: UUID
    restaurant_id: UUID
    zone_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryOpened(DeliveryEvent):
    """The search for a driver begins."""

    type: ClassVar[str] = "delivery.searching"
    ready_at: datetime


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class SearchRetried(DeliveryEvent):
    """Nobody could take it; the next look is at `next_attempt_at`, within `radius_m`."""

    type: ClassVar[str] = "delivery.search_retried"
    attempt: int
    radius_m: int
    next_attempt_at: datetime


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryAssigned(DeliveryEvent):
    """A driver accepted and will carry the delivery. `by` is offer or ops."""

    type: ClassVar[str] = "delivery.assigned"
    driver_id: UUID
    offer_id: UUID | None
    by: str
    pickup_eta_at: datetime
    dropoff_eta_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverStep(DeliveryEvent):
    """A step of the driver; `by` is tap or geofence, or implied by a later tap."""

    driver_id: UUID
    by: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverEnRouteToPickup(DriverStep):
    """The driver rides to the restaurant."""

    type: ClassVar[str] = "delivery.en_route_to_pickup"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverArrivedAtPickup(DriverStep):
    """The driver is at the counter."""

    type: ClassVar[str] = "delivery.arrived_at_pickup"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryPickedUp(DriverStep):
    """The bag is on the vehicle."""

    type: ClassVar[str] = "delivery.picked_up"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverEnRouteToDropoff(DriverStep):
    """The driver rides to this door."""

    type: ClassVar[str] = "delivery.en_route_to_dropoff"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DriverArrivedAtDropoff(DriverStep):
    """The driver is at the door."""

    type: ClassVar[str] = "delivery.arrived_at_dropoff"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryDelivered(DriverStep):
    """It was handed over."""

    type: ClassVar[str] = "delivery.delivered"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryUnassigned(DeliveryEvent):
    """The driver will not carry it after all; the search begins again. `reason` says why."""

    type: ClassVar[str] = "delivery.unassigned"
    driver_id: UUID
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class NoDriverFound(DeliveryEvent):
    """The search ran out after `attempts` looks: a person must decide."""

    type: ClassVar[str] = "delivery.no_driver_found"
    attempts: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReopened(DeliveryEvent):
    """Ops let the search begin again."""

    type: ClassVar[str] = "delivery.reopened"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryHeld(DeliveryEvent):
    """Ops keep it out of the rounds."""

    type: ClassVar[str] = "delivery.held"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReleased(DeliveryEvent):
    """Ops let it into the rounds again."""

    type: ClassVar[str] = "delivery.released"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryPrioritized(DeliveryEvent):
    """Ops let it count for more, or less, than 0."""

    type: ClassVar[str] = "delivery.prioritized"
    priority: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class PinRefused(DeliveryEvent):
    """The driver sent digits that are not the customer's; with no `tries_left` ops must help."""

    type: ClassVar[str] = "delivery.pin_refused"
    driver_id: UUID
    tries_left: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class PinWaived(DeliveryEvent):
    """Ops made sure who takes it: no PIN is needed any more."""

    type: ClassVar[str] = "delivery.pin_waived"
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryUndeliverable(DeliveryEvent):
    """Nobody took it at the door."""

    type: ClassVar[str] = "delivery.undeliverable"
    driver_id: UUID
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReturning(DeliveryEvent):
    """The driver brings it back."""

    type: ClassVar[str] = "delivery.returning"
    driver_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReturned(DeliveryEvent):
    """It is back at the restaurant."""

    type: ClassVar[str] = "delivery.returned"
    driver_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryCancelled(DeliveryEvent):
    """The job is off; a driver who held it is free of it."""

    type: ClassVar[str] = "delivery.cancelled"
    driver_id: UUID | None
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class EtaChanged(DeliveryEvent):
    """The arrival range moved; `cause` says why in a word."""

    type: ClassVar[str] = "delivery.eta_changed"
    eta_low_at: datetime
    eta_high_at: datetime
    cause: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryMovedZone(DeliveryEvent):
    """A neighbour zone takes over the search; `zone_id` is the new one."""

    type: ClassVar[str] = "delivery.moved_zone"
    from_zone_id_text: str


# --- the driver's stream ------------------------------------------------------


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


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyActivated(Event):
    """A zone's rounds decide by another version from now on."""

    type: ClassVar[str] = "policy.activated"
    home: ClassVar[str] = "area"
    home_field: ClassVar[str] = "zone_id"
    zone_id: UUID
    policy_id: UUID
    version: int
    replaced_version: int  # 0: the engine's defaults held
    unrehearsed: bool
