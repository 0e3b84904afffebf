"""Each test has a namespace of its own in Redis: nothing counted, nothing cached, nobody beside it disturbed."""

from uuid import uuid4

import pytest

from fleetsync.core import redis


@pytest.fixture(autouse=True)
def _own_redis_keys(settings):
    settings.FLEETSYNC_INSTANCE = f"test-{uuid4().hex}"
    yield
    keys = redis.attempt(lambda client: list(client.scan_iter(redis.key("*"))), [])
    if keys:
        redis.attempt(lambda client: client.delete(*keys), 0)
