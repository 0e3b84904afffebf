"""A sequence without holes out of hints that may be lost, doubled or early."""

import asyncio
from random import Random

import pytest

from tracking.errors import LogForgotten
from tracking.feeds import Feed
from tracking.frames import Frame


def frame(seq: int | None, kind: str = "order.delayed") -> Frame:
    return Frame(kind=kind, topic="order:x", seq=seq, at="", data={"delivery_id": "d"})


class Log:
    """The event table."""

    def __init__(self, last: int = 0, floor: int = 0) -> None:
        self.last, self.floor, self.asked = last, floor, 0

    async def load(self, topic: str, after: int) -> list[Frame]:
        self.asked += 1
        await asyncio.sleep(0)
        if after < self.floor:
            raise LogForgotten
        return [frame(seq) for seq in range(after + 1, min(self.last, after + 200) + 1)]


class Ear:
    """A subscriber."""

    def __init__(self, cursor: int = 0) -> None:
        self.cursor = cursor
        self.heard: list[int] = []
        self.shown = 0
        self.resets = 0

    def push(self, each: Frame) -> None:
        self.cursor = each.seq
        self.heard.append(each.seq)

    def show(self, _frame: Frame) -> None:
        self.shown += 1

    def reset(self) -> None:
        self.resets += 1


async def no_wait() -> None:
    """Have room at once."""


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


async def listening(log: Log, cursor: int | None = None) -> tuple[Feed, Ear]:
    feed = Feed("order:x", log.load)
    feed.begin_at(log.last)
    ear = Ear(log.last if cursor is None else cursor)
    await feed.catch_up(ear, no_wait)
    return feed, ear


class TestFeed:
    async def test_hands_on_the_next_event_without_asking_the_log(self):
        log = Log(last=3)
        feed, ear = await listening(log)
        feed.take(frame(4))
        feed.take(frame(5))
        assert (ear.heard, log.asked) == ([4, 5], 0)

    async def test_forgets_what_it_has_seen(self):
        feed, ear = await listening(Log(last=3))
        for seq in (4, 4, 3, 1, 5, 4):
            feed.take(frame(seq))
        assert ear.heard == [4, 5]

    async def test_fills_a_hole_before_it_goes_on(self):
        log = Log(last=3)
        feed, ear = await listening(log)
        log.last = 7
        feed.take(frame(7))
        await settle()
        assert ear.heard == [4, 5, 6, 7]

    async def test_fills_what_no_hint_told_of_when_heads_are_compared(self):
        log = Log(last=3)
        feed, ear = await listening(log)
        log.last = 5
        feed.compare(5)
        await settle()
        assert ear.heard == [4, 5]

    async def test_gives_a_late_comer_what_it_missed_and_no_more(self):
        log = Log(last=500)
        feed, ear = await listening(log, cursor=7)
        feed.take(frame(501))
        assert ear.heard == list(range(8, 502))

    async def test_serves_a_small_gap_from_memory(self):
        log = Log(last=3)
        feed, _ = await listening(log)
        for seq in range(4, 10):
            feed.take(frame(seq))
        ear = Ear(cursor=5)
        await feed.catch_up(ear, no_wait)
        assert (ear.heard, log.asked) == ([6, 7, 8, 9], 0)

    async def test_keeps_events_that_come_while_somebody_catches_up(self):
        log = Log(last=300)
        feed, early = await listening(log)

        async def slow() -> None:
            await asyncio.sleep(0)

        ear = Ear(cursor=0)
        catching = asyncio.create_task(feed.catch_up(ear, slow))
        for seq in range(301, 401):
            log.last = seq
            feed.take(frame(seq))
            await asyncio.sleep(0)
        await catching
        feed.take(frame(401))
        assert ear.heard == list(range(1, 402))
        assert early.heard == list(range(301, 402))

    async def test_gives_an_event_once_to_who_read_it_in_the_log_before_its_hint_came(self):
        log = Log(last=300)
        feed = Feed("order:x", log.load)
        feed.begin_at(300)
        log.last = 301  # committed; the hint is still on its way
        ear = Ear(cursor=0)
        await feed.catch_up(ear, no_wait)
        feed.take(frame(301))
        assert ear.heard == list(range(1, 302))

    async def test_waits_for_the_head_before_it_hands_on_hints(self):
        log = Log(last=4)
        feed = Feed("order:x", log.load)
        for seq in (4, 6, 5):
            feed.take(frame(seq))
        log.last = 6
        feed.begin_at(4)
        ear = Ear(cursor=4)
        await feed.catch_up(ear, no_wait)
        assert ear.heard == [5, 6]

    async def test_starts_everybody_over_where_the_log_has_forgotten(self):
        log = Log(last=3)
        feed, ear = await listening(log)
        log.last, log.floor = 9, 6
        feed.compare(9)
        await settle()
        assert (ear.heard, ear.resets, feed.known) == ([], 1, False)

    async def test_refuses_to_catch_up_from_before_the_log(self):
        log = Log(last=9, floor=6)
        with pytest.raises(LogForgotten):
            await listening(log, cursor=2)

    async def test_hands_on_whatever_the_order_losses_and_doubles(self):
        rng = Random(7)
        log = Log(last=0)
        feed, ear = await listening(log)
        for seq in range(1, 400):
            log.last = seq
            for early in rng.sample(range(max(1, seq - 3), seq + 1), k=min(seq, rng.randint(0, 3))):
                feed.take(frame(early))
            if rng.random() < 0.1:
                feed.compare(seq)
            if rng.random() < 0.3:
                await settle()
        feed.compare(399)
        await settle()
        assert ear.heard == list(range(1, 400))

    async def test_shows_positions_to_those_who_are_up_to_date_and_keeps_no_number(self):
        feed, ear = await listening(Log(last=3))
        feed.deliver("order:x", b'{"type":"position","topic":"order:x","seq":null,"at":"","to":["CUSTOMER"],"data":{}}')
        assert (ear.shown, ear.cursor, feed.head) == (1, 3, 3)
