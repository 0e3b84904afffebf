"""Facts of deliveries, in the order's stream."""

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
