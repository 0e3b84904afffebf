"""Everybody at once: hundreds of drivers, kitchens and customers in one event loop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from simulation.clients.api import Account
from simulation.clients.customer import Customer
from simulation.clients.driver import Driver
from simulation.clients.live import cancel_all
from simulation.clients.restaurant import Kitchen
from simulation.clients.world import PlannedOrder, World

SHOW_EVERY_S: Final = 0.5
AHEAD_S: Final = 3.0  # real seconds before its moment that a customer takes up a planned order


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """When a run is over. Moments are business Unix seconds; None: that alone ends nothing."""

    last_order_s: float | None = None
    """Nobody orders from here on."""
    when_done: bool = False
    """Over once the last order may be placed and none of ours is open."""
    give_up_s: float | None = None
    """Over then, whatever is open."""
    duration_s: float | None = None
    """Over so many real seconds after the first order."""


@dataclass(slots=True, kw_only=True)
class Fleet:
    """The people of a run. `orders` may be endless, ordered by their moment."""

    world: World
    kitchens: Sequence[Kitchen]
    drivers: Sequence[Driver]
    customers: Sequence[Account]
    orders: Iterable[PlannedOrder]
    ends: Ends
    begin_s: float = 0.0
    """Business moment before which nothing begins: the platform may have to notice that its clock was set."""
    show: Callable[[World], None] = lambda _world: None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _failure: BaseException | None = None
    _placing: set[asyncio.Task[Any]] = field(default_factory=set)

    def stop(self) -> None:
        """Let the run end now."""
        self._stop.set()

    async def run(self) -> bool:
        """Play until the end; return False when somebody stopped it before."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError, ValueError, RuntimeError):  # not in the main thread
                loop.add_signal_handler(number, self.stop)
        if not await self._opened():
            await self.world.gate.close()
            return False
        doing: list[Coroutine[Any, Any, Any]] = [self.world.gate.keep_clock(), self._keep_showing(), self._place()]
        doing += [kitchen.run() for kitchen in self.kitchens]
        doing += [driver.run() for driver in self.drivers]
        people = [self._begin(each) for each in doing]
        over, stopped = self._begin(self._over()), self._begin(self._stop.wait())
        try:
            await asyncio.wait({over, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if self._failure is not None:
                raise self._failure
            return over.done()
        finally:
            await cancel_all([over, stopped, *people, *self._placing])
            self.show(self.world)
            await self.world.gate.close()

    async def _opened(self) -> bool:
        """Wait until the platform shows the moment to begin; return False when somebody stopped us before."""
        opening = asyncio.create_task(self.world.gate.await_clock(self.begin_s))
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({opening, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
            await self.world.gate.read_clock(tries=5)
        await cancel_all([opening, stopped])
        return not self._stop.is_set()

    def _begin(self, doing: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(doing)
        task.add_done_callback(self._note)
        return task

    def _note(self, task: asyncio.Task[Any]) -> None:
        """End the run when somebody broke down: that is a bug, not an incident."""
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = self._failure or failure
            self._stop.set()

    async def _place(self) -> None:
        """Hand each planned order to a customer a little before its moment."""
        clock, last_s = self.world.clock, self.ends.last_order_s
        for plan in self.orders:
            if last_s is not None and plan.place_s >= last_s:
                return
            await clock.sleep_until(plan.place_s - AHEAD_S * clock.scale)
            customer = Customer(self.world, self.customers[plan.number % len(self.customers)])
            task = self._begin(customer.order(plan))
            self._placing.add(task)
            task.add_done_callback(self._placing.discard)

    async def _over(self) -> None:
        """Return when the run is over by its own rules."""
        clock, ledger, ends = self.world.clock, self.world.ledger, self.ends
        while True:
            await asyncio.sleep(0.1)
            now_s, first = clock.now_s(), next(iter(ledger.placements.values()), None)
            if ends.duration_s is not None and first and time.monotonic() - first.answered >= ends.duration_s:
                return
            if ends.give_up_s is not None and now_s >= ends.give_up_s:
                return
            placed = ends.last_order_s is not None and now_s >= ends.last_order_s and not self._placing
            if ends.when_done and placed and not ledger.open():
                return

    async def _keep_showing(self) -> None:
        while True:
            self.show(self.world)
            await asyncio.sleep(SHOW_EVERY_S)
