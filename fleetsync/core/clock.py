"""The two clocks, and the only place that reads one.

`now()` is business time: the database's clock through origin + scale x real. What an
order lives by is in it. `real_now()` is machine time, never scaled: leases, time-outs,
throttles, tokens. Where the two meet, the longer of both wins (`at_least`).

SQL gets the moment as a parameter, never `now()`.
"""

import asyncio
import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, connection, transaction

log = logging.getLogger(__name__)

REFRESH_S = 60.0
RETRY_S = 1.0
SLEW_S = 30.0
ALARM_S = 1.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Business time = origin_business + scale x (real - origin_real); both Unix seconds."""

    origin_business: float = 0.0
    origin_real: float = 0.0
    scale: float = 1.0


class _Clock:
    """This process's view of the database's clock and of the one clock row.

    Machine time is this computer's monotonic clock plus an offset, so a stepped wall
    clock moves nothing before the database tells of it. An offset that is ahead is taken
    at once, so that processes agree; one that is behind is slewed in, at most half a
    second per second: machine time never runs backwards either.
    """

    def __init__(self) -> None:
        self._state = threading.Lock()
        self._refreshing = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Start anew: the next look asks the database again."""
        self.scale = Scale()
        self._offset = self._offset_before = time.time() - time.monotonic()
        self._slew_from, self._slew_s = float("-inf"), SLEW_S
        self._look_again = float("-inf")
        self._latest = float("-inf")
        self.loaded = False

    def refresh(self) -> None:
        """Measure the database's clock and read the scale; on failure keep what is known.

        A connection opened for this alone is given back, so that threads which only
        read the clock hold none.
        """
        from fleetsync.core.models import ClockSetting

        with self._refreshing:
            opened_here = connection.connection is None
            try:
                with connection.cursor() as cursor:
                    before = time.monotonic()
                    cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
                    (database,) = cursor.fetchone()
                    after = time.monotonic()
                row = ClockSetting.objects.filter(pk=1).first()
            except DatabaseError as error:
                self._look_again = time.monotonic() + RETRY_S
                log.warning("core.clock.refresh_failed", extra={"error": type(error).__name__})
                return
            finally:
                if opened_here and not connection.in_atomic_block:
                    connection.close()
            with self._state:
                self._adopt(database - (before + after) / 2, database - after, row)

    def _adopt(self, measured: float, least: float, row: object) -> None:
        """Take a measurement; the offset is `least` or more, however slow the answer was."""
        present = self._offset_now()
        drift = measured - present
        if self.loaded and abs(drift) > ALARM_S:
            log.error("core.clock.drift", extra={"drift_s": round(drift, 3)})
        present = max(present, least) if self.loaded else measured
        self._offset_before, self._offset = present, measured
        self._slew_from, self._slew_s = time.monotonic(), max(SLEW_S, 2 * abs(measured - present))
        if row is not None:
            self.scale = Scale(row.origin_business.timestamp(), row.origin_real.timestamp(), row.scale)  # type: ignore[attr-defined]
        self.loaded = True
        # A new scale must be noticed within a minute of business time, too.
        self._look_again = time.monotonic() + max(RETRY_S, REFRESH_S / max(1.0, self.scale.scale))

    def _offset_now(self) -> float:
        share = min(1.0, (time.monotonic() - self._slew_from) / self._slew_s)
        return self._offset_before + (self._offset - self._offset_before) * share

    def _keep_fresh(self) -> None:
        if time.monotonic() < self._look_again or (self.loaded and self._refreshing.locked()):
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            # A failed look inside a transaction would break it; only the first look cannot wait.
            if not connection.in_atomic_block or not (self.loaded or connection.needs_rollback):
                self.refresh()

    def real(self) -> float:
        self._keep_fresh()
        with self._state:
            return time.monotonic() + self._offset_now()

    def business(self) -> float:
        real = self.real()
        with self._state:
            passed = max(0.0, real - self.scale.origin_real)  # also where our clock is behind, nothing is before it
            moment = self.scale.origin_business + self.scale.scale * passed
            self._latest = max(self._latest, moment)
            return self._latest


_clock = _Clock()


def now() -> datetime:
    """Return business time, UTC. It never goes back in one process."""
    return datetime.fromtimestamp(_clock.business(), UTC)


def real_now() -> datetime:
    """Return machine time on the database's clock, UTC, never scaled."""
    return datetime.fromtimestamp(_clock.real(), UTC)


def scale() -> float:
    """Return how many business seconds pass in one real second."""
    _clock.real()
    return _clock.scale.scale


def at_least(business_s: float, real_s: float) -> timedelta:
    """Return the longer of a business span and a real span, as business time."""
    return timedelta(seconds=max(business_s, real_s * scale()))


def real_seconds_until(moment: datetime) -> float:
    """Return how many real seconds it takes until business time reaches `moment`; never negative."""
    return max(0.0, (moment - now()).total_seconds() / scale())


def refresh() -> None:
    """Ask the database now. Asynchronous processes call this from a thread every minute."""
    _clock.refresh()


def forget() -> None:
    """Drop what this process knows, for tests and for commands that change the scale."""
    _clock.forget()


def set_scale(*, scale: float, not_before: datetime | None = None) -> datetime:
    """Let business time run at `scale` from max(now, `not_before`) on, and return that moment.

    Business time never goes back: an earlier `not_before` changes the scale alone.
    Running processes notice within a minute of business time, at most a real one.

    Raises:
        ValueError: if `scale` is not a positive number.
    """
    from fleetsync.core.models import ClockSetting

    if not 0 < scale < float("inf"):
        raise ValueError(f"scale must be positive, got {scale}")
    with transaction.atomic():
        refresh()
        start = max(now(), not_before) if not_before else now()
        ClockSetting.objects.update_or_create(
            pk=1, defaults={"origin_business": start, "origin_real": real_now(), "scale": scale}
        )
    forget()
    return start
