"""Who sees a driver's position on a map. Pure; tested as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dispatch.route import Carried, StopKind, stops_of
from dispatch.states import BEFORE_PICKUP, DeliveryStatus
from fleetsync.core.geo import LngLat
from tracking.audience import CUSTOMERS, OPS_AUDIENCES, Audience

D = DeliveryStatus
_TO_THE_DOOR: Final = frozenset({D.PICKED_UP, D.EN_ROUTE_TO_DROPOFF, D.ARRIVED_AT_DROPOFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What may be shown of one delivery's driver at this moment."""

    delivery_id: UUID
    customer: bool
    near_pickup: LngLat | None  # the kitchen sees him when he is near this; None: it does not
    doors_before: int  # handed over before this one


def sights_of(carried: Sequence[Carried], *, early: bool) -> dict[UUID, Sight]:
    """Return what may be shown for each delivery that one driver holds.

    The customer sees him between pickup and door, with `early` from the assignment on,
    and never while somebody else's order is handed over first.
    """
    doors = _doors_before(carried)
    return {
        each.id: Sight(
            delivery_id=each.id,
            customer=doors.get(each.id) == 0
            and (each.status in _TO_THE_DOOR or (early and each.status in BEFORE_PICKUP)),
            near_pickup=each.pickup if each.status in BEFORE_PICKUP else None,
            doors_before=doors.get(each.id, 0),
        )
        for each in carried
    }


def _doors_before(carried: Sequence[Carried]) -> dict[UUID, int]:
    """Return how many other doors the driver goes to before each delivery's own."""
    drops = [stop for stop in stops_of(carried) if stop.kind is StopKind.DROPOFF]
    return {each.id: before for before, stop in enumerate(drops) for each in stop.deliveries}


def audiences_of(sight: Sight) -> tuple[Audience, ...]:
    """Return who sees the position on the order's own topic, wherever the driver is."""
    return (*CUSTOMERS, *sorted(OPS_AUDIENCES)) if sight.customer else tuple(sorted(OPS_AUDIENCES))
