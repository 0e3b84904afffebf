"""A kitchen: hears orders, answers, cooks, says ready."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from simulation.clients.api import Account, Refused, Unreachable
from simulation.clients.clock import iso, seconds_of
from simulation.clients.live import Frame, LiveSocket, beside, cancel_all
from simulation.clients.world import PlannedOrder, World

STRANGER_WAIT_S: Final = 1.5  # real seconds: a ticket of ours is there by then
COOK_MIN: Final = (4.0, 8.0)  # business minutes, for orders of people who play along
POLL_S: Final = 10.0  # real seconds between two looks by REST while the socket is away


class Kitchen:
    """One account of staff, who may work for several restaurants."""

    def __init__(self, world: World, account: Account, restaurants: Sequence[str]) -> None:
        self.world, self.account = world, account
        self.restaurants = tuple(restaurants)
        self._socket = LiveSocket(account, on_frame=self._hear, on_again=self._look_soon)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._look_now = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled."""
        for restaurant in self.restaurants:
            await self._socket.follow(f"restaurant:{restaurant}")
        holding = asyncio.create_task(self._socket.run())
        try:
            await beside(self._look_around(), [holding])
        finally:
            await cancel_all([holding, *self._tasks.values()])

    async def _look_around(self) -> None:
        while True:
            await self._poll_due()
            await self._look()

    async def _poll_due(self) -> None:
        """Return when a look by REST is due: after a reconnect, or while no socket stands."""
        while True:
            try:
                await asyncio.wait_for(self._look_now.wait(), POLL_S)
            except TimeoutError:
                if self._socket.connected.is_set():
                    continue
            self._look_now.clear()
            return

    def _look_soon(self) -> None:
        self._look_now.set()

    async def _look(self) -> None:
        """Take up what waits and was not heard of."""
        try:
            for status in ("PLACED", "ACCEPTED", "PREPARING"):
                for order in (await self.account.get("orders", status=status, limit="100"))["results"]:
                    restaurant = order.get("restaurant") or {}
                    if restaurant.get("id", self.restaurants[0]) in self.restaurants:
                        self._take_up(order["id"], _ready_of(order) if status != "PLACED" else None)
        except (Refused, Unreachable) as error:
            self.world.ledger.refusals[f"kitchen list: {getattr(error, 'code', 'unreachable')}"] += 1

    def _hear(self, frame: Frame) -> None:
        kind, data = frame.get("type"), frame.get("data") or {}
        if kind == "order.placed":
            self._take_up(data["order_id"], None)
        elif kind == "order.accepted":
            self._take_up(data["order_id"], _ready_of(data))
        elif kind in ("order.cancelled", "order.rejected"):
            task = self._tasks.get(data["order_id"])
            if task is not None:
                task.cancel()

    def _take_up(self, order_id: str, ready_s: float | None) -> None:
        if order_id not in self._tasks:
            self._tasks[order_id] = asyncio.create_task(self._serve(order_id, ready_s))

    async def _serve(self, order_id: str, accepted_ready_s: float | None) -> None:
        """Answer an order, or go on with one that was accepted; then cook it and say ready."""
        plan = await self.world.ticket(order_id, STRANGER_WAIT_S)
        ready_s = accepted_ready_s
        try:
            if ready_s is None:
                ready_s = await self._answer(order_id, plan)
                if ready_s is None:
                    return
            done_s = ready_s + (plan.late_s if plan else 0.0)
            self.world.cooks(order_id, done_s)
            await self.world.clock.sleep_until(done_s)
            await self._tap(order_id, "ready", None, "order.ready", done_s)
        except Refused as refused:
            self.world.ledger.refusals[f"kitchen: {refused.code}"] += 1
        except Unreachable:
            self.world.ledger.counts["gave_up"] += 1

    async def _answer(self, order_id: str, plan: PlannedOrder | None) -> float | None:
        """Accept or reject; return when the food will be ready, None when it will not be cooked."""
        clock = self.world.clock
        heard_s = clock.now_s()
        if plan is None:
            chance = self.world.chance("stranger", order_id)
            think_s, cook_s, ready_s = 0.0, 60 * chance.uniform(*COOK_MIN), None
        else:
            think_s, cook_s, ready_s = plan.think_s, plan.cook_s, plan.ready_s
        if think_s:
            await clock.sleep_until(heard_s + think_s)
        if plan and plan.reject:
            await self._tap(order_id, "reject", {"reason": plan.reject}, "order.rejected", None)
            return None
        ready_s = ready_s if ready_s is not None else clock.now_s() + cook_s
        await self._tap(order_id, "accept", {"ready_at": iso(ready_s)}, "order.accepted", None)
        return ready_s

    async def _tap(
        self, order_id: str, verb: str, body: dict[str, Any] | None, event: str, due_s: float | None
    ) -> None:
        """Do a step; one that the order has already left behind is done."""
        try:
            await self.account.post(f"orders/{order_id}/{verb}", body)
        except Refused as refused:
            if verb == "ready" and refused.status == 409:
                return  # the driver's pick-up said it for us
            raise
        if due_s is not None:
            self.world.ledger.stepped(self.world.clock.now_s() - due_s)
        self.world.ledger.promised(stream=f"order:{order_id}", type=event, by=self.account.email)


def _ready_of(data: dict[str, Any]) -> float | None:
    return seconds_of(data["ready_at"]) if data.get("ready_at") else None
