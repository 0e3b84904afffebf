"""The two clocks."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection

from fleetsync.core import clock
from fleetsync.core.models import ClockSetting

pytestmark = pytest.mark.django_db
SOON = timedelta(seconds=2)


class TestNow:
    def test_is_the_databases_time_without_a_row(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (database,) = cursor.fetchone()
        assert abs(clock.now() - database) < SOON
        assert abs(clock.real_now() - database) < SOON
        assert clock.now().tzinfo is UTC

    def test_runs_sixty_times_faster_at_scale_60(self):
        start = clock.set_scale(scale=60)
        before = clock.now()
        time.sleep(0.1)
        passed = (clock.now() - before).total_seconds()
        assert before - start < timedelta(seconds=60)
        assert 6 <= passed < 60
        assert clock.scale() == 60

    def test_begins_at_the_hour_asked_for(self):
        evening = (clock.now() + timedelta(days=3)).replace(hour=17, minute=30)
        assert clock.set_scale(scale=5, not_before=evening) == evening
        assert evening <= clock.now() < evening + timedelta(minutes=1)

    def test_never_goes_back_when_an_earlier_hour_is_asked_for(self):
        evening = clock.now() + timedelta(days=3)
        clock.set_scale(scale=5, not_before=evening)
        clock.set_scale(scale=1, not_before=evening - timedelta(days=1))
        assert clock.now() >= evening
        assert clock.scale() == 1

    def test_never_goes_back_in_a_process_that_learns_late_of_a_new_scale(self):
        clock.set_scale(scale=3600)
        time.sleep(0.05)
        far = clock.now()
        ClockSetting.objects.update(scale=1)
        clock.refresh()
        assert clock.scale() == 1
        assert clock.now() >= far

    def test_is_never_before_the_origin_in_a_process_whose_clock_is_behind(self):
        start = clock.set_scale(scale=60)
        clock.refresh()
        here = clock._clock
        here._offset = here._offset_before = here._offset - 10.0
        assert clock.now() == start

    def test_never_goes_back_under_many_threads(self):
        clock.set_scale(scale=60)
        clock.now()
        backward: list[datetime] = []

        def look() -> None:
            last = clock.now()
            for _ in range(2000):
                moment = clock.now()
                if moment < last:
                    backward.append(moment)
                last = moment

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert backward == []


class TestRefresh:
    def test_takes_a_clock_that_is_ahead_at_once(self):
        clock.refresh()
        here = clock._clock
        here._offset = here._offset_before = here._offset - 3600.0  # the database's clock was set forward by an hour
        before = clock.real_now()
        clock.refresh()
        passed = clock.real_now() - before
        assert timedelta(seconds=3599) < passed < timedelta(seconds=3602)

    def test_slews_a_small_step_back_in_without_a_jump(self):
        clock.refresh()
        here = clock._clock
        here._offset = here._offset_before = here._offset + 0.5  # we are half a second ahead
        before = clock.real_now()
        clock.refresh()
        assert clock.real_now() >= before
        here._slew_from -= clock.SLEW_S
        assert before - clock.real_now() > timedelta(seconds=0.4)

    def test_never_lets_machine_time_run_back_while_slewing(self):
        clock.refresh()
        here = clock._clock
        here._offset = here._offset_before = here._offset + 100.0
        before = clock.real_now()
        clock.refresh()
        here._slew_from -= 10.0  # ten seconds later, of the 200 that a hundred take
        assert clock.real_now() + timedelta(seconds=10) > before
        assert here._slew_s >= 199

    def test_keeps_what_is_known_when_the_database_is_away(self, monkeypatch):
        clock.set_scale(scale=60)
        before = clock.now()

        def away():
            raise DatabaseError("gone")

        monkeypatch.setattr(connection, "cursor", away)
        clock.refresh()
        assert clock.scale() == 60
        assert before <= clock.now() < before + timedelta(minutes=5)

    def test_asks_again_a_second_after_a_failure_and_a_minute_after_success(self, monkeypatch):
        clock.refresh()
        soon = clock._clock._look_again - time.monotonic()
        assert 55 < soon <= 60
        monkeypatch.setattr(connection, "cursor", lambda: (_ for _ in ()).throw(DatabaseError))
        clock.refresh()
        assert clock._clock._look_again - time.monotonic() <= 1

    def test_reads_the_row_more_often_when_business_time_runs_fast(self):
        clock.set_scale(scale=60)
        clock.now()
        assert clock._clock._look_again - time.monotonic() <= 1

    def test_warns_of_a_clock_that_is_off_by_more_than_a_second(self, caplog):
        clock.refresh()
        clock._clock._offset += 5.0
        clock._clock._offset_before += 5.0
        clock.refresh()
        assert [record.message for record in caplog.records] == ["core.clock.drift"]


class TestSetScale:
    @pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
    def test_refuses_what_is_not_a_positive_number(self, scale):
        with pytest.raises(ValueError, match="positive"):
            clock.set_scale(scale=scale)
        assert not ClockSetting.objects.exists()

    def test_is_kept_for_the_next_process(self):
        start = clock.set_scale(scale=60, not_before=datetime(2030, 1, 1, tzinfo=UTC))
        clock.forget()
        assert start <= clock.now() < start + timedelta(minutes=2)


class TestAtLeast:
    def test_is_the_business_span_at_scale_1(self):
        assert clock.at_least(30, 10) == timedelta(seconds=30)

    def test_is_the_real_span_in_business_time_where_that_is_longer(self):
        clock.set_scale(scale=60)
        assert clock.at_least(30, 10) == timedelta(seconds=600)


class TestRealSecondsUntil:
    def test_divides_by_the_scale(self):
        clock.set_scale(scale=60)
        assert clock.real_seconds_until(clock.now() + timedelta(minutes=1)) == pytest.approx(1, abs=0.1)

    def test_is_nothing_for_the_past(self):
        assert clock.real_seconds_until(clock.now() - timedelta(hours=1)) == 0.0


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_only_reads_the_clock_keeps_no_connection():
    left: list[object] = []

    def look() -> None:
        clock.forget()
        clock.now()
        left.append(connection.connection)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert left == [None]
