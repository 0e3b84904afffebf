"""What all sockets of one process share: database threads, topics, the comparison of heads, the clock."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, Protocol, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connection
from prometheus_client import Gauge, Histogram
from psycopg_pool import PoolTimeout

from fleetsync.core import clock, hub
from fleetsync.core.relay import feed_heads
from tracking import selectors
from tracking.conf import LIVE
from tracking.feeds import Feed
from tracking.frames import Frame

log = logging.getLogger(__name__)

SOCKETS = Gauge("fleetsync_live_sockets", "Open sockets.")
TOPICS = Gauge("fleetsync_live_topics", "Topics somebody here hears.")
HEADS_S = Histogram("fleetsync_live_heads_s", "Seconds to compare the heads of all topics.")

P = ParamSpec("P")
Result = TypeVar("Result")


class Member(Protocol):
    """An open socket, as far as the process looks after it."""

    family_id: UUID | None

    def end(self, reason: str) -> None:
        """Close: the login behind it is over."""
        ...


class Runtime:
    """One per event loop; starts its background tasks with the first use."""

    def __init__(self) -> None:
        self.hub = hub.of_this_loop()
        self.hub.on_connect = self._look_now
        self.sockets: set[Member] = set()
        self.compared_at = time.monotonic()
        self._threads = ThreadPoolExecutor(LIVE.threads, thread_name_prefix="live-db")
        self._feeds: dict[str, Feed] = {}
        self._look = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Read the clock, warm a connection, and keep watch; again is harmless."""
        if not self._tasks:
            loop = asyncio.get_running_loop()
            self._tasks = [
                loop.create_task(self._keep_comparing(), name="heads"),
                loop.create_task(self._keep_time(), name="clock"),
            ]
            await self.in_thread(clock.refresh)

    async def stop(self) -> None:
        """End the background tasks and the threads."""
        for task in self._tasks:
            task.cancel()
        await self.hub.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def in_thread(self, function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Run database work beside the loop; its connection goes back to the pool afterwards."""

        def work() -> Result:
            try:
                return function(*args, **kwargs)
            finally:
                connection.close()

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    # --- topics -----------------------------------------------------------------

    def feed(self, topic: str) -> Feed:
        """Return the process's feed of a topic; from now on the hub hears it."""
        feed = self._feeds.get(topic)
        if feed is None:
            feed = self._feeds[topic] = Feed(topic, self._load)
            self.hub.subscribe(topic, feed)
            TOPICS.set(len(self._feeds))
        return feed

    async def heard(self, feed: Feed) -> None:
        """Wait until the hub hears the topic; without Redis go on, the heads heal what is missed."""
        await self.hub.confirmed(feed.topic, timeout_s=0.5 if self.hub.connected else 0.1)

    def release(self, feed: Feed) -> None:
        """Forget the topic if no socket here hears it any more."""
        if not feed.members and self._feeds.get(feed.topic) is feed:
            del self._feeds[feed.topic]
            self.hub.unsubscribe(feed.topic, feed)
            TOPICS.set(len(self._feeds))

    async def _load(self, topic: str, after: int) -> Sequence[Frame]:
        return await self.in_thread(selectors.events_after, topic=topic, after=after)

    # --- background -------------------------------------------------------------

    def _look_now(self) -> None:
        """Compare at once: the hub has just come back, and nobody knows what it missed."""
        self._look.set()

    async def _keep_comparing(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), LIVE.heads_every_s)
            self._look.clear()
            try:
                with HEADS_S.time():
                    await self.compare()
                self.compared_at = time.monotonic()
            except (DatabaseError, PoolTimeout) as error:
                log.warning("tracking.live.heads_failed", extra={"error": type(error).__name__})

    async def compare(self) -> None:
        """Compare the heads of all topics in one query, and look for logins that were ended."""
        topics = [topic for topic, feed in self._feeds.items() if feed.known]
        families = {member.family_id for member in self.sockets if member.family_id is not None}
        heads, ended = await self.in_thread(_look_up, topics, families)
        for topic, head in heads.items():
            if feed := self._feeds.get(topic):
                feed.compare(head)
        for member in tuple(self.sockets):
            if member.family_id in ended:
                member.end("the login was ended")

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(max(1.0, LIVE.clock_every_s / max(1.0, clock.scale())))
            await self.in_thread(clock.refresh)  # keeps what is known when the database is away


def _look_up(topics: list[str], families: set[UUID]) -> tuple[dict[str, int], set[UUID]]:
    heads = feed_heads(topics) if topics else {}
    return heads, selectors.ended_logins(family_ids=families)


_runtimes: WeakKeyDictionary[asyncio.AbstractEventLoop, Runtime] = WeakKeyDictionary()


def of_this_loop() -> Runtime:
    """Return the one runtime of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _runtimes:
        _runtimes[loop] = Runtime()
    return _runtimes[loop]
