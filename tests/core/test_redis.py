"""The Redis client: a short limit, and a breaker that lets one caller a second look."""

import socket
import threading
import time

import pytest
import redis as library
from django.conf import settings

from fleetsync.core import redis


@pytest.fixture
def silent(settings, monkeypatch):
    """A server that takes connections and never answers."""
    server = socket.create_server(("127.0.0.1", 0))
    settings.REDIS_URL = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
    redis._client.cache_clear()
    yield server
    server.close()
    redis._client.cache_clear()


def ping(client: library.Redis) -> bool:
    return bool(client.ping())


class TestCall:
    def test_returns_what_redis_says(self):
        assert redis.call(ping) is True

    def test_costs_one_limit_when_redis_hangs_and_nothing_right_after(self, silent):
        started = time.monotonic()
        with pytest.raises(redis.RedisDown):
            redis.call(ping)
        assert time.monotonic() - started < redis.LIMIT_S + 0.15
        started = time.monotonic()
        for _ in range(100):
            with pytest.raises(redis.RedisDown):
                redis.call(ping)
        assert time.monotonic() - started < 0.1

    def test_lets_one_of_many_callers_look_again_after_a_second(self, silent):
        with pytest.raises(redis.RedisDown):
            redis.call(ping)
        redis._breaker._look_at = time.monotonic()
        looked: list[int] = []

        def command(client: library.Redis) -> None:
            looked.append(1)
            ping(client)

        def work() -> None:
            with pytest.raises(redis.RedisDown):
                redis.call(command)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(looked) == 1

    def test_closes_the_breaker_with_the_first_answer(self):
        redis._breaker.trip(OSError())
        with pytest.raises(redis.RedisDown):
            redis.call(ping)
        redis._breaker._look_at = time.monotonic()
        assert redis.call(ping) is True
        assert redis.call(ping) is True

    def test_survives_a_connection_that_was_cut_meanwhile(self):
        assert redis.call(ping) is True
        with library.Redis.from_url(settings.REDIS_URL) as other:
            mine = redis.call(lambda client: client.client_id())
            other.client_kill_filter(_id=mine)
        assert redis.call(ping) is True

    def test_does_not_hide_a_bug_of_ours(self):
        name = redis.key("test", "text")
        redis.call(lambda client: client.set(name, "x", ex=5))
        with pytest.raises(library.ResponseError, match="WRONGTYPE"):
            redis.call(lambda client: client.lpush(name, "y"))
        assert redis.call(ping) is True


class TestAttempt:
    def test_returns_the_default_without_redis(self, silent):
        assert redis.attempt(ping, False) is False


class TestKey:
    def test_stands_in_the_namespace_of_this_installation(self, settings):
        settings.FLEETSYNC_INSTANCE = "abc"
        assert redis.key("kick", "zon_1") == "abc:kick:zon_1"
