"""What waits for one socket: a bounded queue, and its guard against floods."""

import asyncio
from collections import deque

from tracking.conf import SOCKET


class Closed(Exception):
    """The socket is gone."""


class SocketQueue:
    """Texts for one socket, in order. Lives in one event loop, read by one writer.

    Business events are never dropped: `put` says when there is no room, and the socket
    must close. Of positions only the newest per key waits.
    """

    def __init__(self, limit: int = SOCKET.queue_frames) -> None:
        self._limit = limit
        self._texts: deque[str] = deque()
        self._newest: dict[str, str] = {}
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._texts)

    def put(self, text: str) -> bool:
        """Queue a text; False when the queue is full."""
        if self._closed:
            return True
        if len(self._texts) >= self._limit:
            return False
        self._texts.append(text)
        if len(self._texts) >= self._limit:
            self._room.clear()
        self._filled.set()
        return True

    def put_newest(self, key: str, text: str) -> None:
        """Queue a position; one that still waits under the same key is forgotten."""
        if not self._closed:
            self._newest[key] = text
            self._filled.set()

    async def room(self) -> None:
        """Wait until `put` will succeed.

        Raises:
            Closed: nobody reads any more.
        """
        await self._room.wait()
        if self._closed:
            raise Closed

    async def get(self) -> str:
        """Wait for the next text: events first, then positions.

        Raises:
            Closed: nothing more will come.
        """
        while True:
            if self._closed:
                raise Closed
            if self._texts:
                text = self._texts.popleft()
                self._room.set()
                return text
            if self._newest:
                return self._newest.pop(next(iter(self._newest)))
            self._filled.clear()
            await self._filled.wait()

    def close(self) -> None:
        """Drop what waits and wake everybody who does."""
        self._closed = True
        self._texts.clear()
        self._newest.clear()
        self._filled.set()
        self._room.set()


class TokenBucket:
    """So many frames a second, with a burst of some seconds' worth."""

    def __init__(self, rate: float = SOCKET.frames_a_s, burst_s: float = SOCKET.burst_s) -> None:
        self._rate = rate
        self._most = self._tokens = rate * burst_s
        self._at: float | None = None

    def take(self, now_s: float) -> bool:
        """Take one; False when there is none. `now_s` is a monotonic clock."""
        if self._at is not None:
            self._tokens = min(self._most, self._tokens + (now_s - self._at) * self._rate)
        self._at = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
