"""The phone on the handlebar: tells where its driver is, at most once a real second."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any, Final

from simulation.clients.api import Account, Refused, Unreachable
from simulation.clients.clock import iso
from simulation.clients.live import LiveSocket
from simulation.clients.road import Leg, Place
from simulation.clients.world import World

DRIVING_EVERY_S: Final = 1.0
STANDING_EVERY_S: Final = 2.0  # renews the lease, which lives at least 5 real seconds


class Phone:
    """Position of one driver. Pings go over the socket, by REST while it is away."""

    def __init__(self, world: World, socket: LiveSocket, account: Account, home: Place) -> None:
        self.world, self.account = world, account
        self.online = False
        self._socket = socket
        self._leg: Leg | None = None
        self._place = home
        self._moved = asyncio.Event()
        self._seq = 0
        self._last = float("-inf")

    @property
    def place(self) -> Place:
        """Return where the driver is now."""
        return self._leg.at(self.world.clock.now_s()) if self._leg else self._place

    def drive(self, leg: Leg) -> None:
        """Follow a drive from now on."""
        self._leg = leg
        self._moved.set()

    def stand(self, place: Place) -> None:
        """Stay there from now on; told as soon as a ping may be sent."""
        self._leg, self._place = None, place
        self._moved.set()

    async def run(self) -> None:
        """Ping until cancelled: each second while driving, each two while standing, and where a drive ends."""
        while True:
            pause = self._pause_s()
            if pause > 0:
                self._moved.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._moved.wait(), pause)
                if (left := self._last + DRIVING_EVERY_S - time.monotonic()) > 0:
                    await asyncio.sleep(left)
            await self._ping()

    def _pause_s(self) -> float:
        """Return the real seconds until the next ping."""
        since = time.monotonic() - self._last
        if self._leg is None:
            return STANDING_EVERY_S - since
        if self.world.clock.wait_s(self._leg.leave_s) > 0:
            return min(STANDING_EVERY_S - since, self.world.clock.wait_s(self._leg.leave_s) + DRIVING_EVERY_S)
        to_end = self.world.clock.wait_s(self._leg.arrive_s)
        if DRIVING_EVERY_S - since < to_end < 2 * DRIVING_EVERY_S - since:
            return to_end  # one ping less on the way, so that the one at the stop is on time
        return DRIVING_EVERY_S - since

    async def _ping(self) -> None:
        self._last = time.monotonic()
        if not self.online:
            return
        now_s = self.world.clock.now_s()
        self._seq += 1
        place = self.place
        point: dict[str, Any] = {**place.body(), "recorded_at": iso(now_s), "seq": self._seq, "accuracy_m": 5.0}
        if self._leg and self._leg.leave_s <= now_s < self._leg.arrive_s:
            point |= {
                "heading_deg": round(self._leg.heading_deg(now_s), 1),
                "speed_mps": round(self._leg.speed_mps(now_s), 2),
            }
        if await self._socket.send({"type": "position", "points": [point]}):
            return
        try:
            await self.account.post("positions", {"points": [point]})
        except Refused as refused:
            self.world.ledger.refusals[f"ping: {refused.code}"] += 1
        except Unreachable:
            return
