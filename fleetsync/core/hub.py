"""Fan-out of live frames: one Redis subscription per process, encoded once, handed to local sockets.

The hub carries hints; the database carries the truth. Anything lost here is healed by the
gap filling of `tracking`, so publishing never fails the caller.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Protocol

import orjson
import redis.asyncio as aioredis
from django.conf import settings
from redis.exceptions import RedisError

from fleetsync.core import redis

log = logging.getLogger(__name__)


def _channel(topic: str) -> str:
    return redis.key("hub", topic)


def publish(topic: str, frame: dict[str, Any]) -> None:
    """Send a frame to everyone who listens to `topic`, in whatever process. Never raises."""
    publish_many([(topic, frame)])


def publish_many(frames: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Send several frames in one round trip to Redis."""
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
    """Topics and local listeners of this process. Lives in one event loop."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._changed = asyncio.Event()
        self._wanted: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self.connected = False

    def subscribe(self, topic: str, listener: Listener) -> None:
        """Hand frames of `topic` to `listener` from now on."""
        self._listeners[topic].add(listener)
        if topic not in self._wanted:
            self._wanted.add(topic)
            self._changed.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def unsubscribe(self, topic: str, listener: Listener) -> None:
        """Stop handing frames of `topic` to `listener`."""
        listeners = self._listeners.get(topic)
        if listeners is None:
            return
        listeners.discard(listener)
        if not listeners:
            del self._listeners[topic]
            self._wanted.discard(topic)
            self._changed.set()

    def topics(self) -> list[str]:
        """Return the topics somebody here listens to."""
        return sorted(self._wanted)

    async def _run(self) -> None:
        while True:
            try:
                await self._pump()
            except (RedisError, OSError) as error:
                log.warning("core.hub.disconnected", extra={"error": type(error).__name__})
            self.connected = False
            await asyncio.sleep(0.5)
            self._changed.set()

    async def _pump(self) -> None:
        client = aioredis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=1.0, socket_timeout=None, health_check_interval=5
        )
        held: set[str] = set()
        prefix = len(_channel(""))
        async with client, client.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(redis.key("hub-keepalive"))
            self.connected = True
            while True:
                if self._changed.is_set():
                    self._changed.clear()
                    new, gone = self._wanted - held, held - self._wanted
                    if new:
                        await pubsub.subscribe(*map(_channel, new))
                    if gone:
                        await pubsub.unsubscribe(*map(_channel, gone))
                    held = (held | new) - gone
                message = await pubsub.get_message(timeout=0.05)
                while message is not None:
                    topic = message["channel"].decode()[prefix:]
                    for listener in tuple(self._listeners.get(topic, ())):
                        listener.deliver(topic, message["data"])
                    message = await pubsub.get_message(timeout=0.0)
