"""Fan-out: frames reach every listener of a topic, and it mends itself."""

import asyncio

import orjson
import pytest
import redis.asyncio as aioredis
from channels_redis.pubsub import RedisSingleShardConnection

from fleetsync.core import hub, layer
from fleetsync.core.hub import Hub


class Ear:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict]] = []
        self.news = asyncio.Event()

    def deliver(self, topic: str, data: bytes) -> None:
        self.heard.append((topic, orjson.loads(data)))
        self.news.set()

    async def hear(self) -> tuple[str, dict]:
        await asyncio.wait_for(self.news.wait(), 5)
        self.news.clear()
        return self.heard[-1]


async def say(topic: str, **frame) -> None:
    await asyncio.to_thread(hub.publish, topic, frame)


@pytest.fixture(params=["hub", "channels"])
async def live(request, settings):
    settings.FLEETSYNC_FANOUT = request.param
    made = hub.of_this_loop()
    assert type(made) is (Hub if request.param == "hub" else layer.LayerHub)
    yield made
    await made.close()


class TestSubscribe:
    async def test_hands_frames_of_the_topic_to_every_listener(self, live):
        one, other, else_ = Ear(), Ear(), Ear()
        live.subscribe("order:ord_1", one)
        live.subscribe("order:ord_1", other)
        live.subscribe("order:ord_2", else_)
        assert await live.confirmed("order:ord_1")
        assert await live.confirmed("order:ord_2")
        await say("order:ord_1", seq=1)
        assert await one.hear() == ("order:ord_1", {"seq": 1})
        assert await other.hear() == ("order:ord_1", {"seq": 1})
        assert else_.heard == []
        assert live.topics() == ["order:ord_1", "order:ord_2"]

    async def test_misses_nothing_once_confirmed(self, live):
        for number in range(20):
            ear = Ear()
            live.subscribe(f"order:{number}", ear)
            assert await live.confirmed(f"order:{number}")
            await say(f"order:{number}", seq=number)
            assert await ear.hear() == (f"order:{number}", {"seq": number})

    async def test_outlives_a_listener_that_fails(self, live, caplog):
        class Broken:
            def deliver(self, topic: str, data: bytes) -> None:
                raise RuntimeError

        ear = Ear()
        live.subscribe("order:x", Broken())
        live.subscribe("order:x", ear)
        assert await live.confirmed("order:x")
        await say("order:x", seq=1)
        await say("order:x", seq=2)
        while len(ear.heard) < 2:
            await ear.hear()
        assert [frame["seq"] for _, frame in ear.heard] == [1, 2]


class Wire:
    """Takes what is sent to Redis; a test answers for it when it likes."""

    def __init__(self, live: Hub) -> None:
        self.live, self.sent = live, []
        live._task = asyncio.get_running_loop().create_task(live._keep_subscribed(self))

    async def subscribe(self, *channels: str) -> None:
        self.sent += [("subscribe", channel) for channel in channels]

    async def unsubscribe(self, *channels: str) -> None:
        self.sent += [("unsubscribe", channel) for channel in channels]

    def answers(self, number: int) -> None:
        """Answer that many of what was sent, in its order."""
        for kind, channel in self.sent[:number]:
            self.live._take({"type": kind, "channel": channel.encode(), "data": 1})
        del self.sent[:number]

    async def gets(self, number: int) -> None:
        while len(self.sent) < number:
            await asyncio.sleep(0)


class TestConfirmed:
    async def test_waits_for_redis_to_answer_for_this_topic_and_not_for_another(self):
        live = Hub()
        wire = Wire(live)
        live.subscribe("order:x", Ear())
        await wire.gets(1)
        live.subscribe("order:y", Ear())
        await wire.gets(2)
        wire.sent.reverse()
        wire.answers(1)
        assert await live.confirmed("order:y", timeout_s=0.05)
        assert not await live.confirmed("order:x", timeout_s=0.05)
        wire.answers(1)
        assert await live.confirmed("order:x", timeout_s=0.05)
        await live.close()

    async def test_waits_for_the_last_answer_of_a_topic_that_was_left_and_taken_again(self):
        live, ear = Hub(), Ear()
        wire = Wire(live)
        live.subscribe("order:x", ear)
        await wire.gets(1)
        live.unsubscribe("order:x", ear)
        await wire.gets(2)
        live.subscribe("order:x", ear)
        wire.answers(1)  # to the first SUBSCRIBE; an UNSUBSCRIBE is on its way
        await wire.gets(2)
        assert not await live.confirmed("order:x", timeout_s=0.05)
        wire.answers(1)
        assert not await live.confirmed("order:x", timeout_s=0.05)
        wire.answers(1)
        assert await live.confirmed("order:x", timeout_s=0.05)
        await live.close()

    async def test_waits_until_redis_has_taken_the_group_and_not_only_been_sent_it(self, settings, monkeypatch):
        settings.FLEETSYNC_FANOUT = "channels"
        subscribe, held = RedisSingleShardConnection.subscribe, asyncio.Event()
        late: list[asyncio.Task[None]] = []

        async def slow(self, channel):
            async def later():
                await held.wait()
                await subscribe(self, channel)

            if "__group__" in channel:
                late.append(asyncio.create_task(later()))
            else:
                await subscribe(self, channel)

        monkeypatch.setattr(RedisSingleShardConnection, "subscribe", slow)
        live, ear = hub.of_this_loop(), Ear()
        live.subscribe("order:x", ear)
        assert await live.confirmed("order:x", timeout_s=0.3) is False
        held.set()
        assert await live.confirmed("order:x", timeout_s=5)
        await say("order:x", seq=1)
        assert await ear.hear() == ("order:x", {"seq": 1})
        assert (len(ear.heard), len(late)) == (1, 1)
        await live.close()


class TestUnsubscribe:
    async def test_ends_it_for_that_listener_alone(self, live):
        one, other = Ear(), Ear()
        live.subscribe("order:x", one)
        live.subscribe("order:x", other)
        assert await live.confirmed("order:x")
        live.unsubscribe("order:x", one)
        await say("order:x", seq=1)
        await other.hear()
        assert one.heard == []

    async def test_may_be_taken_back_at_once(self, live):
        ear = Ear()
        live.subscribe("order:x", ear)
        assert await live.confirmed("order:x")
        live.unsubscribe("order:x", ear)
        live.subscribe("order:x", ear)
        assert await live.confirmed("order:x")
        await say("order:x", seq=1)
        assert await ear.hear() == ("order:x", {"seq": 1})

    async def test_of_what_was_never_subscribed_is_harmless(self, live):
        live.unsubscribe("order:none", Ear())
        assert await live.confirmed("order:none") is False


class TestReconnect:
    async def test_takes_every_subscription_up_again_and_says_so(self, settings):
        connects: list[int] = []
        live = Hub(on_connect=lambda: connects.append(1))
        ear = Ear()
        live.subscribe("order:x", ear)
        assert await live.confirmed("order:x")
        async with aioredis.Redis.from_url(settings.REDIS_URL) as client:
            mine = [each for each in await client.client_list() if each["name"] == f"hub-{settings.FLEETSYNC_INSTANCE}"]
            for each in mine:
                await client.client_kill_filter(_id=each["id"])
        for _ in range(100):
            if len(connects) == 2:
                break
            await asyncio.sleep(0.05)
        assert len(connects) == 2
        assert await live.confirmed("order:x", timeout_s=5)
        await say("order:x", seq=7)
        assert await ear.hear() == ("order:x", {"seq": 7})
        await live.close()


class TestPublish:
    def test_never_raises_without_redis(self, settings, monkeypatch):
        from fleetsync.core import redis

        def down(command):
            raise redis.RedisDown

        monkeypatch.setattr(redis, "call", down)
        hub.publish("order:x", {"seq": 1})


class TestGroupOf:
    def test_is_a_name_the_layer_takes(self):
        assert layer.group_of("order:ord_1") == "order.ord_1"
        assert len(layer.group_of("x" * 200)) == 64
