"""What a driver has to do, and what comes next. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

from simulation.clients.clock import seconds_of
from simulation.clients.road import Place

ABOARD: Final = frozenset({"PICKED_UP", "EN_ROUTE_TO_DROPOFF", "ARRIVED_AT_DROPOFF"})


@dataclass(slots=True, kw_only=True)
class Task:
    """A delivery in a driver's hands. Moments are business Unix seconds."""

    delivery_id: str
    order_id: str
    restaurant_id: str
    batch_id: str
    drop_sequence: int
    pickup: Place
    door: Place
    ready_s: float
    taken_s: float
    aboard: bool = False

    @classmethod
    def of(cls, delivery: dict[str, Any], *, taken_s: float) -> Self:
        """Read a delivery as the API shows it; `taken_s` counts where it does not say when it was taken."""
        assigned = delivery.get("assigned_at")
        return cls(
            delivery_id=str(delivery["id"]),
            order_id=str(delivery["order_id"]),
            restaurant_id=str(delivery["restaurant"]["id"]),
            batch_id=str(delivery.get("batch_id") or delivery["id"]),
            drop_sequence=int(delivery.get("drop_sequence") or 0),
            pickup=Place.of(delivery["pickup"]),
            door=Place.of(delivery["dropoff"]),
            ready_s=seconds_of(delivery["ready_at"]) if delivery.get("ready_at") else taken_s,
            taken_s=seconds_of(assigned) if assigned else taken_s,
            aboard=delivery.get("status") in ABOARD,
        )


def next_trip(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """Return what is done next; empty when there is nothing.

    That is the rest of a batch half on board, at its next counter; else everything on board;
    else the batch taken first, at its first counter.
    """
    held = sorted(tasks, key=lambda task: (task.taken_s, task.drop_sequence, task.delivery_id))
    aboard = tuple(task for task in held if task.aboard)
    rest = [task for task in held if not task.aboard and task.batch_id in {each.batch_id for each in aboard}]
    if (aboard and not rest) or not held:
        return aboard
    head = (rest or held)[0]
    return tuple(
        t for t in held if not t.aboard and t.restaurant_id == head.restaurant_id and t.batch_id == head.batch_id
    )
