"""Facts of an order. Ids, states, moments and amounts only."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from fleetsync.core.events import Event, event


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderEvent(Event):
    """Lives in the order's stream; the restaurant and the zone hear of it."""

    home: ClassVar[str] = "order"
    feeds: ClassVar[tuple[str, ...]] = ("restaurant", "zone")
    order_id: UUID
    restaurant_id: UUID
    zone_id: UUID


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderPlaced(OrderEvent):
    """A customer bought; the kitchen must answer by `accept_by_at`."""

    type: ClassVar[str] = "order.placed"
    customer_id: UUID
    total_minor: int
    currency: str
    placed_at: datetime
    accept_by_at: datetime


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderAccepted(OrderEvent):
    """The kitchen will cook it, ready at `ready_at`."""

    type: ClassVar[str] = "order.accepted"
    ready_at: datetime


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRejected(OrderEvent):
    """The kitchen refused, or was silent."""

    type: ClassVar[str] = "order.rejected"
    ends: ClassVar[bool] = True
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderPreparing(OrderEvent):
    """It is being cooked."""

    type: ClassVar[str] = "order.preparing"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderDelayed(OrderEvent):
    """The kitchen needs until `ready_at`."""

    type: ClassVar[str] = "order.delayed"
    ready_at: datetime
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderReady(OrderEvent):
    """It waits at the counter since `ready_at`."""

    type: ClassVar[str] = "order.ready"
    ready_at: datetime


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderPickedUp(OrderEvent):
    """The bag has left the restaurant."""

    type: ClassVar[str] = "order.picked_up"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderDelivered(OrderEvent):
    """It was handed over."""

    type: ClassVar[str] = "order.delivered"
    ends: ClassVar[bool] = True


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderCancelled(OrderEvent):
    """It will not be delivered; `by` is a role."""

    type: ClassVar[str] = "order.cancelled"
    ends: ClassVar[bool] = True
    reason: str
    by: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderReturning(OrderEvent):
    """Nobody took it at the door; the driver brings it back."""

    type: ClassVar[str] = "order.returning"
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderReturned(OrderEvent):
    """It is back at the restaurant."""

    type: ClassVar[str] = "order.returned"
    ends: ClassVar[bool] = True


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRated(OrderEvent):
    """The customer gave it stars, or changed them; the words are in no log."""

    type: ClassVar[str] = "order.rated"
    ends: ClassVar[bool] = True  # comes when the life has ended, maybe after it was forgotten
    stars: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class OrderTipped(OrderEvent):
    """The customer gave the driver something more afterwards."""

    type: ClassVar[str] = "order.tipped"
    ends: ClassVar[bool] = True
    tip_minor: int
    currency: str
