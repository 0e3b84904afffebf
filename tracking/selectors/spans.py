"""Spans of business time that figures look back over."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

#: The spans somebody may choose, and how wide a bar of their charts is.
SPANS: Final = {"today": timedelta(minutes=30), "24h": timedelta(hours=1), "7d": timedelta(hours=6)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `start` to `end`, in bars of `bar`; `before` is where the same span before it begins."""

    key: str
    start: datetime
    end: datetime
    bar: timedelta
    before: datetime
    time_zone: str

    @property
    def bars(self) -> list[datetime]:
        """Return where each bar begins, oldest first."""
        number = max(1, -((self.start - self.end) // self.bar))
        return [self.start + self.bar * each for each in range(number)]


def span_of(*, key: str, now: datetime, time_zone: str) -> Span:
    """Return the span of a key of `SPANS` that ends now; an unknown key is today.

    Today begins at midnight of the time zone and is compared with yesterday up to the same
    time of day; the others are compared with as much time before them.
    """
    bar = SPANS.get(key, SPANS["today"])
    if key == "24h":
        length = timedelta(hours=24)
    elif key == "7d":
        length = timedelta(days=7)
    else:
        local = now.astimezone(ZoneInfo(time_zone))
        start = datetime.combine(local.date(), time.min, tzinfo=local.tzinfo)
        before = datetime.combine(local.date() - timedelta(days=1), time.min, tzinfo=local.tzinfo)
        return Span(key="today", start=start, end=now, bar=bar, before=before, time_zone=time_zone)
    # whole bars, so that a bar keeps its numbers while time goes on
    edge = datetime.fromtimestamp(-(-now.timestamp() // bar.total_seconds()) * bar.total_seconds(), tz=now.tzinfo)
    start = edge - length
    return Span(key=key, start=start, end=now, bar=bar, before=start - length, time_zone=time_zone)
