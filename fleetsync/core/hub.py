"""Fan-out of live frames: one Redis subscription per process, encoded once, handed to local sockets.

The hub carries hints; the database carries the truth. Anything lost here is healed by the
gap filling of `tracking`, so publishing never fails the caller.

Two backends by `FLEETSYNC_FANOUT`: `hub` is plain Redis pub/sub; `channels` sends the same
frames through channels_redis's pub/sub layer, for whoever wants stock parts.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import orjson
import redis.asyncio as aioredis
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from fleetsync.core import redis

log = logging.getLogger(__name__)

RECONNECT_S = 0.5
SILENCE_S = 5.0


def _channel(topic: str) -> str:
    return redis.key("hub", topic)


def publish(topic: str, frame: dict[str, Any]) -> None:
    """Send a frame to everyone who listens to `topic`, in whatever process. Never raises."""
    publish_many([(topic, frame)])


def publish_many(frames: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Send several frames in one round trip to Redis; while Redis is down they are dropped."""
    if settings.FLEETSYNC_FANOUT == "channels":
        from fleetsync.core.layer import encoded

        ready = [encoded(topic, orjson.dumps(frame)) for topic, frame in frames]
    else:
        ready = [(_channel(topic), orjson.dumps(frame)) for topic, frame in frames]
    if not ready:
        return

    def send(client: Any) -> None:
        pipe = client.pipeline(transaction=False)
        for channel, data in ready:
            pipe.publish(channel, data)
        pipe.execute()

    redis.attempt(send, None)


class Listener(Protocol):
    """What a socket gives the hub; `deliver` must not block."""

    def deliver(self, topic: str, data: bytes) -> None:
        """Take one encoded frame."""
        ...


class Hub:
    """Topics and local listeners of this process. Lives in one event loop.

    `on_connect` is called whenever the subscription to Redis stands anew: what was
    published in between is gone, so that is the moment to compare sequence numbers.
    """

    def __init__(self, on_connect: Callable[[], None] | None = None) -> None:
        self.on_connect = on_connect
        self.connected = False
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._changed = asyncio.Event()
        self._confirmed: dict[str, asyncio.Event] = {}
        self._held: set[str] = set()  # topics whose SUBSCRIBE was sent last
        self._unanswered: Counter[str] = Counter()  # SUBSCRIBEs that Redis has not answered yet
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, topic: str, listener: Listener) -> None:
        """Hand frames of `topic` to `listener` from now on; `confirmed` says when none is missed."""
        self._listeners[topic].add(listener)
        if topic not in self._confirmed:
            self._confirmed[topic] = asyncio.Event()
            self._changed.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="hub")

    def unsubscribe(self, topic: str, listener: Listener) -> None:
        """Stop handing frames of `topic` to `listener`."""
        listeners = self._listeners.get(topic)
        if listeners is None:
            return
        listeners.discard(listener)
        if not listeners:
            del self._listeners[topic]
            del self._confirmed[topic]
            self._changed.set()

    async def confirmed(self, topic: str, timeout_s: float = 1.0) -> bool:
        """Wait until Redis has taken the subscription; False when it did not in time.

        Read the snapshot after this and nothing falls between snapshot and first frame.
        """
        event = self._confirmed.get(topic)
        if event is None:
            return False
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout_s)
        return event.is_set()

    def topics(self) -> list[str]:
        """Return the topics somebody here listens to."""
        return sorted(self._listeners)

    async def close(self) -> None:
        """Drop every subscription and the connection."""
        self._listeners.clear()
        self._confirmed.clear()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await self._pump()
            except* (RedisError, OSError) as errors:
                log.warning("core.hub.disconnected", extra={"error": type(errors.exceptions[0]).__name__})
            except* Exception:
                log.exception("core.hub.failed")
            self.connected = False
            for event in self._confirmed.values():
                event.clear()
            await asyncio.sleep(RECONNECT_S)

    async def _pump(self) -> None:
        """Hold one connection: one coroutine keeps its subscriptions right, one reads."""
        client = aioredis.Redis.from_url(
            settings.REDIS_URL,
            client_name=f"hub-{settings.FLEETSYNC_INSTANCE}",
            socket_connect_timeout=1.0,
            socket_timeout=None,
            health_check_interval=SILENCE_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._held.clear()
        self._unanswered.clear()
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(_channel(""))
            self.connected = True
            self._changed.set()
            if self.on_connect is not None:
                self.on_connect()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_subscribed(pubsub), name="hub-subscriptions")
                while True:
                    message = await pubsub.get_message(timeout=SILENCE_S)
                    if message is not None:
                        self._take(message)

    async def _keep_subscribed(self, pubsub: Any) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            wanted = set(self._listeners)
            new, gone = wanted - self._held, self._held - wanted
            self._held = wanted
            self._unanswered.update(new)
            for topic in wanted - new:  # left and taken again between two looks
                self._confirm(topic)
            if new:
                await pubsub.subscribe(*map(_channel, new))
            if gone:
                await pubsub.unsubscribe(*map(_channel, gone))

    def _take(self, message: dict[str, Any]) -> None:
        topic = message["channel"].decode().removeprefix(_channel(""))
        if message["type"] == "subscribe":
            self._unanswered[topic] -= 1
            if self._unanswered[topic] <= 0:
                del self._unanswered[topic]
            self._confirm(topic)
        elif message["type"] == "message":
            self._hand_out(topic, message["data"])

    def _confirm(self, topic: str) -> None:
        """Say that Redis has the subscription if it has: of one left and taken again only the last answer counts."""
        if topic in self._held and topic in self._confirmed and not self._unanswered[topic]:
            self._confirmed[topic].set()

    def _hand_out(self, topic: str, data: bytes) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            try:
                listener.deliver(topic, data)
            except Exception:
                log.exception("core.hub.listener_failed", extra={"topic": topic})


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def of_this_loop() -> Hub:
    """Return the one hub of the running event loop, on the backend the settings name."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        if settings.FLEETSYNC_FANOUT == "channels":
            from fleetsync.core.layer import LayerHub

            _hubs[loop] = LayerHub()
        else:
            _hubs[loop] = Hub()
    return _hubs[loop]
