"""A round whose engine is late, or dies while it decides: a simpler strategy answers, and everybody can see it."""

import os
import signal
from select import select
from threading import Timer

import pytest
from django.db import connection

from dispatch import services
from dispatch.engine.client import EngineProcess
from dispatch.figures import RoundFigures
from dispatch.models import DecisionRecord, Delivery, DispatchPolicy, Offer, Round, RoundRecord
from dispatch.states import DeliveryStatus


@pytest.fixture
def child(kitchen, monkeypatch):
    """Return a warm engine of the test's own; the zone decides by `plan`, and food is ready at once."""
    DispatchPolicy.objects.filter(zone=kitchen.zone).update(parameters={"strategy": "plan"})
    with connection.cursor() as cursor:  # a cold child on a busy machine needs longer than a transaction may idle
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    with EngineProcess() as engine:
        engine.warm()
        monkeypatch.setattr(services.rounds, "engine", lambda: engine)
        yield engine


def figures() -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in RoundFigures().collect()
        for sample in family.samples
    }


def _await_spare(child) -> None:
    """Wait until the child standing by has loaded its kernels: it then says so, unread, on its pipe."""
    spare = child._spare
    assert select([spare.stdout], [], [], 120.0)[0]


def due(kitchen):
    """Open a delivery whose driver must set out now."""
    kitchen.online()
    delivery = kitchen.delivery()
    type(delivery).objects.update(ready_at=kitchen.now)
    return delivery


def assert_told(strategy: str, failure: str) -> None:
    round_row, decision, record = Round.objects.get(), DecisionRecord.objects.get(), RoundRecord.objects.get()
    assert Offer.objects.count() == 1
    for row in (round_row, decision, record):
        assert row.strategy == strategy
        assert row.fallback.startswith(failure)
    assert figures() == {
        ("fleetsync_zones_fallback",): 1,
        ("fleetsync_rounds_decided", strategy, "no"): 0,
        ("fleetsync_rounds_decided", strategy, "yes"): 1,
    }


class TestALateChild:
    def test_is_replaced_by_the_one_standing_by_which_answers_with_batch(self, kitchen, child, monkeypatch):
        monkeypatch.setattr(services.rounds, "ENGINE_TIMEOUT_S", 3.0)
        _await_spare(child)
        due(kitchen)
        os.kill(child.pid, signal.SIGSTOP)
        kitchen.round()
        assert_told("batch", "plan: EngineLate: ")

    def test_is_no_longer_told_of_a_zone_with_nothing_to_decide(self, kitchen, child, monkeypatch):
        monkeypatch.setattr(services.rounds, "ENGINE_TIMEOUT_S", 0.3)
        delivery = due(kitchen)
        os.kill(child.pid, signal.SIGSTOP)
        os.kill(child.spare_pid, signal.SIGSTOP)
        kitchen.round()
        assert Round.objects.get().fallback.startswith("plan: EngineLate: ")
        Delivery.objects.filter(pk=delivery.pk).update(status=DeliveryStatus.CANCELLED)
        kitchen.round()
        assert Round.objects.get().fallback == ""
        assert figures()["fleetsync_zones_fallback",] == 0

    def test_is_replaced_by_nearest_where_none_stands_by_and_decides_again_when_it_is_back(
        self, kitchen, child, monkeypatch
    ):
        monkeypatch.setattr(services.rounds, "ENGINE_TIMEOUT_S", 0.3)
        due(kitchen)
        os.kill(child.pid, signal.SIGSTOP)
        os.kill(child.spare_pid, signal.SIGSTOP)
        kitchen.round()
        assert_told("nearest", "plan: EngineLate: ")
        os.kill(child.pid, signal.SIGCONT)

        monkeypatch.setattr(services.rounds, "ENGINE_TIMEOUT_S", 60.0)
        child.warm()
        due(kitchen)
        kitchen.round()
        row = Round.objects.get()
        assert (row.strategy, row.fallback) == ("plan", "")
        assert figures()["fleetsync_zones_fallback",] == 0
        assert child.starts == 3


class TestAChildThatDies:
    def test_in_the_middle_of_a_decision_leaves_no_order_behind(self, kitchen, child):
        due(kitchen)
        os.kill(child.pid, signal.SIGSTOP)  # so that it dies while the round waits for it
        killer = Timer(0.3, os.kill, (child.pid, signal.SIGKILL))
        killer.start()
        kitchen.round()
        killer.join()
        row = Round.objects.get()
        assert row.fallback.startswith("plan: EngineDead: ")
        assert Offer.objects.count() == 1
