"""The stops of a driver, in the order he makes them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from dispatch.states import BEFORE_PICKUP, DeliveryStatus
from fleetsync.core.geo import LngLat


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A delivery that a driver holds, as far as his way depends on it. Moments are business time."""

    id: UUID
    driver_id: UUID
    session_id: UUID | None
    restaurant_id: UUID
    zone_id: UUID
    status: DeliveryStatus
    batch_id: UUID | None
    drop_sequence: int
    pickup: LngLat
    dropoff: LngLat
    ready_at: datetime
    assigned_at: datetime | None
    arrived_at_pickup_at: datetime | None
    picked_up_at: datetime | None
    arrived_at_dropoff_at: datetime | None


class StopKind(StrEnum):
    """What is done at a stop."""

    PICKUP = "pickup"
    DROPOFF = "dropoff"
    RETURN = "return"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One place where a driver halts, and the deliveries it is about."""

    kind: StopKind
    place: LngLat
    deliveries: tuple[Carried, ...]


_BACK: Final = frozenset({DeliveryStatus.UNDELIVERABLE, DeliveryStatus.RETURNING})


def stops_of(carried: Sequence[Carried]) -> list[Stop]:
    """Return the stops of one driver, next one first.

    What is on board is dropped before the next trip is picked up, unless the next pickup
    belongs to the same batch: then all of it is fetched first. What nobody took at the
    door goes back last. Of a trip with two restaurants, the one whose food is dropped first
    is visited first, as the engine timed it.
    """
    pending = sorted((c for c in carried if c.status in BEFORE_PICKUP), key=_turn)
    back = sorted((c for c in carried if c.status in _BACK), key=_turn)
    aboard = sorted((c for c in carried if c.status not in BEFORE_PICKUP and c.status not in _BACK), key=_turn)
    stops: list[Stop] = []
    batches = {c.batch_id for c in aboard if c.batch_id is not None}
    while aboard or pending:
        same = [c for c in pending if c.batch_id in batches]
        if aboard and not same:
            first, aboard = aboard[0], aboard[1:]
            stops.append(Stop(kind=StopKind.DROPOFF, place=first.dropoff, deliveries=(first,)))
            continue
        head = (same or pending)[0]
        trip = tuple(c for c in pending if c.restaurant_id == head.restaurant_id and c.batch_id == head.batch_id)
        pending = [c for c in pending if c not in trip]
        stops.append(Stop(kind=StopKind.PICKUP, place=head.pickup, deliveries=trip))
        aboard = sorted([*aboard, *trip], key=_turn)
        batches = {c.batch_id for c in aboard if c.batch_id is not None}
    stops.extend(Stop(kind=StopKind.RETURN, place=c.pickup, deliveries=(c,)) for c in back)
    return stops


def _turn(c: Carried) -> tuple[float, int, UUID]:
    return (c.assigned_at.timestamp() if c.assigned_at else 0.0, c.drop_sequence, c.id)
