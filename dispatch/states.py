"""The lives of a delivery, an offer and a session: tables; tests walk every pair of them."""

from collections.abc import Mapping
from typing import Final

from django.db import models


class DeliveryStatus(models.TextChoices):
    """The physical job."""

    CREATED = "CREATED"
    SEARCHING = "SEARCHING"  # no driver yet; an offer may be out
    ASSIGNED = "ASSIGNED"  # a driver said yes
    EN_ROUTE_TO_PICKUP = "EN_ROUTE_TO_PICKUP"
    ARRIVED_AT_PICKUP = "ARRIVED_AT_PICKUP"
    PICKED_UP = "PICKED_UP"  # the bag has left the restaurant
    EN_ROUTE_TO_DROPOFF = "EN_ROUTE_TO_DROPOFF"
    ARRIVED_AT_DROPOFF = "ARRIVED_AT_DROPOFF"
    DELIVERED = "DELIVERED"
    NO_DRIVER_FOUND = "NO_DRIVER_FOUND"  # the search ran out; ops may re-open it
    UNDELIVERABLE = "UNDELIVERABLE"
    RETURNING = "RETURNING"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"


D = DeliveryStatus
DELIVERY_FOLLOWERS: Final[Mapping[DeliveryStatus, frozenset[DeliveryStatus]]] = {
    D.CREATED: frozenset({D.SEARCHING, D.CANCELLED}),
    D.SEARCHING: frozenset({D.ASSIGNED, D.NO_DRIVER_FOUND, D.CANCELLED}),
    D.ASSIGNED: frozenset({D.EN_ROUTE_TO_PICKUP, D.SEARCHING, D.CANCELLED}),
    D.EN_ROUTE_TO_PICKUP: frozenset({D.ARRIVED_AT_PICKUP, D.SEARCHING, D.CANCELLED}),
    D.ARRIVED_AT_PICKUP: frozenset({D.PICKED_UP, D.SEARCHING, D.CANCELLED}),
    D.PICKED_UP: frozenset({D.EN_ROUTE_TO_DROPOFF, D.UNDELIVERABLE}),
    D.EN_ROUTE_TO_DROPOFF: frozenset({D.ARRIVED_AT_DROPOFF, D.UNDELIVERABLE}),
    D.ARRIVED_AT_DROPOFF: frozenset({D.DELIVERED, D.UNDELIVERABLE}),
    D.UNDELIVERABLE: frozenset({D.RETURNING}),
    D.RETURNING: frozenset({D.RETURNED}),
    D.NO_DRIVER_FOUND: frozenset({D.SEARCHING, D.CANCELLED}),
    D.DELIVERED: frozenset(),
    D.RETURNED: frozenset(),
    D.CANCELLED: frozenset(),
}
#: A driver holds it: it counts in his load.
ACTIVE: Final = frozenset(
    {
        D.ASSIGNED,
        D.EN_ROUTE_TO_PICKUP,
        D.ARRIVED_AT_PICKUP,
        D.PICKED_UP,
        D.EN_ROUTE_TO_DROPOFF,
        D.ARRIVED_AT_DROPOFF,
        D.UNDELIVERABLE,
        D.RETURNING,
    }
)
BEFORE_PICKUP: Final = frozenset({D.ASSIGNED, D.EN_ROUTE_TO_PICKUP, D.ARRIVED_AT_PICKUP})
ON_BOARD: Final = ACTIVE - BEFORE_PICKUP
FINISHED: Final = frozenset({D.DELIVERED, D.RETURNED, D.CANCELLED})
UNFINISHED: Final = frozenset(DeliveryStatus) - FINISHED
#: The way of a delivery that goes well; a later tap implies the earlier steps.
ROAD: Final = (
    D.ASSIGNED,
    D.EN_ROUTE_TO_PICKUP,
    D.ARRIVED_AT_PICKUP,
    D.PICKED_UP,
    D.EN_ROUTE_TO_DROPOFF,
    D.ARRIVED_AT_DROPOFF,
    D.DELIVERED,
)


class OfferStatus(models.TextChoices):
    """One question to one driver."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"  # taken, cancelled, driver offline
    UNDELIVERED = "UNDELIVERED"  # never reached the phone: does not count against the driver
    RETURNED = "RETURNED"  # accepted, then given back or taken away


O = OfferStatus  # noqa: E741
OFFER_FOLLOWERS: Final[Mapping[OfferStatus, frozenset[OfferStatus]]] = {
    O.OPEN: frozenset({O.ACCEPTED, O.DECLINED, O.EXPIRED, O.WITHDRAWN, O.UNDELIVERED}),
    O.ACCEPTED: frozenset({O.RETURNED}),
    O.DECLINED: frozenset(),
    O.EXPIRED: frozenset(),
    O.WITHDRAWN: frozenset(),
    O.UNDELIVERED: frozenset(),
    O.RETURNED: frozenset(),
}


class SessionStatus(models.TextChoices):
    """A driver's online lease."""

    AVAILABLE = "AVAILABLE"
    BUSY = "BUSY"
    PAUSED = "PAUSED"
    OFFLINE = "OFFLINE"


N = SessionStatus
SESSION_FOLLOWERS: Final[Mapping[SessionStatus, frozenset[SessionStatus]]] = {
    N.AVAILABLE: frozenset({N.BUSY, N.PAUSED, N.OFFLINE}),
    N.BUSY: frozenset({N.AVAILABLE, N.PAUSED, N.OFFLINE}),
    N.PAUSED: frozenset({N.AVAILABLE, N.BUSY, N.OFFLINE}),
    N.OFFLINE: frozenset(),
}


class PolicyStatus(models.TextChoices):
    """One version of how a zone decides."""

    DRAFT = "DRAFT"
    SIMULATED = "SIMULATED"  # rehearsed on recorded demand; the result stands on the row
    ACTIVE = "ACTIVE"  # the zone's rounds read it; one per zone
    RETIRED = "RETIRED"  # another took its place; may come back


def may_follow(present: DeliveryStatus, new: DeliveryStatus) -> bool:
    """Say whether a delivery may go from `present` to `new`."""
    return new in DELIVERY_FOLLOWERS[present]
