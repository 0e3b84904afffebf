"""The other fan-out backend: channels_redis's pub/sub layer, one group a topic, one channel a process."""

import asyncio
import hashlib
from functools import lru_cache
from typing import Any

from channels.layers import channel_layers, get_channel_layer
from django.conf import settings

from fleetsync.core.hub import Hub


def group_of(topic: str) -> str:
    """Return the group of a topic; group names know no colon and end at 100 characters."""
    name = topic.replace(":", ".")
    return name if len(name) < 90 else hashlib.sha256(name.encode()).hexdigest()


@lru_cache(maxsize=1)
def _writer() -> Any:
    return channel_layers.make_backend("default")


def encoded(topic: str, data: bytes) -> tuple[str, bytes]:
    """Return the Redis channel and the bytes that `group_send` would publish, without an event loop.

    `async_to_sync(group_send)` starts a loop and a connection for every call; the process's
    own client has one open.
    """
    message = {"type": "fleetsync.frame", "topic": topic, "data": data}
    config: Any = settings.CHANNEL_LAYERS["default"]["CONFIG"]
    return f"{config['prefix']}__group__{group_of(topic)}", _writer().serialize(message)


class LayerHub(Hub):
    """The same interface over the channel layer."""

    async def _pump(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel()
        self.connected = True
        self._changed.set()
        if self.on_connect is not None:
            self.on_connect()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._join_groups(layer, channel), name="hub-groups")
            while True:
                message = await layer.receive(channel)
                self._hand_out(message["topic"], message["data"])

    async def _join_groups(self, layer: Any, channel: str) -> None:
        held: set[str] = set()
        while True:
            await self._changed.wait()
            self._changed.clear()
            wanted = set(self._listeners)
            for topic in wanted - held:
                await layer.group_add(group_of(topic), channel)
            for topic in held - wanted:
                await layer.group_discard(group_of(topic), channel)
            for topic in wanted & set(self._confirmed):
                self._confirmed[topic].set()
            held = wanted
