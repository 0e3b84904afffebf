"""The relay: order, isolation of failures, two at once, nothing skipped, nothing lost."""

import pytest
from django.db import OperationalError, connection

from fleetsync.core import clock, events, hub, ids, relay
from fleetsync.core.models import Event, FeedEntry, FeedHead, Outbox
from tests.core.conftest import NOON, Happened, happen


@pytest.mark.django_db
class TestHandOn:
    def test_runs_the_handlers_of_a_stream_in_order(self, hear):
        heard: list[str] = []
        hear(lambda event: heard.append(f"1 {event.what}"))
        hear(lambda event: heard.append(f"2 {event.what}"))
        stream = happen(ids.uuid7(), "a", "b", "c")
        assert relay.hand_on(stream) == 9  # two handlers and the feeds, three times
        assert heard == ["1 a", "2 a", "1 b", "2 b", "1 c", "2 c"]
        assert relay.hand_on(stream) == 0
        assert relay.due_streams() == []

    def test_gives_the_handler_the_fact_that_was_emitted(self, hear):
        heard: list[Happened] = []
        hear(heard.append)
        order_id = ids.uuid7()
        relay.hand_on(happen(order_id, "a", until_at=NOON))
        assert heard == [Happened(order_id=order_id, what="a", until_at=NOON)]

    def test_rolls_back_what_a_failed_handler_did(self, hear):
        other = ids.uuid7()

        def half(event: Happened) -> None:
            if event.order_id != other:
                happen(other, "echo")
                raise RuntimeError("after the fact")

        hear(half)
        stream = happen(ids.uuid7(), "a")
        assert relay.hand_on(stream) == 0
        assert not Event.objects.filter(stream=events.topic_of("order", other)).exists()
        row = Outbox.objects.filter(stream=stream).first()
        assert (row.attempts, row.handled_at, row.error) == (1, None, "RuntimeError: after the fact")

    def test_holds_only_the_stream_whose_handler_fails(self, hear):
        bad, good = ids.uuid7(), ids.uuid7()
        heard: list[str] = []

        def picky(event: Happened) -> None:
            if event.order_id == bad:
                raise RuntimeError
            heard.append(event.what)

        hear(picky)
        bad_stream = happen(bad, "x", "y")
        good_stream = happen(good, "a", "b")
        assert relay.hand_on(bad_stream) == 0
        assert relay.hand_on(good_stream) == 4
        assert heard == ["a", "b"]
        assert relay.due_streams() == []  # held for its retry, so not asked for at every turn

    def test_parks_after_eight_tries_and_goes_on(self, hear):
        tries: list[str] = []

        def never(event: Happened) -> None:
            tries.append(event.what)
            if event.what == "bad":
                raise RuntimeError("never")

        name = hear(never)
        stream = happen(ids.uuid7(), "bad", "good")
        for turn in range(1, 9):
            Outbox.objects.update(try_at=None)
            relay.hand_on(stream)
            row = Outbox.objects.get(stream=stream, seq=1, handler=name)
            assert row.attempts == turn
            assert (row.parked_at is not None) == (turn == 8)
        assert tries == ["bad"] * 8 + ["good"]
        assert Outbox.objects.filter(handled_at=None).count() == 1

    def test_waits_longer_after_each_failure(self, hear):
        def fail(event: Happened) -> None:
            raise RuntimeError

        hear(fail)
        stream = happen(ids.uuid7(), "a")
        waits = []
        for _ in range(3):
            Outbox.objects.update(try_at=None)
            relay.hand_on(stream)
            waits.append((Outbox.objects.filter(attempts__gt=0).get().try_at - clock.real_now()).total_seconds())
        assert waits == pytest.approx([0.4, 0.8, 1.6], abs=0.2)

    @pytest.mark.parametrize("unknown", ["handler", "event"])
    def test_waits_for_a_version_that_knows_the_names_and_counts_no_try(self, hear, monkeypatch, caplog, unknown):
        heard: list[str] = []
        name = hear(lambda event: heard.append(event.what))
        stream = happen(ids.uuid7(), "a", "b")
        with monkeypatch.context() as older:
            if unknown == "handler":
                older.delitem(events._handlers, name)
            else:
                older.delitem(events._types, Happened.type)
            for _ in range(relay.MAX_TRIES + 1):
                Outbox.objects.update(try_at=None)
                assert relay.hand_on(stream) == 0
        row = Outbox.objects.filter(stream=stream).earliest("seq", "rank")
        assert (row.handler, row.attempts, row.parked_at) == (name, 0, None)
        assert (row.try_at - clock.real_now()).total_seconds() == pytest.approx(relay.UNKNOWN_AGAIN_S, abs=5)
        said = [record for record in caplog.records if record.msg == "core.relay.unknown_name"]
        assert len(said) == relay.MAX_TRIES + 1
        assert (said[0].handler, said[0].event, said[0].seq) == (name, Happened.type, 1)
        Outbox.objects.update(try_at=None)
        relay.hand_on(stream)
        assert heard == ["a", "b"]

    def test_counts_a_key_that_a_handler_misses(self, hear):
        def fail(event: Happened) -> None:
            raise KeyError("its own")

        hear(fail)
        stream = happen(ids.uuid7(), "a")
        assert relay.hand_on(stream) == 0
        assert Outbox.objects.filter(handled_at=None, attempts=1).count() == 1

    def test_does_not_count_a_lost_database_as_a_try(self, hear, monkeypatch):
        def away(event: Happened) -> None:
            raise OperationalError("server closed the connection")

        hear(away)
        stream = happen(ids.uuid7(), "a")
        monkeypatch.setattr(connection, "errors_occurred", True)
        monkeypatch.setattr(connection, "is_usable", lambda: False)
        with pytest.raises(OperationalError):
            relay.hand_on(stream)
        monkeypatch.undo()
        assert not Outbox.objects.filter(attempts__gt=0).exists()


@pytest.mark.django_db
class TestRetryParked:
    def test_lets_given_up_rows_be_tried_again(self, hear):
        heard: list[str] = []
        hear(lambda event: heard.append(event.what))
        stream = happen(ids.uuid7(), "a")
        row = Outbox.objects.get(rank=0)
        Outbox.objects.filter(pk=row.pk).update(parked_at=NOON, attempts=8)
        relay.hand_on(stream)
        assert heard == []
        assert relay.retry_parked(outbox_ids=[row.pk]) == 1
        relay.hand_on(stream)
        assert heard == ["a"]


@pytest.mark.django_db
class TestFeeds:
    def test_number_what_the_restaurant_and_the_zone_see(self, relay):
        restaurant, zone = ids.uuid7(), ids.uuid7()
        one, other = ids.uuid7(), ids.uuid7()
        happen(one, "a", restaurant_id=restaurant, zone_id=zone)
        happen(other, "b", restaurant_id=restaurant)
        happen(one, "c", zone_id=zone)
        relay()
        feed = FeedEntry.objects.filter(feed=events.topic_of("restaurant", restaurant)).order_by("seq")
        assert [(row.seq, row.event.payload["what"]) for row in feed] == [(1, "a"), (2, "b")]
        assert FeedHead.objects.get(feed=events.topic_of("zone", zone)).seq == 2

    def test_take_an_event_once_however_often_they_hear_it(self, relay):
        restaurant = ids.uuid7()
        happen(ids.uuid7(), "a", restaurant_id=restaurant)
        relay()
        from fleetsync.core.relay import append_feeds

        assert append_feeds(Event.objects.get()) == []
        assert FeedEntry.objects.count() == 1
        assert FeedHead.objects.get().seq == 1

    def test_publish_a_hint_to_stream_and_feeds_after_commit(self, monkeypatch, django_capture_on_commit_callbacks):
        sent: list[tuple[str, dict]] = []
        monkeypatch.setattr(hub, "publish_many", sent.extend)
        order_id, zone = ids.uuid7(), ids.uuid7()
        stream = happen(order_id, "a", zone_id=zone)
        with django_capture_on_commit_callbacks(execute=True):
            relay.hand_on(stream)
        assert [(topic, frame["seq"], frame["type"]) for topic, frame in sent] == [
            (stream, 1, "test.happened"),
            (events.topic_of("zone", zone), 1, "test.happened"),
        ]
        assert sent[0][1]["at"] == NOON.isoformat()
        assert sent[0][1]["data"]["what"] == "a"

    def test_heads_are_told_in_one_query(self, relay, django_assert_num_queries):
        zone = ids.uuid7()
        stream = happen(ids.uuid7(), "a", "b", zone_id=zone)
        relay()
        from fleetsync.core.relay import feed_heads

        feed = events.topic_of("zone", zone)
        with django_assert_num_queries(1):
            assert feed_heads([stream, feed, "zone:none"]) == {stream: 2, feed: 2, "zone:none": 0}
