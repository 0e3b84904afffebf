"""The event log: what is written, in which order, and what never is."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from fleetsync.core import events, ids
from fleetsync.core.events import change
from fleetsync.core.models import Event, Outbox, StreamHead
from tests.core.conftest import NOON, Ended, Happened


def facts_of(order_id) -> list[tuple[int, str, str]]:
    rows = Event.objects.filter(stream=events.topic_of("order", order_id)).order_by("seq")
    return [(row.seq, row.payload.get("what", ""), row.actor) for row in rows]


@pytest.mark.django_db
class TestChange:
    def test_writes_what_was_emitted_with_numbers_from_one(self):
        order_id = ids.uuid7()
        with change(now=NOON, actor="relay") as emit:
            emit(Happened(order_id=order_id, what="first"))
            emit(Happened(order_id=order_id, what="second"))
        with change(now=NOON) as emit:
            emit(Happened(order_id=order_id, what="third"))
        assert facts_of(order_id) == [(1, "first", "relay"), (2, "second", "relay"), (3, "third", "system")]
        assert StreamHead.objects.get(stream=events.topic_of("order", order_id)).seq == 3

    def test_writes_an_outbox_row_for_each_handler_in_the_order_they_run(self, hear):
        names = [hear(lambda event: None), hear(lambda event: None)]
        with change(now=NOON) as emit:
            emit(Happened(order_id=ids.uuid7()))
        rows = Outbox.objects.order_by("rank").values_list("handler", flat=True)
        assert list(rows) == [*names, "fleetsync.core.handlers.tell_watchers"]

    def test_leaves_nothing_after_a_failure(self):
        with pytest.raises(RuntimeError), change(now=NOON) as emit:
            emit(Happened(order_id=ids.uuid7()))
            raise RuntimeError
        assert not Event.objects.exists()
        assert not Outbox.objects.exists()
        assert not StreamHead.objects.exists()
        with change(now=NOON):
            pass
        assert not Event.objects.exists()

    def test_joins_the_outer_block_when_nested(self):
        order_id = ids.uuid7()
        with change(now=NOON, actor="usr_outer") as emit:
            emit(Happened(order_id=order_id, what="before"))
            with change(now=NOON + timedelta(minutes=1), actor="geofence") as inner:
                inner(Happened(order_id=order_id, what="inside"))
            assert not Event.objects.exists()
            emit(Happened(order_id=order_id, what="after"))
        assert facts_of(order_id) == [
            (1, "before", "usr_outer"),
            (2, "inside", "geofence"),
            (3, "after", "usr_outer"),
        ]
        assert Event.objects.get(seq=2).at == NOON + timedelta(minutes=1)

    def test_forgets_what_a_failed_inner_block_emitted(self):
        order_id = ids.uuid7()
        with change(now=NOON) as emit:
            emit(Happened(order_id=order_id, what="kept"))
            with pytest.raises(ValueError, match="no"), change(now=NOON) as inner:
                inner(Happened(order_id=order_id, what="lost"))
                raise ValueError("no")
            emit(Happened(order_id=order_id, what="kept, too"))
        assert [what for _, what, _ in facts_of(order_id)] == ["kept", "kept, too"]

    def test_refuses_a_fact_after_its_end(self):
        with change(now=NOON) as emit:
            pass
        with pytest.raises(RuntimeError, match="after its change had ended"):
            emit(Happened(order_id=ids.uuid7()))
        assert not Event.objects.exists()

    def test_takes_stream_heads_last_and_sorted(self, django_assert_num_queries):
        one, other = sorted([ids.uuid7(), ids.uuid7()])
        with change(now=NOON) as emit:
            emit(Happened(order_id=other, what="b"))
            emit(Happened(order_id=one, what="a"))
        assert list(Event.objects.order_by("stream").values_list("payload__what", flat=True)) == ["a", "b"]


@pytest.mark.django_db(transaction=True)
class TestChangeUnderThreads:
    def test_numbers_have_no_holes_though_some_roll_back(self):
        order_id, other = ids.uuid7(), ids.uuid7()
        failures: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for turn in range(20):
                    try:
                        with change(now=NOON) as emit:
                            both = [order_id, other] if number % 2 else [other, order_id]
                            for each in both:
                                emit(Happened(order_id=each, what=f"{number}.{turn}"))
                            if turn % 5 == number % 5:
                                raise LookupError
                    except LookupError:
                        pass
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        for each in (order_id, other):
            stream = events.topic_of("order", each)
            seqs = list(Event.objects.filter(stream=stream).order_by("seq").values_list("seq", flat=True))
            assert seqs == list(range(1, 8 * 16 + 1))


@pytest.mark.django_db
class TestAppendOnly:
    @pytest.fixture
    def row(self) -> Event:
        with change(now=NOON) as emit:
            emit(Happened(order_id=ids.uuid7()))
        return Event.objects.get()

    def test_refuses_an_update(self, row):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            Event.objects.filter(pk=row.pk).update(actor="somebody else")
        assert Event.objects.get().actor == "system"

    def test_refuses_a_delete(self, row):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            Event.objects.filter(pk=row.pk).delete()
        assert Event.objects.exists()

    def test_refuses_an_update_even_from_retention(self, row):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL fleetsync.retention = 'on'")
            cursor.execute("UPDATE core_event SET actor = 'x'")

    def test_refuses_the_same_number_twice(self, row):
        with pytest.raises(IntegrityError, match="event_once_per_seq"), transaction.atomic():
            Event.objects.create(stream=row.stream, seq=row.seq, type="x", payload={}, at=NOON)


class TestPayload:
    def test_holds_public_ids_and_iso_moments(self):
        order_id, item_id = ids.uuid7(), ids.uuid7()
        fact = Happened(order_id=order_id, item_ids=(item_id,), until_at=NOON)
        assert events.to_payload(fact) == {
            "order_id": ids.encode("ord", order_id),
            "what": "",
            "restaurant_id": None,
            "zone_id": None,
            "item_ids": [ids.encode("itm", item_id)],
            "until_at": "2026-06-01T12:00:00+00:00",
        }

    def test_comes_back_as_the_same_fact(self):
        fact = Happened(order_id=ids.uuid7(), item_ids=(ids.uuid7(), ids.uuid7()), until_at=NOON)
        row = Event(type=fact.type, payload=events.to_payload(fact))
        assert events.from_row(row) == fact

    def test_of_an_older_version_comes_back_with_defaults_and_without_what_is_gone(self):
        payload = {"order_id": ids.encode("ord", order_id := ids.uuid7()), "long_gone": 1}
        assert events.from_row(Event(type="test.happened", payload=payload)) == Happened(order_id=order_id)


class TestRegistering:
    def test_refuses_two_events_of_one_type(self, monkeypatch):
        monkeypatch.setitem(events._types, "test.happened", Happened)

        class Other(events.Event):
            type = "test.happened"

        with pytest.raises(TypeError, match="two events"):
            events.event(Other)

    def test_gives_every_event_a_stream_and_feeds_of_known_ids(self):
        for cls in events.known_types().values():
            for kind in (cls.home, *cls.feeds):
                assert f"{kind}_id" in ids.PREFIXES or cls.home_field in ids.PREFIXES, cls

    def test_knows_which_facts_end_a_life(self):
        assert Ended.ends
        assert not Happened.ends
