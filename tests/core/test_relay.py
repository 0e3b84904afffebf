"""The relay: order, isolation of failures, two at once, nothing skipped, nothing lost."""

import threading
import time
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from fleetsync.core import clock, events, hub, ids, metrics, relay, timers
from fleetsync.core.events import change
from fleetsync.core.models import Event, FeedEntry, FeedHead, Outbox
from tests.core.conftest import NOON, Happened


def happen(order_id, *whats: str, **fields) -> str:
    """Let things happen to an order, each in a change of its own; return its stream."""
    for what in whats:
        with change(now=NOON) as emit:
            emit(Happened(order_id=order_id, what=what, **fields))
    return events.topic_of("order", order_id)


def in_threads(count: int, work) -> list[BaseException]:
    """Run `work(number)` in so many threads, each with a connection of its own; return what failed."""
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return failures


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


@pytest.mark.django_db(transaction=True)
class TestTwoRelays:
    def test_never_interleave_a_stream_and_leave_no_holes_in_feeds(self, hear):
        orders = [ids.uuid7() for _ in range(6)]
        restaurant = ids.uuid7()
        heard: dict[object, list[str]] = defaultdict(list)
        inside: dict[object, int] = defaultdict(int)
        overlaps: list[object] = []

        def slow(event: Happened) -> None:
            inside[event.order_id] += 1
            if inside[event.order_id] > 1:
                overlaps.append(event.order_id)
            time.sleep(0.001)
            heard[event.order_id].append(event.what)
            inside[event.order_id] -= 1

        hear(slow)
        whats = [str(number) for number in range(15)]
        done = threading.Event()

        def work(number: int) -> None:
            if number < 3:
                for what in whats:
                    for order_id in orders[number::3]:
                        happen(order_id, what, restaurant_id=restaurant)
            else:
                while not done.is_set() or relay.due_streams():
                    for stream in relay.due_streams():
                        relay.hand_on(stream)

        def wait_for_all(number: int) -> None:
            if number == 0:
                try:
                    assert in_threads(3, work) == []
                finally:
                    done.set()
            else:
                work(number + 2)

        assert in_threads(3, wait_for_all) == []
        assert overlaps == []
        assert dict(heard) == dict.fromkeys(orders, whats)
        seqs = list(FeedEntry.objects.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(orders) * len(whats) + 1))

    def test_do_not_wait_for_each_other(self, hear):
        entered, leave = threading.Event(), threading.Event()

        def wait(event: Happened) -> None:
            entered.set()
            leave.wait(10)

        hear(wait)
        stream = happen(ids.uuid7(), "a")

        def work(number: int) -> None:
            if number == 0:
                assert relay.hand_on(stream) == 2
            else:
                assert entered.wait(10)
                assert relay.hand_on(stream) == 0
                leave.set()

        assert in_threads(2, work) == []


@pytest.mark.django_db(transaction=True)
class TestNothingIsSkipped:
    def test_by_a_change_that_commits_late(self, hear):
        heard: list[str] = []
        hear(lambda event: heard.append(event.what))
        early_has_its_number, late_is_done = threading.Event(), threading.Event()

        def work(number: int) -> None:
            if number == 0:
                with transaction.atomic():
                    happen(ids.uuid7(), "commits last")
                    early_has_its_number.set()
                    assert late_is_done.wait(10)
            else:
                assert early_has_its_number.wait(10)
                relay.hand_on(happen(ids.uuid7(), "commits first"))
                late_is_done.set()

        assert in_threads(2, work) == []
        for stream in relay.due_streams():
            relay.hand_on(stream)
        assert heard == ["commits first", "commits last"]

    def test_by_a_relay_that_dies_between_effect_and_mark(self, hear, monkeypatch):
        runs: list[str] = []
        effect = ids.uuid7()

        class Died(BaseException):
            pass

        def act(event: Happened) -> None:
            if event.order_id != effect:
                runs.append(event.what)
                happen(effect, "effect")
                if len(runs) == 1:
                    raise Died

        hear(act)
        stream = happen(ids.uuid7(), "a")
        with pytest.raises(Died):
            relay.hand_on(stream)
        connection.close()
        assert not Event.objects.filter(stream=events.topic_of("order", effect)).exists()
        relay.hand_on(stream)
        assert runs == ["a", "a"]  # at least once
        assert Event.objects.filter(stream=events.topic_of("order", effect)).count() == 1  # its effect exactly once


@pytest.mark.django_db(transaction=True)
class TestRelayLoop:
    @pytest.fixture
    def running(self, monkeypatch):
        loop = relay.Relay()

        def run() -> None:
            try:
                loop.run()
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        yield loop, thread
        loop.stop()
        thread.join(10)
        assert not thread.is_alive()

    def test_hears_of_a_commit_within_a_fraction_of_a_second(self, hear, running, monkeypatch):
        monkeypatch.setattr(relay, "LOOK_EVERY_S", 30.0)
        monkeypatch.setattr(timers, "_timers", {})
        heard = threading.Event()
        hear(lambda event: heard.set())
        loop, thread = running
        thread.start()
        time.sleep(0.5)
        started = time.monotonic()
        happen(ids.uuid7(), "a")
        assert heard.wait(5)
        assert time.monotonic() - started < 1.0
        monkeypatch.setattr(relay, "LOOK_EVERY_S", 0.01)
        loop.stop()
        happen(ids.uuid7(), "wakes it to its end")

    def test_runs_a_timer_at_its_moment_of_business_time(self, running, monkeypatch):
        clock.set_scale(scale=60)
        due = clock.now() + timedelta(seconds=30)  # half a real second
        ran: list = []
        monkeypatch.setattr(timers, "_timers", {})

        def run_due(now) -> int:
            ran.append(now)
            return 1

        timers.register("test", next_due=lambda: None if ran else due, run_due=run_due)
        _, thread = running
        thread.start()
        until = time.monotonic() + 5
        while not ran and time.monotonic() < until:
            time.sleep(0.01)
        assert len(ran) == 1
        assert timedelta() <= ran[0] - due < timedelta(seconds=18)  # 0.3 s real

    def test_outlives_a_killed_connection(self, hear, running, monkeypatch):
        monkeypatch.setattr(timers, "_timers", {})
        heard = threading.Event()
        hear(lambda event: heard.set())
        _, thread = running
        thread.start()
        time.sleep(0.5)
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'sockets'"""
            )
        happen(ids.uuid7(), "a")
        assert heard.wait(10)


@pytest.mark.django_db
class TestTurn:
    def test_keeps_deadlines_while_the_queue_is_long(self, hear, monkeypatch):
        monkeypatch.setattr(relay, "HAND_ON_S", 0.0)
        monkeypatch.setattr(timers, "_timers", {})
        ran: list = []
        timers.register("test", next_due=lambda: NOON, run_due=lambda now: ran.append(now) or 1)
        heard: list[str] = []
        hear(lambda event: heard.append(event.what))
        for _ in range(3):
            happen(ids.uuid7(), "a")
        relay.Relay().turn()
        assert len(ran) == 1
        assert heard == ["a"]

    @pytest.mark.parametrize("error", [RuntimeError, OperationalError("canceling statement due to lock timeout")])
    def test_goes_on_when_a_timer_fails(self, monkeypatch, error):
        monkeypatch.setattr(timers, "_timers", {})
        ran: list = []

        def fail(now) -> int:
            raise error

        timers.register("bad", next_due=lambda: NOON, run_due=fail)
        timers.register("good", next_due=lambda: NOON, run_due=lambda now: ran.append(now) or 1)
        assert relay.Relay().turn() == 1
        assert len(ran) == 1

    def test_does_not_spin_on_what_is_due_still(self, monkeypatch):
        monkeypatch.setattr(timers, "_timers", {})
        later = clock.now() + timedelta(hours=1)
        timers.register("bad", next_due=lambda: NOON, run_due=lambda now: 0)
        timers.register("good", next_due=lambda: later, run_due=lambda now: 1)
        loop = relay.Relay()
        assert loop.turn() == 0
        assert loop._dues == [later]


@pytest.mark.django_db
class TestQueueFigures:
    def test_tell_what_waits_what_was_given_up_and_for_how_long(self, hear):
        hear(lambda event: None)
        at = clock.now() - timedelta(seconds=90)
        with change(now=at) as emit:
            emit(Happened(order_id=ids.uuid7()))
        Outbox.objects.filter(rank=0).update(parked_at=at)
        figures = {family.name: family.samples[0].value for family in metrics.QueueFigures().collect()}
        assert figures["fleetsync_outbox_waiting"] == 1
        assert figures["fleetsync_outbox_parked"] == 1
        assert figures["fleetsync_outbox_age_s"] == pytest.approx(90, abs=5)
