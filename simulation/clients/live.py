"""A socket as a phone holds it: always there again, resuming after the last frame it saw."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from random import Random
from typing import Any, Final

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from simulation.clients.api import Account, Refused, Unreachable

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 3.0
UNAUTHENTICATED: Final = 4401

Frame = dict[str, Any]


class LiveSocket:
    """Topics of one account. `on_frame` gets every event once, `on_again` is called after each connect."""

    def __init__(
        self, account: Account, *, on_frame: Callable[[Frame], None], on_again: Callable[[], None] | None = None
    ) -> None:
        self.account = account
        self.connected = asyncio.Event()
        self._on_frame, self._on_again = on_frame, on_again
        self._seen: dict[str, int | None] = {}
        self._wire: ClientConnection | None = None
        self._rng = Random(account.email)

    async def follow(self, topic: str) -> None:
        """Subscribe, now and after every reconnect."""
        if topic not in self._seen:
            self._seen[topic] = None
            await self.send({"type": "subscribe", "topic": topic})

    async def leave(self, topic: str) -> None:
        """Stop following."""
        if topic in self._seen:
            del self._seen[topic]
            await self.send({"type": "unsubscribe", "topic": topic})

    async def send(self, frame: Frame) -> bool:
        """Send a frame if the socket stands; say whether it did."""
        if self._wire is None:
            return False
        try:
            await self._wire.send(orjson.dumps(frame).decode())
        except ConnectionClosed:
            return False
        return True

    async def run(self) -> None:
        """Hold the socket until cancelled."""
        pause, stale = FIRST_PAUSE_S, ""
        while True:
            token = self.account.access
            try:
                if not token or token == stale:
                    token = await self.account.renew(stale)
                await self._hold(token)
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code == UNAUTHENTICATED:
                    stale = token
            except InvalidStatus as refused:
                if refused.response.status_code in (401, 403):
                    stale = token
            except (WebSocketException, httpx.TransportError, Refused, Unreachable, OSError):
                pass  # not there at the moment; the pause below is the answer
            finally:
                if self.connected.is_set():
                    pause = FIRST_PAUSE_S
                self.connected.clear()
                self._wire = None
            self.account.gate.ledger.counts["reconnects"] += 1
            await asyncio.sleep(pause * self._rng.uniform(0.5, 1.5))
            pause = min(LONGEST_PAUSE_S, pause * 2)

    async def _hold(self, token: str) -> None:
        protocols = [Subprotocol("fleetsync.v1"), Subprotocol(f"bearer.{token}")]
        async with connect(
            self.account.gate.socket_url,
            subprotocols=protocols,
            compression=None,
            open_timeout=10,
            close_timeout=1,
            ping_interval=20,
            max_size=1 << 20,
            proxy=None,
        ) as wire:
            self._wire = wire
            for topic, seq in self._seen.items():
                resume = {} if seq is None else {"after_seq": seq}
                await wire.send(orjson.dumps({"type": "subscribe", "topic": topic, **resume}).decode())
            self.connected.set()
            if self._on_again:
                self._on_again()
            async for message in wire:
                self._take(orjson.loads(message))

    def _take(self, frame: Frame) -> None:
        """Count the sequence and hand on what is new."""
        topic, seq = frame.get("topic"), frame.get("seq")
        if frame.get("type") in ("snapshot", "reset"):
            if topic in self._seen and isinstance(seq, int):
                self._seen[topic] = seq
        elif topic in self._seen and isinstance(seq, int):
            last = self._seen[topic]
            if last is not None and seq <= last:
                self.account.gate.ledger.counts["frames_again"] += 1
                return
            self._seen[topic] = seq
        elif frame.get("type") == "error":
            self.account.gate.ledger.refusals[f"socket: {frame.get('data')}"] += 1
        self._on_frame(frame)


async def beside(doing: Coroutine[Any, Any, None], background: Iterable[asyncio.Task[Any]]) -> None:
    """Do something; a background task that breaks down meanwhile ends it with its error."""
    work = asyncio.create_task(doing)
    running = {work, *background}
    try:
        while not work.done():
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        await cancel_all([work])


async def cancel_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """End tasks and wait for it."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*ending, return_exceptions=True)
