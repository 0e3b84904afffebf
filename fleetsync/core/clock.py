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
SLEW_S = 30.0
ALARM_S = 1.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Business time = origin_business + scale x (real - origin_real); both Unix seconds."""

    origin_business: float = 0.0
    origin_real: float = 0.0
    scale: float = 1.0


class _Clock:
    """This process's view of the database's clock and of the one clock row."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.forget()

    def forget(self) -> None:
        """Start anew: the next look asks the database again."""
        self.scale = Scale()
        self._offset = self._offset_before = 0.0
        self._slew_from = self._refreshed = float("-inf")
        self._latest = float("-inf")
        self.loaded = False

    def refresh(self) -> None:
        """Measure the database's clock and read the scale; on failure keep what is known."""
        from fleetsync.core.models import ClockSetting

        with self._lock:
            self._refreshed = time.monotonic()
            try:
                before = time.time()
                with connection.cursor() as cursor:
                    cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
                    (database,) = cursor.fetchone()
                measured = database - (before + time.time()) / 2
                row = ClockSetting.objects.filter(pk=1).first()
            except DatabaseError as error:
                log.warning("core.clock.refresh_failed", extra={"error": type(error).__name__})
                return
            drift = measured - self._offset_now()
            if self.loaded and abs(drift) > ALARM_S:
                log.error("core.clock.drift", extra={"drift_s": round(drift, 3)})
            self._offset_before = self._offset_now() if self.loaded else measured
            self._offset, self._slew_from = measured, time.monotonic()
            if row is not None:
                scale = Scale(row.origin_business.timestamp(), row.origin_real.timestamp(), row.scale)
                if scale != self.scale:
                    self._latest = float("-inf")
                self.scale = scale
            self.loaded = True

    def _offset_now(self) -> float:
        share = min(1.0, (time.monotonic() - self._slew_from) / SLEW_S)
        return self._offset_before + (self._offset - self._offset_before) * share

    def _keep_fresh(self) -> None:
        if time.monotonic() - self._refreshed < REFRESH_S:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            if not connection.needs_rollback:
                self.refresh()

    def real(self) -> float:
        self._keep_fresh()
        return time.time() + self._offset_now()

    def business(self) -> float:
        self._keep_fresh()
        with self._lock:
            scale = self.scale
            moment = scale.origin_business + scale.scale * (self.real() - scale.origin_real)
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

    Raises:
        ValueError: if `scale` is not positive.
    """
    from fleetsync.core.models import ClockSetting

    if not scale > 0:
        raise ValueError(f"scale must be positive, got {scale}")
    with transaction.atomic():
        refresh()
        start = max(now(), not_before) if not_before else now()
        ClockSetting.objects.update_or_create(
            pk=1, defaults={"origin_business": start, "origin_real": real_now(), "scale": scale}
        )
    forget()
    return start
