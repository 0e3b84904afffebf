"""Opening hours, pure: weekday ranges in local time become intervals of moments.

A range is local wall time and may pass midnight; closures and pauses are moments. Where the
clocks change, a local time that does not exist counts as that much after the gap, and one
that comes twice means its second coming, which is how PostgreSQL's AT TIME ZONE reads them
too: the discovery query and this module must agree.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
LOOK_AHEAD_DAYS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """Open on `weekday` (Monday 0) from `opens`; `closes` at or before `opens` is on the next day."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """All that decides when a restaurant is open. `closures` are half-open (start, end) moments."""

    time_zone: str
    openings: tuple[Opening, ...] = ()
    always_open: bool = False
    closures: tuple[tuple[datetime, datetime], ...] = ()
    paused_until: datetime | None = None


def moment_of(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """Return the moment, UTC, at which local clocks of `zone` show `wall` on `day`."""
    late = datetime.combine(day, wall, zone).replace(fold=1)
    early = late.replace(fold=0)
    # in a gap the offset before it counts (fold 0), in a repeated hour the offset after (fold 1)
    gap = late.utcoffset() > early.utcoffset()  # type: ignore[operator]
    return (early if gap else late).astimezone(UTC)


def intervals(*, schedule: Schedule, since: date, until: date) -> list[tuple[datetime, datetime]]:
    """Return the openings that begin on the local days [since, until], merged, in order, UTC.

    Closures and pauses are not taken off.
    """
    zone = ZoneInfo(schedule.time_zone)
    found: list[tuple[datetime, datetime]] = []
    day = since
    while day <= until:
        for opening in schedule.openings:
            if opening.weekday == day.weekday():
                last = day + DAY if opening.closes <= opening.opens else day
                start, end = moment_of(day, opening.opens, zone), moment_of(last, opening.closes, zone)
                if end > start:
                    found.append((start, end))
        day += DAY
    return merged(found)


def merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return the spans in order, those that touch or overlap as one."""
    out: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _blocks(schedule: Schedule, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield merged closures and the pause that end after `at`."""
    spans = [span for span in schedule.closures if span[1] > at]
    if schedule.paused_until is not None and schedule.paused_until > at:
        spans.append((at, schedule.paused_until))
    yield from merged(spans)


def is_open(*, schedule: Schedule, at: datetime) -> bool:
    """Say whether it is open at a moment."""
    moment = at.astimezone(UTC)  # moments of two time zones never compare equal in a repeated hour (PEP 495)
    return next_opening(schedule=schedule, at=moment) == moment


def next_opening(*, schedule: Schedule, at: datetime) -> datetime | None:
    """Return the first moment from `at` on when it is open (`at` itself if it is); None within eight days.

    The eight days count from the end of the closure that is in the way, if one is.
    """
    at = at.astimezone(UTC)
    candidate = _next_regular(schedule, at)
    for start, end in _blocks(schedule, at):
        if candidate is None or candidate < start:
            break
        candidate = _next_regular(schedule, max(candidate, end))
    return candidate


def _next_regular(schedule: Schedule, at: datetime) -> datetime | None:
    if schedule.always_open:
        return at
    if not schedule.openings or at.year == MAXYEAR:  # a closure without an end: the calendar ends there, too
        return None
    today = at.astimezone(ZoneInfo(schedule.time_zone)).date()
    spans = intervals(schedule=schedule, since=today - DAY, until=today + LOOK_AHEAD_DAYS * DAY)
    return next((max(start, at) for start, end in spans if end > at), None)


def closes_at(*, schedule: Schedule, at: datetime) -> datetime | None:
    """Return when the present opening ends; None if it is closed now or no end is in sight."""
    at = at.astimezone(UTC)
    if not is_open(schedule=schedule, at=at):
        return None
    ends = [start for start, end in schedule.closures if at < start < end]
    if not schedule.always_open:
        today = at.astimezone(ZoneInfo(schedule.time_zone)).date()
        spans = intervals(schedule=schedule, since=today - DAY, until=today + LOOK_AHEAD_DAYS * DAY)
        regular = next((end for start, end in spans if start <= at < end), None)
        if regular is not None and regular - at < 7 * DAY:
            ends.append(regular)
    return min(ends, default=None)


def first_overlap(*, openings: Iterable[Opening]) -> tuple[Opening, Opening] | None:
    """Return two openings of the week that overlap in wall time, Sunday into Monday included; None if none do."""
    week_s = 7 * 86_400

    def second(opening: Opening, wall: time) -> int:
        return opening.weekday * 86_400 + wall.hour * 3_600 + wall.minute * 60 + wall.second

    spans = []
    for opening in openings:
        start, end = second(opening, opening.opens), second(opening, opening.closes)
        spans.append((start, end + (86_400 if opening.closes <= opening.opens else 0), opening))
    spans.sort(key=lambda span: span[:2])
    for (_, end, one), (start, _, other) in pairwise(spans):
        if start < end:
            return one, other
    if len(spans) > 1 and spans[-1][1] - week_s > spans[0][0]:
        return spans[-1][2], spans[0][2]
    return None
