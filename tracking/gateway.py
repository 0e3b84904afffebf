"""Fresh positions in Redis: the newest point per driver, who watches him, late points for the trail.

All of it may vanish at any moment: the next ping and the next rebuild bring it back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any, Final
from uuid import UUID

import orjson
from redis.exceptions import NoScriptError

from dispatch.positions import CHANGED, SEEN, MovedDriver
from fleetsync.core import redis
from fleetsync.core.geo import LngLat
from tracking.conf import POSITIONS

_KEPT_S: Final = 86_400
#: Keep the newest point; say whether it was, and who watches.
_STORE: Final = """
local watch = redis.call('HGET', KEYS[3], ARGV[1])
local seen = redis.call('HGET', KEYS[1], ARGV[1])
if seen and seen >= ARGV[2] then return {0, watch} end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return {1, watch}
"""
#: Put what changed aside, unless something still lies there that was never written; return it.
_DRAIN: Final = """
if redis.call('EXISTS', KEYS[2]) == 0 then
  if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
  redis.call('RENAME', KEYS[1], KEYS[2])
end
return redis.call('HVALS', KEYS[2])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One topic that may show a driver, to whom, and from where on."""

    topic: str
    to: tuple[str, ...]
    delivery: str  # public id
    order: str  # public id
    near: LngLat | None = None  # only within POSITIONS.near_pickup_m of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of a ping: was it the newest, and who may see it."""

    newest: bool
    views: tuple[View, ...]


def _script(client: Any, text: str, keys: Sequence[str], *arguments: object) -> Any:
    try:
        return client.evalsha(sha1(text.encode(), usedforsecurity=False).hexdigest(), len(keys), *keys, *arguments)
    except NoScriptError:
        return client.eval(text, len(keys), *keys, *arguments)


def _micros(moment: datetime) -> int:
    return max(0, int(moment.timestamp() * 1_000_000))


def _pack(moved: MovedDriver) -> bytes:
    return orjson.dumps(
        [
            str(moved.driver_id), moved.lng, moved.lat, moved.heading_deg, moved.speed_mps, moved.accuracy_m,
            _micros(moved.recorded_at), moved.seq, _micros(moved.received_at),
        ]
    )  # fmt: skip


def _unpack(data: bytes) -> MovedDriver:
    driver, lng, lat, heading, speed, accuracy, recorded, seq, received = orjson.loads(data)
    return MovedDriver(
        driver_id=UUID(driver),
        lng=lng,
        lat=lat,
        heading_deg=heading,
        speed_mps=speed,
        accuracy_m=accuracy,
        recorded_at=datetime.fromtimestamp(recorded / 1_000_000, UTC),
        seq=seq,
        received_at=datetime.fromtimestamp(received / 1_000_000, UTC),
    )


def store(*, newest: MovedDriver, late: Sequence[MovedDriver] = ()) -> Stored:
    """Keep a driver's point unless a newer one is there; `late` ones only go to the trail.

    Raises:
        RedisDown: nothing was kept.
    """
    keys = [redis.key(*SEEN), redis.key(*CHANGED), redis.key("positions", "watch")]
    order = f"{_micros(newest.recorded_at):020d}:{newest.seq:016d}"

    def send(client: Any) -> tuple[int, bytes | None]:
        kept, watch = _script(client, _STORE, keys, str(newest.driver_id), order, _pack(newest), _KEPT_S)
        if late:
            name = redis.key("positions", "late")
            pipe = client.pipeline(transaction=False)
            pipe.rpush(name, *map(_pack, late))
            pipe.ltrim(name, -POSITIONS.extra_points, -1)
            pipe.execute()
        return kept, watch

    kept, watch = redis.call(send)
    return Stored(newest=bool(kept), views=_read_views(watch))


def drain() -> list[MovedDriver]:
    """Return the drivers that moved since the last `drained`; the same again if that never came.

    Raises:
        RedisDown: what lies there is safe, or gone with Redis.
    """
    keys = [redis.key(*CHANGED), redis.key("positions", "draining")]
    return [_unpack(data) for data in redis.call(lambda client: _script(client, _DRAIN, keys))]


def drained() -> None:
    """Say that what `drain` returned is in the database."""
    redis.attempt(_forget_drained, None)


def _forget_drained(client: Any) -> None:
    client.delete(redis.key("positions", "draining"))


def take_late(limit: int) -> list[MovedDriver]:
    """Return and forget late points for the trail."""

    def pop(client: Any) -> list[bytes]:
        return client.lpop(redis.key("positions", "late"), limit) or []

    late: list[bytes] = redis.attempt(pop, [])
    return [_unpack(data) for data in late]


# --- who watches whom ---------------------------------------------------------


def _read_views(data: bytes | None) -> tuple[View, ...]:
    if not data:
        return ()
    return tuple(
        View(topic=topic, to=tuple(to), delivery=delivery, order=order, near=LngLat(*near) if near else None)
        for topic, to, delivery, order, near in orjson.loads(data)
    )


def pack_views(views: Iterable[View]) -> bytes:
    """Return how the views of a driver stand in Redis."""
    return orjson.dumps([[v.topic, list(v.to), v.delivery, v.order, list(v.near) if v.near else None] for v in views])


def watches() -> dict[UUID, bytes]:
    """Return what stands in Redis, by driver.

    Raises:
        RedisDown: nobody is watched at the moment.
    """
    found: Any = redis.call(lambda client: client.hgetall(redis.key("positions", "watch")))
    return {UUID(driver.decode()): data for driver, data in found.items()}


def set_watches(views: Mapping[UUID, Sequence[View]]) -> None:
    """Write who may see these drivers; an empty list means nobody. Lost while Redis is down."""
    if not views:
        return
    name = redis.key("positions", "watch")

    def send(client: Any) -> None:
        pipe = client.pipeline(transaction=False)
        for driver_id, those in views.items():
            if those:
                pipe.hset(name, str(driver_id), pack_views(those))
            else:
                pipe.hdel(name, str(driver_id))
        pipe.execute()

    redis.attempt(send, None)
