"""A round whose engine is late, or dies while it decides: a simpler strategy answers, and everybody can see it."""

import os
import signal
from threading import Timer

import pytest
from django.db import connection

from dispatch import services
from dispatch.engine.client import EngineProcess
from dispatch.figures import RoundFigures
from dispatch.models import DecisionRecord, DispatchPolicy, Offer, Round, RoundRecord


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


def due(kitchen):
    """Open a delivery whose driver must set out now."""
    kitchen.online()
    delivery = kitchen.delivery()
    type(delivery).objects.update(ready_at=kitchen.now)
    return delivery


def assert_told(kitchen, failure: str) -> None:
    round_row, decision, record = Round.objects.get(), DecisionRecord.objects.get(), RoundRecord.objects.get()
    assert Offer.objects.count() == 1
    for row in (round_row, decision, record):
        assert row.strategy == "nearest"
        assert row.fallback.startswith(failure)
    assert figures() == {
        ("fleetsync_zones_fallback",): 1,
        ("fleetsync_rounds_decided", "nearest", "no"): 0,
        ("fleetsync_rounds_decided", "nearest", "yes"): 1,
    }


class TestALateChild:
    def test_is_replaced_by_nearest_and_decides_again_when_it_is_back(self, kitchen, child, monkeypatch):
        monkeypatch.setattr(services.rounds, "ENGINE_TIMEOUT_S", 0.3)
        due(kitchen)
        os.kill(child.pid, signal.SIGSTOP)
        kitchen.round()
        assert_told(kitchen, "plan: EngineLate: ")

        monkeypatch.setattr(services.rounds, "ENGINE_TIMEOUT_S", 60.0)
        child.warm()
        due(kitchen)
        kitchen.round()
        row = Round.objects.get()
        assert (row.strategy, row.fallback) == ("plan", "")
        assert figures()["fleetsync_zones_fallback",] == 0
        assert child.starts == 2


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
