"""The queue of one socket and its guard."""

import asyncio

import pytest

from tracking.outbox import Closed, SocketQueue, TokenBucket


class TestSocketQueue:
    async def test_hands_out_events_in_order_before_positions(self):
        queue = SocketQueue()
        queue.put_newest("a", "p1")
        assert queue.put("1")
        assert queue.put("2")
        assert [await queue.get() for _ in range(3)] == ["1", "2", "p1"]

    async def test_keeps_only_the_newest_position_of_a_key(self):
        queue = SocketQueue()
        for text in ("p1", "p2"):
            queue.put_newest("a", text)
        queue.put_newest("b", "q1")
        assert [await queue.get(), await queue.get()] == ["p2", "q1"]

    async def test_refuses_an_event_when_full_and_drops_none(self):
        queue = SocketQueue(limit=2)
        assert [queue.put(text) for text in "abc"] == [True, True, False]
        queue.put_newest("a", "p1")
        assert [await queue.get() for _ in range(3)] == ["a", "b", "p1"]

    async def test_lets_a_replay_wait_for_room(self):
        queue = SocketQueue(limit=1)
        queue.put("a")
        waiting = asyncio.create_task(queue.room())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await queue.get()
        await asyncio.wait_for(waiting, 1)

    async def test_wakes_everybody_when_it_closes(self):
        queue = SocketQueue(limit=1)
        reader = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.put("a")
        queue.close()
        waiting = [reader, asyncio.create_task(queue.room()), asyncio.create_task(queue.get())]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(answer, Closed) for answer in answers)
        assert queue.put("b")
        with pytest.raises(Closed):
            await queue.get()


class TestTokenBucket:
    def test_allows_a_burst_then_so_many_a_second(self):
        bucket = TokenBucket(rate=20, burst_s=1)
        assert [bucket.take(0.0) for _ in range(21)] == [True] * 20 + [False]
        assert [bucket.take(0.1) for _ in range(3)] == [True, True, False]
        assert sum(bucket.take(100.0) for _ in range(30)) == 20
