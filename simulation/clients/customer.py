"""A customer: asks for a price, orders, watches, sometimes thinks better of it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from simulation.clients.api import Account, Answer, Refused, Unreachable
from simulation.clients.live import Frame, LiveSocket, beside, cancel_all
from simulation.clients.world import PlannedOrder, World

QUOTE_AHEAD_S: Final = 1.5  # real seconds before placing
POLL_S: Final = 15.0  # real seconds between two looks in case the socket missed the end
ENDS: Final = frozenset({"DELIVERED", "CANCELLED", "REJECTED", "RETURNED"})


class Customer:
    """One account that places planned orders, one at a time or several."""

    def __init__(self, world: World, account: Account) -> None:
        self.world, self.account = world, account

    async def order(self, plan: PlannedOrder) -> str | None:
        """Place an order at its moment and watch it to its end.

        Returns its id, or None when the platform would not take it.
        """
        clock, ledger = self.world.clock, self.world.ledger
        try:
            await clock.sleep_until(plan.place_s - QUOTE_AHEAD_S * clock.scale)
            quote = await self.account.post("quotes", self._quote(plan))
            await clock.sleep_until(plan.place_s)
            marker = f"#{self.world.gate.key()[:13]}"
            placed = await self.account.post("orders", self._order(plan, quote.body["id"], marker))
        except Refused as refused:
            ledger.refusals[f"order: {refused.code}"] += 1
            return None
        except Unreachable:
            ledger.counts["gave_up"] += 1
            return None
        order_id = self._enter(plan, placed, marker)
        ledger.stepped(clock.now_s() - plan.place_s)
        await self._watch(order_id, plan)
        return order_id

    def _quote(self, plan: PlannedOrder) -> dict[str, Any]:
        items = [{"item_id": i.item_id, "quantity": i.quantity, "options": list(i.options)} for i in plan.items]
        quote = {"restaurant_id": plan.restaurant_id, "items": items, "dropoff": plan.door.body()}
        return quote | ({"tip_minor": plan.tip_minor} if plan.tip_minor else {})

    def _order(self, plan: PlannedOrder, quote_id: str, marker: str) -> dict[str, Any]:
        return {
            "quote_id": quote_id,
            "dropoff": {**plan.door.body(), "address": plan.address, "note": f"Ring twice. {marker}"},
            "tip_minor": plan.tip_minor,
        }

    def _enter(self, plan: PlannedOrder, placed: Answer, marker: str) -> str:
        order_id = str(placed.body["id"])
        self.world.hand_in(order_id, plan)
        self.world.ledger.placed(order_id=order_id, marker=marker, tapped=placed.tapped, answered=placed.answered)
        self.world.ledger.promised(stream=f"order:{order_id}", type="order.placed", by=self.account.email)
        return order_id

    async def _watch(self, order_id: str, plan: PlannedOrder) -> None:
        """Follow the order until it ends; a look by REST now and then covers a socket that is away."""
        ended = asyncio.Event()

        def hear(frame: Frame) -> None:
            status = _end_in(frame)
            if status:
                self.world.ledger.ended(order_id=order_id, status=status)
                ended.set()

        socket = LiveSocket(self.account, on_frame=hear)
        await socket.follow(f"order:{order_id}")
        tasks = [asyncio.create_task(socket.run())]
        if plan.cancel_s is not None:
            tasks.append(asyncio.create_task(self._cancel(order_id, plan.place_s + plan.cancel_s)))
        try:
            await beside(self._look_until(order_id, ended), tasks)
        finally:
            await cancel_all(tasks)
            self.world.forget(order_id)

    async def _look_until(self, order_id: str, ended: asyncio.Event) -> None:
        while not ended.is_set():
            try:
                await asyncio.wait_for(ended.wait(), POLL_S)
            except TimeoutError:
                await self._look(order_id, ended)

    async def _look(self, order_id: str, ended: asyncio.Event) -> None:
        try:
            status = (await self.account.get(f"orders/{order_id}"))["status"]
        except (Refused, Unreachable):
            return
        if status in ENDS:
            self.world.ledger.ended(order_id=order_id, status=status)
            ended.set()

    async def _cancel(self, order_id: str, moment_s: float) -> None:
        await self.world.clock.sleep_until(moment_s)
        try:
            await self.account.post(f"orders/{order_id}/cancel", {"reason": "changed my mind"})
        except Refused as refused:
            self.world.ledger.refusals[f"cancel: {refused.code}"] += 1
        except Unreachable:
            return
        else:
            self.world.ledger.promised(stream=f"order:{order_id}", type="order.cancelled", by=self.account.email)


def _end_in(frame: Frame) -> str:
    """Return the final status that a frame tells of, or nothing."""
    kind, data = str(frame.get("type", "")), frame.get("data") or {}
    if kind == "snapshot":
        order = data.get("order") or data
        status = str(order.get("status", ""))
    else:
        status = kind.removeprefix("order.").upper() if kind.startswith("order.") else ""
    return status if status in ENDS else ""
