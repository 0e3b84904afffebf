"""The checker finds each kind of breach, and finds none where there is none."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from dispatch import conservation as dispatch_rules
from dispatch.models import Delivery
from fleetsync.core import clock, conservation, events, ids
from fleetsync.core.conservation import check_all
from fleetsync.core.events import change
from fleetsync.core.models import Event, FeedEntry, Outbox, StreamHead
from orders import conservation as order_rules
from tests.core.conftest import Happened

pytestmark = pytest.mark.django_db
HOLES = "every stream is numbered without a hole up to its head"
FEED_HOLES = "every feed is numbered without a hole up to its head"


@pytest.fixture
def stream(relay) -> str:
    order_id, restaurant = ids.uuid7(), ids.uuid7()
    for _ in range(3):
        with change(now=clock.now()) as emit:
            emit(Happened(order_id=order_id, restaurant_id=restaurant))
    relay()
    return events.topic_of("order", order_id)


def forget(**which) -> None:
    """Delete events as only retention may."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL fleetsync.retention = 'on'")
        Event.objects.filter(**which).delete()
        cursor.execute("SET LOCAL fleetsync.retention = 'off'")


class TestCheckAll:
    def test_finds_nothing_in_a_sound_log(self, stream):
        assert check_all() == {}

    def test_finds_nothing_after_retention(self, stream, monkeypatch):
        from fleetsync.core import retention

        monkeypatch.setattr(events, "_types", {"test.happened": Happened})
        retention.forget_events(before=clock.now() + timedelta(seconds=1))
        assert not Event.objects.exists()
        assert check_all() == {}

    @pytest.mark.parametrize("seq", [1, 2, 3])
    def test_finds_a_hole_in_a_stream(self, stream, seq):
        forget(seq=seq)
        assert any(line.startswith(f"{stream}: head 3") for line in check_all()[HOLES])

    def test_finds_a_head_that_ran_ahead(self, stream):
        StreamHead.objects.update(seq=4)
        assert list(check_all()) == [HOLES]

    def test_finds_a_hole_in_a_feed(self, stream):
        FeedEntry.objects.filter(seq=2).delete()
        assert set(check_all()) == {FEED_HOLES, "every event that was told stands in its feeds"}

    def test_finds_an_event_nobody_will_hear_of(self, stream):
        Outbox.objects.filter(seq=2).delete()
        assert check_all() == {
            "every event was written with what must hear of it": [f"{stream}#2 test.happened has no outbox row"]
        }

    def test_finds_what_waits_too_long_but_grants_ten_seconds(self):
        with change(now=clock.now() - timedelta(seconds=5)) as emit:
            emit(Happened(order_id=ids.uuid7()))
        assert check_all() == {}
        with change(now=clock.now() - timedelta(seconds=12)) as emit:
            emit(Happened(order_id=ids.uuid7()))
        assert [len(lines) for lines in check_all().values()] == [1]

    def test_finds_what_was_given_up(self, stream):
        Outbox.objects.filter(seq=3).update(handled_at=None, parked_at=clock.real_now(), error="ValueError: x")
        (line,) = check_all()["nothing was given up in the outbox"]
        assert line.endswith("ValueError: x")

    def test_finds_an_event_from_the_future(self, relay):
        with change(now=clock.now() + timedelta(minutes=1)) as emit:
            emit(Happened(order_id=ids.uuid7()))
        relay()
        assert list(check_all()) == ["no event lies in the future of business time"]


class TestCommand:
    def test_prints_json_and_exits_1_on_a_breach(self, stream, capsys):
        call_command("check_conservation", json=True)
        report = json.loads(capsys.readouterr().out)
        assert report["ok"] is True
        assert len(report["rules"]) == len(conservation.rule_names()) >= 15
        forget(seq=2)
        with pytest.raises(SystemExit) as exit_:
            call_command("check_conservation", json=True)
        assert exit_.value.code == 1
        assert json.loads(capsys.readouterr().out)["ok"] is False


@pytest.mark.django_db(transaction=True)
def test_reads_one_snapshot_and_writes_nothing(capsys):
    call_command("check_conservation")
    assert "BROKEN" not in capsys.readouterr().out
    with pytest.raises(Exception, match="read-only"), conservation._snapshot():
        StreamHead.objects.create(stream="order:x", seq=1)


class TestTables:
    def test_tell_a_status_for_every_state_that_an_event_leads_to(self):
        assert set(order_rules.STATUS_AFTER.values()) == set(order_rules.OrderStatus)
        assert set(dispatch_rules.DELIVERY_AFTER.values()) == set(dispatch_rules.DeliveryStatus) - {
            dispatch_rules.DeliveryStatus.CREATED
        }
        assert set(dispatch_rules.OFFER_AFTER.values()) == set(dispatch_rules.OfferStatus)

    def test_know_every_event_or_say_that_it_changes_nothing(self):
        known = {*order_rules.STATUS_AFTER, *dispatch_rules.DELIVERY_AFTER, *dispatch_rules.OFFER_AFTER}
        still = {
            name
            for name in events.known_types()
            if name.partition(".")[0] in ("order", "delivery", "offer") and name not in known
        }
        assert still == {
            "delivery.held",
            "delivery.prioritized",
            "delivery.released",
            "delivery.pin_refused",
            "delivery.pin_waived",
            "order.delayed",
            "order.rated",
            "order.tipped",
            "delivery.search_retried",
            "delivery.eta_changed",
            "delivery.moved_zone",
        }


def test_rules_of_the_apps_run_on_an_empty_database(db):
    assert not Delivery.objects.exists()
    assert check_all() == {}
