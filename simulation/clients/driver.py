"""A driver: goes online, hears offers, says yes or no, rides, hands over, goes home."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Final

from simulation.clients.api import Account, Refused, Unreachable
from simulation.clients.clock import iso, seconds_of
from simulation.clients.live import Frame, LiveSocket, beside, cancel_all
from simulation.clients.phone import Phone
from simulation.clients.road import Place, leg
from simulation.clients.tasks import Task, next_trip
from simulation.clients.world import World

ONLINE_AGAIN_S: Final = 2.0  # real seconds between two tries to go online
LOOK_EVERY_S: Final = 30.0  # real seconds
DECLINE_REASON: Final = "too_far"


class Driver:
    """One account that delivers, from `on_s` until `off_s` (business seconds; None: until stopped)."""

    def __init__(self, world: World, account: Account, *, home: Place, on_s: float, off_s: float | None) -> None:
        self.world, self.account = world, account
        self.on_s, self.off_s = on_s, off_s
        self.tasks: dict[str, Task] = {}
        """By delivery: what this driver has to do."""
        self.free_s = on_s
        self._socket = LiveSocket(account, on_frame=self._hear, on_again=self._after_gap)
        self.phone = Phone(world, self._socket, account, home)
        self._chance = world.chance("driver", account.email)
        self._changed = asyncio.Event()
        self._offline = asyncio.Event()
        self._answering: dict[str, asyncio.Task[None]] = {}
        self._decided: dict[str, tuple[bool, bool, float]] = {}
        self._background: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        """Work the shift, then go offline; a stop in between just hangs up."""
        await self.world.clock.sleep_until(self.on_s)
        await self._socket.follow("driver:me")
        background = [asyncio.create_task(self._socket.run())]
        try:
            await self._go_online()
            staying = (self.phone.run(), self._stay_online(), self._look_around())
            background += [asyncio.create_task(each) for each in staying]
            await beside(self._shift(), background)
        except Unreachable:
            self.world.ledger.counts["gave_up"] += 1
        finally:
            await cancel_all([*background, *self._answering.values(), *self._background])

    # -- the shift -----------------------------------------------------------------------------

    async def _shift(self) -> None:
        await self._take_up()
        await self._work()
        await self._go_offline()

    async def _go_online(self) -> None:
        """Start a session, however often it takes."""
        body: dict[str, Any] = {"position": self.phone.place.body()}
        if self.off_s is not None:
            body["off_at"] = iso(self.off_s)
        while True:
            try:
                answer = await self.account.post("driver-sessions", body)
            except Refused as refused:
                self.world.ledger.refusals[f"go online: {refused.code}"] += 1
                if refused.code == "shift-over":
                    return
                await asyncio.sleep(ONLINE_AGAIN_S)
                continue
            except Unreachable:
                continue
            driver_id = answer.body.get("driver_id") or self.account.driver_id
            if driver_id:
                self.account.driver_id = driver_id
            self._offline.clear()
            if answer.status == 201:
                self._promised("session.started")
            self.phone.online = True
            return

    async def _stay_online(self) -> None:
        """Come back when the platform has ended the session (a lease ran out while nobody heard us)."""
        while True:
            await self._offline.wait()
            if self.off_s is not None and self.world.clock.now_s() >= self.off_s:
                return
            await self._go_online()

    async def _go_offline(self) -> None:
        self.phone.online = False
        try:
            await self.account.call("DELETE", "driver-sessions/current", key=self.world.gate.key())
        except Refused as refused:
            self.world.ledger.refusals[f"go offline: {refused.code}"] += 1
        else:
            self._promised("session.ended")

    async def _take_up(self) -> None:
        """Ask what there is to do: deliveries held from before, offers that were not heard."""
        try:
            for delivery in (await self.account.get("deliveries", active="true"))["results"]:
                self._hold(delivery)
            for offer in (await self.account.get("offers", status="OPEN"))["results"]:
                self._consider(offer)
        except (Refused, Unreachable) as error:
            self.world.ledger.refusals[f"driver list: {getattr(error, 'code', 'unreachable')}"] += 1

    async def _look_around(self) -> None:
        """Look by REST now and then while idle: what ops hand over by hand comes as no offer."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if not self.tasks and self.phone.online:
                await self._take_up()

    def _after_gap(self) -> None:
        """Look by REST too after a reconnect; frames may have passed while nobody listened."""
        if self.phone.online:
            self._soon(self._take_up())

    # -- what is heard ---------------------------------------------------------------------------

    def _hear(self, frame: Frame) -> None:
        kind, data = str(frame.get("type", "")), frame.get("data") or {}
        if kind == "offer.made":
            self._consider(data)
        elif kind == "snapshot":
            for offer in data.get("offers") or ():
                self._consider(offer)
        elif kind in ("offer.returned", "delivery.cancelled", "delivery.unassigned", "order.cancelled"):
            self._lose(data)
        elif kind == "session.ended":
            self._offline.set()

    def _lose(self, data: dict[str, Any]) -> None:
        """Drop what was taken away or cancelled; food on board stays."""
        for task in list(self.tasks.values()):
            same = data.get("delivery_id", task.delivery_id), data.get("order_id", task.order_id)
            if not task.aboard and same == (task.delivery_id, task.order_id):
                self._drop(task)

    def _drop(self, task: Task) -> None:
        if self.tasks.pop(task.delivery_id, None):
            self._soon(self._socket.leave(f"order:{task.order_id}"))
            self._changed.set()

    def _consider(self, offer: dict[str, Any]) -> None:
        offer_id = str(offer.get("offer_id") or offer["id"])
        if offer_id not in self._answering and offer.get("status", "OPEN") == "OPEN":
            self._answering[offer_id] = asyncio.create_task(self._answer(offer_id, offer))

    async def _answer(self, offer_id: str, offer: dict[str, Any]) -> None:
        """Confirm that it arrived, think, say yes or no."""
        clock, ledger = self.world.clock, self.world.ledger
        due = offer.get("due_at")
        due_ago_s = clock.real_s(clock.now_s() - seconds_of(due)) if due else None
        ledger.offered(order_id=str(offer["order_id"]), due_ago_s=due_ago_s)
        yes, aloud, think_s = self._decide(str(offer.get("batch_id") or offer_id))
        try:
            if think_s or not (yes or aloud):  # an answer given at once confirms by itself
                await self._confirm(offer_id)
                await clock.sleep_until(clock.now_s() + think_s)
            if yes:
                answer = await self.account.post(f"offers/{offer_id}/accept")
                for delivery in _deliveries_in(answer.body):
                    self._hold(delivery)
                    self._promised("delivery.assigned", delivery["order_id"])
                    ledger.assigned(order_id=delivery["order_id"])
            elif aloud:
                await self.account.post(f"offers/{offer_id}/decline", {"reason": DECLINE_REASON})
                self._promised("offer.declined")
        except Refused as refused:
            ledger.refusals[f"offer: {refused.code}"] += 1
        except Unreachable:
            ledger.counts["gave_up"] += 1

    def _decide(self, batch_id: str) -> tuple[bool, bool, float]:
        """Return whether to take a batch, whether to say no aloud, and how long to think; once for all of it."""
        if batch_id not in self._decided:
            habits, chance = self.world.habits, self._chance
            yes, aloud = chance.random() < habits.accept, chance.random() >= habits.silent
            self._decided[batch_id] = yes, aloud, chance.uniform(*habits.think_s)
        return self._decided[batch_id]

    async def _confirm(self, offer_id: str) -> None:
        if not await self._socket.send({"type": "ack", "offer_id": offer_id}):
            await self.account.post(f"offers/{offer_id}/ack")

    def _hold(self, delivery: dict[str, Any]) -> None:
        task = Task.of(delivery, taken_s=self.world.clock.now_s())
        held = self.tasks.get(task.delivery_id)
        if held is None:
            self.tasks[task.delivery_id] = task
            self._soon(self._socket.follow(f"order:{task.order_id}"))  # a cancellation is told there
            self._changed.set()

    # -- the road --------------------------------------------------------------------------------

    async def _work(self) -> None:
        """Ride trips until the shift is over and nothing is left to do."""
        while True:
            self._changed.clear()
            trip = next_trip(self.tasks.values())
            if trip:
                await self._ride(trip)
            elif self.off_s is not None and self.world.clock.now_s() >= self.off_s:
                return
            else:
                await self._until_changed(self.off_s)

    async def _until_changed(self, moment_s: float | None) -> bool:
        """Wait until a business moment or until the tasks change; say whether they did."""
        wait = None if moment_s is None else max(0.0, self.world.clock.wait_s(moment_s))
        try:
            await asyncio.wait_for(self._changed.wait(), wait)
        except TimeoutError:
            return False
        return True

    async def _ride(self, trip: tuple[Task, ...]) -> None:
        """Fetch what a trip has at one restaurant, or bring what is on board to its doors."""
        clock, habits = self.world.clock, self.world.habits
        if not trip[0].aboard:
            begin_s = max(self.free_s, min(task.taken_s for task in trip))
            arrived_s = await self._drive(trip[0].pickup, begin_s, trip, trip[0].delivery_id)
            if arrived_s is None:
                return
            if await self._fetch(trip, arrived_s):
                self.free_s += habits.half_pickup_s
            return
        for task in trip:
            arrived_s = await self._drive(task.door, self.free_s, (), task.delivery_id)
            if arrived_s is None:
                return
            hand_s = arrived_s + habits.half_dropoff_s
            await clock.sleep_until(hand_s)
            await self._tap(task, "drop-off", "delivery.delivered", hand_s)
            self.tasks.pop(task.delivery_id, None)
            self.free_s = hand_s + habits.half_dropoff_s

    async def _drive(self, to: Place, leave_s: float, trip: Iterable[Task], delivery_id: str) -> float | None:
        """Drive and say so on arrival; return when that is, None when the trip was taken away on the way."""
        clock = self.world.clock
        ids = [task.delivery_id for task in trip]
        route = leg(self.world.habits.vehicle, self.phone.place, to, leave_s)
        self.phone.drive(route)
        while clock.now_s() < route.arrive_s:
            if not ids:
                await clock.sleep_until(route.arrive_s)
                break
            self._changed.clear()
            if not any(each in self.tasks for each in ids):
                self.phone.stand(route.at(clock.now_s()))
                self.free_s = max(self.free_s, clock.now_s())
                return None
            await self._until_changed(route.arrive_s)
        self.phone.stand(to)
        await self._arrive(delivery_id, route.arrive_s)
        return route.arrive_s

    async def _arrive(self, delivery_id: str, moment_s: float) -> None:
        task = self.tasks.get(delivery_id)
        if task is not None:
            await self._tap(task, "arrive", "", moment_s)

    async def _fetch(self, trip: tuple[Task, ...], arrived_s: float) -> list[Task]:
        """Wait at the counter, take the food that is left of the trip; return what is on board then."""
        clock, habits = self.world.clock, self.world.habits
        taking_s = arrived_s + habits.half_pickup_s
        await clock.sleep_until(taking_s)
        for task in self._of_trip(trip):
            told_s = max(task.ready_s, arrived_s)
            waiting = asyncio.create_task(self.world.food(task.order_id, told_s))
            while not waiting.done() and task.delivery_id in self.tasks:
                self._changed.clear()
                change = asyncio.create_task(self._changed.wait())
                await asyncio.wait({waiting, change}, return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
            waiting.cancel()
            taking_s = max(taking_s, self.world.ready_s(task.order_id, told_s))
        aboard = []
        for task in self._of_trip(trip):
            if await self._tap(task, "pick-up", "delivery.picked_up", taking_s):
                task.aboard = True
                aboard.append(task)
                self._soon(self._socket.leave(f"order:{task.order_id}"))
        self.free_s = max(taking_s, arrived_s)
        return aboard

    def _of_trip(self, trip: tuple[Task, ...]) -> list[Task]:
        """Return what is still to be fetched here, with what was added on the way."""
        here, batches = trip[0].restaurant_id, {task.batch_id for task in trip}
        return [
            task
            for task in self.tasks.values()
            if task.restaurant_id == here and task.batch_id in batches and not task.aboard
        ]

    async def _tap(self, task: Task, verb: str, event: str, due_s: float) -> bool:
        """Do a step; say whether the delivery is still ours."""
        ledger = self.world.ledger
        try:
            await self.account.post(f"deliveries/{task.delivery_id}/{verb}")
        except Refused as refused:
            if refused.status == 409 and verb == "arrive":
                return True  # the geofence was faster
            ledger.refusals[f"{verb}: {refused.code}"] += 1
            self._drop(task)
            return False
        except Unreachable:
            ledger.counts["gave_up"] += 1
            return True
        ledger.stepped(self.world.clock.now_s() - due_s)
        if event:
            self._promised(event, task.order_id)
        return True

    def _soon(self, doing: Coroutine[Any, Any, Any]) -> None:
        """Do something in the background that nobody waits for."""
        task = asyncio.create_task(doing)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _promised(self, event: str, order_id: str = "") -> None:
        stream = f"order:{order_id}" if order_id else f"driver:{self.account.driver_id}"
        if order_id or self.account.driver_id:
            self.world.ledger.promised(stream=stream, type=event, by=self.account.email)


def _deliveries_in(body: Any) -> list[dict[str, Any]]:
    """Return the deliveries of an accepted offer, or of a batch of them."""
    if isinstance(body, list):
        return body
    return list(body.get("deliveries") or body.get("results") or [body])
