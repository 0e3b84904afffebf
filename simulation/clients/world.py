"""What people see who stand in the same room: the ticket of an order, and the food on the counter."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from random import Random

from simulation.clients.api import Gate
from simulation.clients.clock import BusinessClock
from simulation.clients.ledger import Ledger
from simulation.clients.road import Place, Vehicle


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedItem:
    """Something to buy."""

    item_id: str
    quantity: int = 1
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """An order before it is placed. Moments are business Unix seconds, spans business seconds."""

    number: int
    place_s: float
    restaurant_id: str
    items: tuple[PlannedItem, ...]
    door: Place
    address: str
    tip_minor: int = 0
    ready_s: float | None = None
    """When the food is ready; None: `cook_s` after the kitchen has accepted."""
    cook_s: float = 300.0
    late_s: float = 0.0
    """The kitchen takes so much longer than it promises."""
    think_s: float = 0.0
    """The kitchen looks at it so long."""
    reject: str = ""
    """The kitchen refuses it for this reason; empty: it accepts."""
    cancel_s: float | None = None
    """The customer thinks better of it so long after placing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How drivers are. Spans are business seconds."""

    vehicle: Vehicle
    half_pickup_s: float = 60.0
    half_dropoff_s: float = 60.0
    accept: float = 1.0
    """Chance that an offer is taken."""
    silent: float = 0.0
    """Chance that an offer which is not taken is left to expire, not declined."""
    think_s: tuple[float, float] = (0.0, 0.0)
    """From so long to so long over an offer."""


@dataclass(slots=True)
class World:
    """The gate to the platform, the books, and the counter."""

    gate: Gate
    habits: Habits
    seed: int = 1
    _tickets: dict[str, asyncio.Future[PlannedOrder]] = field(default_factory=dict)
    _food: dict[str, float] = field(default_factory=dict)

    @property
    def clock(self) -> BusinessClock:
        """Return the clock all share."""
        return self.gate.clock

    @property
    def ledger(self) -> Ledger:
        """Return the books all share."""
        return self.gate.ledger

    def chance(self, *who: object) -> Random:
        """Return a source of chance of its own for somebody: the same in every run of this seed."""
        return Random(":".join(map(str, (self.seed, *who))))

    # -- tickets: what the customer wants, in the kitchen's hands ------------------------------

    def hand_in(self, order_id: str, plan: PlannedOrder) -> None:
        """Pin the ticket of a placed order to the kitchen's wall."""
        ticket = self._ticket(order_id)
        if not ticket.done():
            ticket.set_result(plan)

    async def ticket(self, order_id: str, wait_s: float) -> PlannedOrder | None:
        """Return the plan behind an order; None when nobody of ours hands one in within real seconds."""
        try:
            return await asyncio.wait_for(asyncio.shield(self._ticket(order_id)), wait_s)
        except TimeoutError:
            return None

    def _ticket(self, order_id: str) -> asyncio.Future[PlannedOrder]:
        if order_id not in self._tickets:
            self._tickets[order_id] = asyncio.get_running_loop().create_future()
        return self._tickets[order_id]

    # -- the counter: when food is ready -------------------------------------------------------

    def cooks(self, order_id: str, ready_s: float) -> None:
        """Say when the food will stand on the counter."""
        self._food[order_id] = ready_s

    def ready_s(self, order_id: str, told_s: float) -> float:
        """Return when the food stands there; `told_s` counts where no kitchen of ours cooks it."""
        return self._food.get(order_id, told_s)

    async def food(self, order_id: str, told_s: float) -> None:
        """Wait until the food stands on the counter."""
        while (ready_s := self.ready_s(order_id, told_s)) > self.clock.now_s():
            await self.clock.sleep_until(ready_s)

    def forget(self, order_id: str) -> None:
        """Take the ticket down."""
        self._tickets.pop(order_id, None)
