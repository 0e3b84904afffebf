import time

import pytest

from simulation.clients.ledger import Ledger


class TestLatencyMs:
    def test_counts_from_the_tap_and_from_when_the_job_was_due(self):
        ledger = Ledger()
        now = time.monotonic()
        ledger.placed(order_id="ord_a", marker="#a", tapped=now - 2.0, answered=now - 1.9)
        ledger.offered(order_id="ord_a", due_ago_s=0.5)
        ledger.assigned(order_id="ord_a")
        found = ledger.latency_ms()
        assert found["place_202"] == [pytest.approx(100.0)]
        assert found["place_first_offer"] == [pytest.approx(2000.0, abs=50.0)]
        assert found["due_first_offer"] == [pytest.approx(500.0, abs=1.0)]
        assert found["place_assigned"] == [pytest.approx(2000.0, abs=50.0)]

    def test_takes_an_order_that_was_due_before_it_was_placed_as_due_then(self):
        ledger = Ledger()
        now = time.monotonic()
        ledger.placed(order_id="ord_a", marker="#a", tapped=now - 2.0, answered=now - 1.9)
        ledger.offered(order_id="ord_a", due_ago_s=60.0)
        assert ledger.latency_ms()["due_first_offer"] == [pytest.approx(2000.0, abs=50.0)]

    def test_counts_the_first_offer_alone(self):
        ledger = Ledger()
        ledger.placed(order_id="ord_a", marker="#a", tapped=time.monotonic(), answered=time.monotonic())
        ledger.offered(order_id="ord_a", due_ago_s=None)
        first = ledger.first_offer["ord_a"]
        ledger.offered(order_id="ord_a", due_ago_s=3.0)
        assert ledger.first_offer["ord_a"] == first
        assert ledger.latency_ms()["due_first_offer"] == []


class TestEnded:
    def test_counts_each_order_once(self):
        ledger = Ledger()
        ledger.placed(order_id="ord_a", marker="#a", tapped=0.0, answered=0.1)
        assert ledger.open() == 1
        ledger.ended(order_id="ord_a", status="DELIVERED")
        ledger.ended(order_id="ord_a", status="DELIVERED")
        ledger.ended(order_id="ord_of_others", status="DELIVERED")
        assert ledger.open() == 0
        assert ledger.counts["delivered"] == 1
