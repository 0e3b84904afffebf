"""One topic in one socket process: hints become a sequence without holes.

The hub carries hints; the database carries the truth. A hint with the next number is
handed on; one with a later number, or a head that moved without a hint, is filled from
the event log first. So every subscription gets every event once, in order.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from prometheus_client import Counter

from tracking.conf import LIVE, SOCKET
from tracking.errors import LogForgotten
from tracking.frames import Frame

log = logging.getLogger(__name__)

HEALED = Counter("fleetsync_live_healed", "Events read from the log before a hint told of them.")
RESETS = Counter("fleetsync_live_resets", "Topics whose gap was older than the log.")

#: Events of a topic after a number, oldest first, a page of them.
LoadEvents = Callable[[str, int], Awaitable[Sequence[Frame]]]


class Subscriber(Protocol):
    """One socket's interest in a topic. `cursor` is the last number it was given."""

    cursor: int

    def push(self, frame: Frame) -> None:
        """Take the next event; must not block."""
        ...

    def show(self, frame: Frame) -> None:
        """Take a position; must not block."""
        ...

    def reset(self) -> None:
        """Hear that events are lost for ever: begin again with a snapshot."""
        ...


class Feed:
    """The sequence of one topic, for all sockets of this process that hear it."""

    def __init__(self, topic: str, load: LoadEvents) -> None:
        self.topic = topic
        self.head = 0
        self.known = False
        self.members: set[Subscriber] = set()  # all of them
        self._live: set[Subscriber] = set()  # those that have everything up to `head`
        self._load = load
        self._recent: deque[Frame] = deque(maxlen=LIVE.recent_frames)
        self._ahead: dict[int, Frame] = {}
        self._filling: asyncio.Task[None] | None = None

    # --- from the hub ---------------------------------------------------------

    def deliver(self, topic: str, data: bytes) -> None:
        """Take one hint from the hub."""
        frame = Frame.decode(data)
        if frame.seq is None:
            for member in tuple(self._live):
                member.show(frame)
        else:
            self.take(frame)

    def take(self, frame: Frame) -> None:
        """Hand on the next event, keep one that came too early, forget one that was seen."""
        seq = frame.seq or 0
        if self.known and seq <= self.head:
            return
        self._ahead[seq] = frame
        self._hand_on()
        if self.known and self._ahead:
            self.fill()

    def _hand_on(self) -> None:
        while self.known and (frame := self._ahead.pop(self.head + 1, None)) is not None:
            self.head += 1
            self._recent.append(frame)
            for member in tuple(self._live):
                if member.cursor < self.head:  # who caught up from the log may be ahead of the hints
                    member.push(frame)

    # --- heads ----------------------------------------------------------------

    def begin_at(self, head: int) -> None:
        """Say what the log's last number is, once the hub hears the topic."""
        if self.known:
            self.compare(head)
            return
        self.head, self.known = head, True
        self._ahead = {seq: frame for seq, frame in self._ahead.items() if seq > head}
        self._hand_on()

    def compare(self, head: int) -> None:
        """Hear what the log's last number is; fill the hole if no hint told of it."""
        if self.known and head > self.head:
            self.fill()

    def fill(self) -> None:
        """Ask the log for what is missing, in the background; one ask at a time."""
        if self._filling is None or self._filling.done():
            self._filling = asyncio.get_running_loop().create_task(self._fill(), name=f"fill {self.topic}")

    async def _fill(self) -> None:
        while True:
            try:
                missing = await self._load(self.topic, self.head)
            except LogForgotten:
                RESETS.inc()
                self.known = False
                self._recent.clear()
                for member in tuple(self.members):
                    member.reset()
                return
            except Exception:
                log.exception("tracking.feed.fill_failed", extra={"topic": self.topic})
                return  # the next comparison of heads tries again
            new = [frame for frame in missing if (frame.seq or 0) > self.head and frame.seq not in self._ahead]
            self._ahead |= {frame.seq or 0: frame for frame in new}
            self._hand_on()
            HEALED.inc(len(new))
            if len(missing) < SOCKET.page_frames:
                return

    # --- subscribers ----------------------------------------------------------

    async def catch_up(self, member: Subscriber, ready: Callable[[], Awaitable[None]]) -> None:
        """Give a subscriber what it missed since its cursor, then let it live with the others.

        `ready()` is awaited before each event, so that a slow reader slows this, not the loop.

        Raises:
            LogForgotten: the log does not reach back so far.
        """
        self.members.add(member)
        while member.cursor < self.head:
            missing = self._remembered(member.cursor) or await self._load(self.topic, member.cursor)
            if not missing:
                raise LogForgotten
            for frame in missing:
                await ready()
                if frame.seq == member.cursor + 1:
                    member.push(frame)
        self._live.add(member)

    def _remembered(self, after: int) -> list[Frame]:
        if not self._recent or (self._recent[0].seq or 0) > after + 1:
            return []
        return [frame for frame in self._recent if (frame.seq or 0) > after]

    def leave(self, member: Subscriber) -> None:
        """Hand nothing more to a subscriber."""
        self.members.discard(member)
        self._live.discard(member)
