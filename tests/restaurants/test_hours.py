"""Opening hours, pure: cases by hand, then what must hold for every schedule."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restaurants.hours import (
    Opening,
    Schedule,
    closes_at,
    first_overlap,
    intervals,
    is_open,
    merged,
    moment_of,
    next_opening,
)

NEW_YORK = ZoneInfo("America/New_York")
MONDAY, TUESDAY, FRIDAY, SATURDAY, SUNDAY = 0, 1, 4, 5, 6


def local(text, fold=0, zone=NEW_YORK):
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def week(*openings, **other):
    parsed = tuple(
        Opening(weekday=day, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))
        for day, opens, closes in openings
    )
    return Schedule(**{"time_zone": "America/New_York", "openings": parsed} | other)


class TestIsOpen:
    LATE = week((FRIDAY, "18:00", "02:00"))

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("2026-11-20T17:59:59", False),
            ("2026-11-20T18:00", True),
            ("2026-11-20T23:59:59", True),
            ("2026-11-21T00:00", True),
            ("2026-11-21T01:59:59", True),
            ("2026-11-21T02:00", False),
            ("2026-11-20T01:00", False),  # the night before: Thursday's, which is closed
        ],
    )
    def test_passes_midnight(self, at, expected):
        assert is_open(schedule=self.LATE, at=local(at)) is expected

    def test_passes_midnight_from_sunday_to_monday(self):
        schedule = week((SUNDAY, "20:00", "01:00"))
        assert is_open(schedule=schedule, at=local("2026-11-23T00:30"))
        assert not is_open(schedule=schedule, at=local("2026-11-24T00:30"))

    def test_takes_equal_times_as_a_whole_day(self):
        schedule = week((MONDAY, "00:00", "00:00"))
        assert is_open(schedule=schedule, at=local("2026-11-23T00:00"))
        assert is_open(schedule=schedule, at=local("2026-11-23T23:59:59"))
        assert not is_open(schedule=schedule, at=local("2026-11-24T00:00"))

    def test_goes_by_the_local_clock_of_the_restaurant(self):
        schedule = week((MONDAY, "09:00", "17:00"), time_zone="Asia/Tokyo")
        assert is_open(schedule=schedule, at=datetime(2026, 11, 23, 0, 30, tzinfo=UTC))
        assert not is_open(schedule=schedule, at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))

    def test_ends_for_closures_and_pauses(self):
        noon = local("2026-11-23T12:00")
        closed = (noon, noon + timedelta(hours=1))
        always = week(always_open=True, closures=(closed,))
        assert [is_open(schedule=always, at=at) for at in (noon - timedelta(seconds=1), noon, closed[1])] == [
            True,
            False,
            True,
        ]
        paused = week(always_open=True, paused_until=noon)
        assert [is_open(schedule=paused, at=at) for at in (noon - timedelta(seconds=1), noon)] == [False, True]

    def test_is_never_open_without_hours(self):
        assert not is_open(schedule=week(), at=local("2026-11-23T12:00"))


class TestClockChanges:
    """New York: forward on 2026-03-08 at 02:00, back on 2026-11-01 at 02:00."""

    def test_a_night_of_an_hour_less_is_an_hour_shorter(self):
        ((start, end),) = intervals(
            schedule=week((SATURDAY, "22:00", "04:00")), since=date(2026, 3, 7), until=date(2026, 3, 7)
        )
        assert end - start == timedelta(hours=5)

    def test_a_night_of_an_hour_more_is_an_hour_longer(self):
        ((start, end),) = intervals(
            schedule=week((SATURDAY, "22:00", "04:00")), since=date(2026, 10, 31), until=date(2026, 10, 31)
        )
        assert end - start == timedelta(hours=7)

    def test_a_time_that_does_not_exist_counts_after_the_gap(self):
        assert moment_of(date(2026, 3, 8), time(2, 30), NEW_YORK) == local("2026-03-08T03:30")

    def test_a_time_that_comes_twice_means_the_second(self):
        assert moment_of(date(2026, 11, 1), time(1, 30), NEW_YORK) == local("2026-11-01T01:30", fold=1)
        schedule = week((SATURDAY, "22:00", "01:30"))
        for fold in (0, 1):
            assert is_open(schedule=schedule, at=local("2026-11-01T01:29", fold=fold))
        assert not is_open(schedule=schedule, at=local("2026-11-01T01:30", fold=1))

    def test_nine_o_clock_stays_nine_o_clock(self):
        schedule = week((SATURDAY, "09:00", "10:00"), (SUNDAY, "09:00", "10:00"))
        for day in ("2026-03-07", "2026-03-08", "2026-10-31", "2026-11-01"):
            assert is_open(schedule=schedule, at=local(f"{day}T09:00"))
            assert not is_open(schedule=schedule, at=local(f"{day}T08:59"))


class TestNextOpening:
    LUNCH = week((MONDAY, "11:00", "14:00"), (TUESDAY, "11:00", "14:00"))

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("2026-11-23T08:00", "2026-11-23T11:00"),
            ("2026-11-23T12:34:56", "2026-11-23T12:34:56"),
            ("2026-11-23T14:00", "2026-11-24T11:00"),
            ("2026-11-24T14:00", "2026-11-30T11:00"),
        ],
    )
    def test_is_now_or_the_next_beginning(self, at, expected):
        assert next_opening(schedule=self.LUNCH, at=local(at)) == local(expected)

    def test_comes_after_closures_that_follow_one_another(self):
        a, b, c = (local(f"2026-11-{day}T00:00") for day in (23, 24, 25))
        schedule = week((MONDAY, "11:00", "14:00"), (TUESDAY, "11:00", "14:00"), closures=((b, c), (a, b)))
        assert next_opening(schedule=schedule, at=local("2026-11-23T11:30")) == local("2026-11-30T11:00")

    def test_is_the_end_of_a_pause_inside_the_hours(self):
        until = local("2026-11-23T12:00")
        schedule = week((MONDAY, "11:00", "14:00"), paused_until=until)
        assert next_opening(schedule=schedule, at=local("2026-11-23T11:30")) == until

    def test_is_none_without_hours(self):
        assert next_opening(schedule=week(), at=local("2026-11-23T12:00")) is None

    @pytest.mark.parametrize("end", ["9999-12-31T00:00", "9999-01-01T00:00"])
    def test_is_none_after_a_closure_to_the_end_of_the_calendar(self, end):
        schedule = week((MONDAY, "11:00", "14:00"), closures=((local("2026-11-23T00:00"), local(end)),))
        assert next_opening(schedule=schedule, at=local("2026-11-23T12:00")) is None


class TestClosesAt:
    def test_is_the_end_of_hours_that_touch(self):
        schedule = week((MONDAY, "11:00", "14:00"), (MONDAY, "14:00", "22:00"))
        assert closes_at(schedule=schedule, at=local("2026-11-23T12:00")) == local("2026-11-23T22:00")

    def test_is_a_closure_that_comes_first(self):
        start = local("2026-11-23T13:00")
        schedule = week((MONDAY, "11:00", "14:00"), closures=((start, start + timedelta(hours=9)),))
        assert closes_at(schedule=schedule, at=local("2026-11-23T12:00")) == start

    def test_is_none_where_closed_or_without_end(self):
        assert closes_at(schedule=week(), at=local("2026-11-23T12:00")) is None
        assert closes_at(schedule=week(always_open=True), at=local("2026-11-23T12:00")) is None
        all_week = week(*((day, "00:00", "00:00") for day in range(7)))
        assert closes_at(schedule=all_week, at=local("2026-11-23T12:00")) is None


class TestFirstOverlap:
    @pytest.mark.parametrize(
        ("openings", "expected"),
        [
            ([(0, "09:00", "12:00"), (0, "12:00", "14:00")], False),
            ([(0, "09:00", "12:01"), (0, "12:00", "14:00")], True),
            ([(0, "20:00", "02:00"), (1, "01:00", "03:00")], True),
            ([(6, "20:00", "02:00"), (0, "01:00", "03:00")], True),
            ([(6, "20:00", "02:00"), (0, "02:00", "03:00")], False),
            ([(day, "00:00", "00:00") for day in range(7)], False),
            ([(3, "00:00", "00:00")], False),
            ([], False),
        ],
    )
    def test_finds_them_over_midnight_and_the_week_s_end(self, openings, expected):
        assert (first_overlap(openings=week(*openings).openings) is not None) is expected


# --- properties --------------------------------------------------------------

ZONES = ("America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC")
times = st.times(min_value=time(0), max_value=time(23, 59)).map(lambda wall: wall.replace(microsecond=0))
openings = st.builds(Opening, weekday=st.integers(0, 6), opens=times, closes=times)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
# the days around the changes of New York, Dublin and Lord Howe, where mistakes live
moments |= st.sampled_from(
    [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 8), (3, 29), (4, 4), (10, 3), (10, 25), (11, 1))]
).flatmap(lambda day: st.integers(-1_440, 2_880).map(lambda minutes: day + timedelta(minutes=minutes)))
closures = st.tuples(moments, st.integers(1, 30 * 1_440)).map(
    lambda pair: (pair[0], pair[0] + timedelta(minutes=pair[1]))
)
schedules = st.builds(
    Schedule,
    time_zone=st.sampled_from(ZONES),
    openings=st.lists(openings, max_size=8).map(tuple),
    always_open=st.booleans(),
    closures=st.lists(closures, max_size=3).map(tuple),
    paused_until=st.none() | moments,
)


@given(schedules, moments)
def test_the_next_opening_is_open_and_nothing_before_it_is(schedule, at):
    following = next_opening(schedule=schedule, at=at)
    if following is None:
        assert not is_open(schedule=schedule, at=at)
        return
    assert following >= at
    assert is_open(schedule=schedule, at=following)
    if following > at:
        for share in (0.0, 0.3, 0.999):
            assert not is_open(schedule=schedule, at=at + (following - at) * share)


@given(schedules, moments)
def test_closing_is_the_end_of_being_open(schedule, at):
    end = closes_at(schedule=schedule, at=at)
    if end is not None:
        assert at < end
        assert is_open(schedule=schedule, at=at + (end - at) * 0.5)
        assert not is_open(schedule=schedule, at=end)


@given(st.lists(closures, max_size=8))
def test_merged_spans_are_in_order_apart_and_cover_the_same(spans):
    out = merged(spans)
    assert all(one[1] < other[0] for one, other in pairwise(out))
    assert all(any(start <= span[0] and span[1] <= end for start, end in out) for span in spans)
