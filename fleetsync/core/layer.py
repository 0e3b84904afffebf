"""The other fan-out backend: channels_redis's pub/sub layer, one group a topic, one channel a process."""

import asyncio
import hashlib
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from uuid import uuid4

from channels.layers import channel_layers, get_channel_layer
from django.conf import settings

from fleetsync.core.hub import Hub

FRAME: Final = "fleetsync.frame"
PROBE: Final = "fleetsync.probe"
PROBE_AGAIN_S: Final = 0.05


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
    message = {"type": FRAME, "topic": topic, "data": data}
    config: Any = settings.CHANNEL_LAYERS["default"]["CONFIG"]
    return f"{config['prefix']}__group__{group_of(topic)}", _writer().serialize(message)


class LayerHub(Hub):
    """The same interface over the channel layer.

    `group_add` returns when SUBSCRIBE is sent, and Redis may take another connection's PUBLISH
    first: a topic counts as confirmed when a probe sent to its group has come back.
    """

    async def _pump(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel()
        probes: dict[str, str] = {}
        self.connected = True
        self._changed.set()
        if self.on_connect is not None:
            self.on_connect()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._join_groups(layer, channel, probes), name="hub-groups")
            while True:
                message = await layer.receive(channel)
                topic = message["topic"]
                if message["type"] == FRAME:
                    self._hand_out(topic, message["data"])
                elif topic in self._confirmed and probes.get(topic) == message["probe"]:
                    del probes[topic]
                    self._confirmed[topic].set()

    async def _join_groups(self, layer: Any, channel: str, probes: dict[str, str]) -> None:
        held: set[str] = set()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), PROBE_AGAIN_S if probes else None)
            self._changed.clear()
            wanted = set(self._listeners)
            for topic in wanted - held:
                await layer.group_add(group_of(topic), channel)
            for topic in held - wanted:
                await layer.group_discard(group_of(topic), channel)
            held = wanted
            unsure = {topic for topic, event in self._confirmed.items() if topic in held and not event.is_set()}
            for topic in probes.keys() - unsure:
                del probes[topic]
            for topic in unsure:
                probe = probes.setdefault(topic, uuid4().hex)
                await layer.group_send(group_of(topic), {"type": PROBE, "topic": topic, "probe": probe})
