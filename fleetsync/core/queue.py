"""Waking the workers: tasks are sent by name, after commit, and at most one kick is out per target."""

import logging

from django.db import transaction
from redis.exceptions import RedisError

from fleetsync.core import redis

log = logging.getLogger(__name__)

KICK_LIFE_S = 5


def kick_key(name: str, target: str) -> str:
    """Return the Redis key that says a kick is under way."""
    return redis.key("kick", name, target)


def kick(name: str, target: str) -> bool:
    """Send task `name` for `target` now unless a kick is already out; say whether one is.

    False means Redis is down: the relay's own look at the tables must do.
    """
    from kombu.exceptions import OperationalError

    from fleetsync.celery import app

    try:
        if not redis.call(lambda r: r.set(kick_key(name, target), 1, nx=True, ex=KICK_LIFE_S)):
            return True
    except redis.RedisDown:
        return False
    try:
        app.send_task(name, kwargs={"target": target}, ignore_result=True, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("core.queue.kick_failed", extra={"task": name, "error": type(error).__name__})
        kick_taken(name, target)  # none is out, so the next one must not wait for it
        return False
    return True


def kick_after_commit(name: str, target: str) -> None:
    """Send the kick once the present transaction has committed."""
    transaction.on_commit(lambda: kick(name, target), robust=True)


def kick_taken(name: str, target: str) -> None:
    """Say that the work behind a kick begins: what happens from here on needs a new one."""
    redis.attempt(lambda r: r.delete(kick_key(name, target)), None)
