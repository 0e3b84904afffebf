"""Due rows, one by one."""

import logging

import pytest
from django.db import OperationalError, connection, transaction

from fleetsync.core import metrics, timers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_failed_before(monkeypatch):
    monkeypatch.setattr(timers, "_failing", {})


class TestRunEach:
    @pytest.fixture
    def clock(self, monkeypatch):
        """Return the machine's clock: a list with one number that tests move on."""
        at = [1000.0]
        monkeypatch.setattr(timers.time, "monotonic", lambda: at[0])
        return at

    def run(self, handled: list, *rows: str, bad: str = "b") -> int:
        def handle(row: str) -> int:
            handled.append(row)
            if row == bad:
                raise RuntimeError("bad row")
            return 1

        return timers.run_each("test", rows, handle)

    def test_handles_the_others_where_one_fails(self):
        handled: list[str] = []
        assert self.run(handled, "a", "b", "c") == 2
        assert handled == ["a", "b", "c"]

    def test_names_and_counts_the_row_that_failed(self, caplog):
        counter = metrics.TIMER_FAILED.labels("test")
        before = counter._value.get()
        self.run([], "a", "b")
        (said,) = [record for record in caplog.records if record.msg == "core.timers.row_failed"]
        assert (said.levelno, said.timer, said.row, said.tries) == (logging.ERROR, "test", "b", 1)
        assert said.exc_info is not None
        assert counter._value.get() == before + 1

    def test_leaves_it_alone_for_longer_each_time(self, clock):
        tried_at = []
        for second in range(200):
            clock[0] = 1000.0 + second
            handled: list[str] = []
            self.run(handled, "a", "b")
            assert handled[0] == "a"
            tried_at += [second] * ("b" in handled)
        assert tried_at == [0, 1, 3, 7, 15, 31, 63, 123, 183]

    def test_forgets_a_failure_of_what_is_due_no_more(self, clock):
        self.run([], "a", "b")
        self.run([], "a")
        handled: list[str] = []
        self.run(handled, "b")
        assert handled == ["b"]

    def test_goes_on_after_a_lock_that_was_waited_for_too_long(self):
        handled: list[str] = []

        def handle(row: str) -> int:
            handled.append(row)
            with transaction.atomic(), connection.cursor() as cursor:
                if row == "a":
                    cursor.execute("SET LOCAL statement_timeout = 10")
                    cursor.execute("SELECT pg_sleep(5)")
            return 1

        assert timers.run_each("test", ["a", "b"], handle) == 1
        assert handled == ["a", "b"]

    def test_stops_where_the_database_is_away(self, monkeypatch):
        monkeypatch.setattr(timers, "is_away", lambda error: True)
        handled: list[str] = []

        def handle(row: str) -> int:
            handled.append(row)
            raise OperationalError

        with pytest.raises(OperationalError):
            timers.run_each("test", ["a", "b"], handle)
        assert handled == ["a"]
        assert timers._failing == {}
