"""The relay as a process: two at once, nothing skipped, nothing lost, its turn, what it tells of its queue."""

import threading
import time
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from fleetsync.core import clock, events, ids, metrics, relay, timers
from fleetsync.core.events import change
from fleetsync.core.models import Event, FeedEntry, Outbox
from tests.core.conftest import NOON, Happened, happen, in_threads


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
