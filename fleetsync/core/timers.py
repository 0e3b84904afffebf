"""Business time-outs are columns, and the relay looks at them: never a Celery countdown.

Each app registers in its `timers.py` what is next due and what to do then.
"""

import logging
import time
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from fleetsync.core import metrics
from fleetsync.core.database import is_away

log = logging.getLogger(__name__)

LONGEST_PAUSE_S: Final = 60.0

NextDue = Callable[[], datetime | None]
RunDue = Callable[[datetime], int]
Row = TypeVar("Row", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Timer:
    """One kind of due moment.

    `next_due()` returns the earliest moment (business time) that still waits, or None;
    `run_due(now)` handles everything due at `now`, each thing in its own transaction
    (`run_each`), and returns how many it handled. It must be safe to run twice at once.
    """

    name: str
    next_due: NextDue
    run_due: RunDue


@dataclass(frozen=True, slots=True)
class _Failing:
    tries: int
    again_at: float  # machine time, of `time.monotonic`


_timers: dict[str, Timer] = {}
_failing: dict[tuple[str, Hashable], _Failing] = {}


def register(name: str, *, next_due: NextDue, run_due: RunDue) -> None:
    """Register a timer; the name shows in logs and metrics."""
    _timers[name] = Timer(name, next_due, run_due)


def all_timers() -> list[Timer]:
    """Return the timers in the order they were registered."""
    return list(_timers.values())


def run_each(name: str, rows: Collection[Row], handle: Callable[[Row], int]) -> int:
    """Handle what is due row by row, and return how much that was: one that fails holds up no other.

    It is logged with its row and left alone for a while, longer each time and a minute at
    most; nothing is given up, because what is due must be done. `name` is the timer's.

    Raises:
        OperationalError, InterfaceError: the database is away; the rest is as due as before.
    """
    _forget_handled(name, rows)
    done = 0
    for row in rows:
        failing = _failing.get((name, row))
        if failing is not None and time.monotonic() < failing.again_at:
            continue
        try:
            done += handle(row)
        except Exception as error:
            if is_away(error):
                raise
            tries = failing.tries + 1 if failing else 1
            pause_s = min(LONGEST_PAUSE_S, 0.5 * 2.0 ** min(tries, 32))
            _failing[name, row] = _Failing(tries, time.monotonic() + pause_s)
            metrics.TIMER_FAILED.labels(name).inc()
            log.exception("core.timers.row_failed", extra={"timer": name, "row": str(row), "tries": tries})
        else:
            _failing.pop((name, row), None)
    return done


def _forget_handled(name: str, rows: Collection[Row]) -> None:
    """Forget failures of rows that are due no more."""
    for known in [each for each in _failing if each[0] == name and each[1] not in rows]:
        del _failing[known]
