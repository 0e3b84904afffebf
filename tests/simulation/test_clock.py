import time

import pytest

from simulation.clients.clock import BusinessClock, iso, seconds_of


@pytest.fixture
def clock() -> BusinessClock:
    made = BusinessClock()
    now = time.monotonic()
    made.learn(now_s=1000.0, scale=60.0, sent=now - 0.01, received=now + 0.01)
    return made


class TestBusinessClock:
    def test_runs_at_the_scale_from_the_middle_of_the_request(self, clock):
        now = time.monotonic()
        at = clock.now_s(now + 2.0) - clock.now_s(now)
        assert at == pytest.approx(120.0)

    def test_keeps_the_better_of_two_measurements_that_agree(self, clock):
        now = time.monotonic()
        before = clock.now_s(now)
        clock.learn(now_s=before + 0.5, scale=60.0, sent=now - 0.2, received=now + 0.2)
        assert clock.now_s(now) == before

    def test_takes_a_clock_that_was_set_anew(self, clock):
        now = time.monotonic()
        clock.learn(now_s=90_000.0, scale=60.0, sent=now - 0.2, received=now + 0.2)
        assert clock.now_s(now) == pytest.approx(90_000.0)

    def test_takes_another_scale(self, clock):
        now = time.monotonic()
        clock.learn(now_s=1000.0, scale=5.0, sent=now - 0.2, received=now + 0.2)
        assert clock.scale == 5.0
        assert clock.real_s(10.0) == 2.0

    async def test_sleeps_until_a_business_moment(self, clock):
        began = time.monotonic()
        await clock.sleep_until(clock.now_s() + 6.0)
        assert 0.095 <= time.monotonic() - began < 0.3
        await clock.sleep_until(clock.now_s() - 6.0)


def test_moments_go_out_as_they_came_in():
    assert iso(seconds_of("2026-03-01T17:30:00.250000+00:00")) == "2026-03-01T17:30:00.250000+00:00"
