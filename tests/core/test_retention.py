"""Forgetting whole finished streams, and nothing else."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from fleetsync.core import clock, events, ids, retention
from fleetsync.core.events import change
from fleetsync.core.models import Event, FeedEntry, FeedHead, IdempotencyKey, Outbox, StreamHead
from tests.core.conftest import NOON, Ended, Happened

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=100)


@pytest.fixture
def ending_orders(monkeypatch):
    """Only this test's own event ends an order."""
    monkeypatch.setattr(events, "_types", {"test.happened": Happened, "test.ended": Ended})


def live(order_id, *, at=NOON, end: bool = True, **fields) -> str:
    with change(now=at) as emit:
        emit(Happened(order_id=order_id, **fields))
        if end:
            emit(Ended(order_id=order_id))
    return events.topic_of("order", order_id)


class TestForgetEvents:
    def test_deletes_a_finished_stream_with_all_that_hangs_on_it(self, relay):
        restaurant = ids.uuid7()
        stream = live(ids.uuid7(), restaurant_id=restaurant)
        relay()
        assert retention.forget_events(before=LATER) == (1, 2, 1)
        assert not Event.objects.exists()
        assert not Outbox.objects.exists()
        assert not FeedEntry.objects.exists()
        assert not StreamHead.objects.filter(stream=stream).exists()
        head = FeedHead.objects.get()
        assert (head.seq, head.floor) == (1, 1)

    def test_keeps_what_is_young_unfinished_or_not_yet_heard(self, relay):
        live(ids.uuid7(), end=False)
        live(ids.uuid7(), at=LATER + timedelta(seconds=1))
        relay()
        live(ids.uuid7())
        assert retention.forget_events(before=LATER) == (0, 0, 0)
        assert Event.objects.count() == 5

    def test_keeps_what_was_given_up_in_the_outbox(self, relay):
        live(ids.uuid7())
        relay()
        Outbox.objects.filter(seq=1).update(handled_at=None, parked_at=NOON)
        assert retention.forget_events(before=LATER) == (0, 0, 0)

    def test_lets_a_life_without_an_end_go_on_with_the_next_number(self, relay, monkeypatch):
        monkeypatch.setattr(events, "_types", {"test.happened": Happened})
        order_id = ids.uuid7()
        stream = live(order_id, end=False)
        relay()
        assert retention.forget_events(before=LATER)[0] == 1
        head = StreamHead.objects.get(stream=stream)
        assert (head.seq, head.floor) == (1, 1)
        live(order_id, at=LATER, end=False)
        assert list(Event.objects.values_list("seq", flat=True)) == [2]
        assert retention.forget_events(before=LATER) == (0, 0, 0)

    def test_leaves_the_log_closed_to_everybody_else(self, relay):
        from django.db import IntegrityError, transaction

        live(ids.uuid7())
        relay()
        live(ids.uuid7(), at=LATER + timedelta(days=1))
        retention.forget_events(before=LATER)
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            Event.objects.all().delete()

    def test_works_through_more_than_one_turn(self, relay, monkeypatch):
        monkeypatch.setattr(retention, "STREAMS_A_TURN", 2)
        for _ in range(5):
            live(ids.uuid7())
        relay()
        assert retention.forget_events(before=LATER)[:2] == (5, 10)


class TestForgetKeys:
    def test_deletes_answers_older_than_72_hours(self):
        now = clock.real_now()
        for number, age in enumerate((1, 71, 73)):
            IdempotencyKey.objects.create(
                route="/x", key=str(number), body_hash="", status=201, created_at=now - timedelta(hours=age)
            )
        assert retention.forget_keys(real_now=now) == 1
        assert IdempotencyKey.objects.count() == 2


class TestCommand:
    def test_says_what_it_did(self, relay, capsys):
        live(ids.uuid7(), at=clock.now() - timedelta(days=10))
        relay()
        call_command("forget_events", older_than_days=7.0)
        said = capsys.readouterr().out
        assert said == "Forgot 2 events of 1 streams, 0 feed entries and 0 stored answers.\n"

    def test_refuses_to_forget_the_present(self):
        with pytest.raises(CommandError, match="positive"):
            call_command("forget_events", older_than_days=0.0)
