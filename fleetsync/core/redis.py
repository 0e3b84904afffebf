"""The one Redis client of a process, with a short limit and a breaker.

Redis may vanish at any moment: every call has 0.3 s, and after a failure one call a
second may try again while all others are turned away at once, so that a dead Redis
costs a process at most one limit a second.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

LIMIT_S: Final = 0.3
OPEN_S: Final = 1.0
#: Redis answers, but will not do it; anything else it refuses is a bug of ours and raised as it is.
REFUSALS: Final = (redis.OutOfMemoryError, redis.ReadOnlyError, redis.exceptions.NoPermissionError)
Result = TypeVar("Result")


class RedisDown(Exception):
    """Redis did not answer in time, or did not a moment ago."""


class _Breaker:
    """Closed until a failure; then open, and once a second one caller is let through to look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._look_at = 0.0

    def lets_through(self) -> bool:
        with self._lock:
            if self._look_at == 0.0:
                return True
            if time.monotonic() < self._look_at:
                return False
            self._look_at = time.monotonic() + OPEN_S
            return True

    def close(self) -> None:
        if self._look_at:
            with self._lock:
                self._look_at = 0.0
            log.info("core.redis.up")

    def trip(self, error: Exception) -> None:
        with self._lock:
            self._look_at = time.monotonic() + OPEN_S
        log.warning("core.redis.down", extra={"error": type(error).__name__})


_breaker = _Breaker()


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    # One retry, and only of a connection found broken (a restarted Redis leaves those in
    # the pool): a time-out is not repeated, or the limit would double.
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=LIMIT_S,
        socket_connect_timeout=LIMIT_S,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        health_check_interval=0,
    )


def call(command: Callable[[redis.Redis], Result]) -> Result:
    """Run `command(client)`.

    Raises:
        RedisDown: no answer within the limit, or the breaker is open.
    """
    if not _breaker.lets_through():
        raise RedisDown
    try:
        result = command(_client())
    except REFUSALS as error:
        _breaker.trip(error)
        raise RedisDown from error
    except redis.ResponseError:
        _breaker.close()
        raise
    except (redis.RedisError, OSError) as error:
        _breaker.trip(error)
        raise RedisDown from error
    _breaker.close()
    return result


def attempt(command: Callable[[redis.Redis], Result], default: Result) -> Result:
    """Run `command(client)`, or return `default` where Redis is down."""
    try:
        return call(command)
    except RedisDown:
        return default


def key(*parts: str) -> str:
    """Return a key in this installation's namespace."""
    return ":".join((settings.FLEETSYNC_INSTANCE, *parts))
