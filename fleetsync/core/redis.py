"""The one Redis client of a process, with a short limit and a breaker.

Redis may vanish at any moment: every call has 0.3 s, and after a failure the breaker
stays open for a second, so that a dead Redis costs one request 0.3 s, not each of them.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

LIMIT_S = 0.3
OPEN_S = 1.0
Result = TypeVar("Result")


class RedisDown(Exception):
    """Redis did not answer in time, or did not a moment ago."""


class _Breaker:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open_until = 0.0

    def closed(self) -> bool:
        return time.monotonic() >= self._open_until

    def trip(self, error: Exception) -> None:
        with self._lock:
            self._open_until = time.monotonic() + OPEN_S
        log.warning("core.redis.down", extra={"error": type(error).__name__})


_breaker = _Breaker()


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=LIMIT_S,
        socket_connect_timeout=LIMIT_S,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=0,
    )


def call(command: Callable[[redis.Redis], Result]) -> Result:
    """Run `command(client)`.

    Raises:
        RedisDown: no answer within the limit, or the breaker is open.
    """
    if not _breaker.closed():
        raise RedisDown
    try:
        return command(_client())
    except (redis.RedisError, OSError) as error:
        _breaker.trip(error)
        raise RedisDown from error


def attempt(command: Callable[[redis.Redis], Result], default: Result) -> Result:
    """Run `command(client)`, or return `default` where Redis is down."""
    try:
        return call(command)
    except RedisDown:
        return default


def key(*parts: str) -> str:
    """Return a key in this installation's namespace."""
    return ":".join((settings.FLEETSYNC_INSTANCE, *parts))
