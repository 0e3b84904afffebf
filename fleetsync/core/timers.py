"""Business time-outs are columns, and the relay looks at them: never a Celery countdown.

Each app registers in its `timers.py` what is next due and what to do then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

NextDue = Callable[[], datetime | None]
RunDue = Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Timer:
    """One kind of due moment.

    `next_due()` returns the earliest moment (business time) that still waits, or None;
    `run_due(now)` handles everything due at `now`, each thing in its own transaction,
    and returns how many it handled. It must be safe to run twice at once.
    """

    name: str
    next_due: NextDue
    run_due: RunDue


_timers: dict[str, Timer] = {}


def register(name: str, *, next_due: NextDue, run_due: RunDue) -> None:
    """Register a timer; the name shows in logs and metrics."""
    _timers[name] = Timer(name, next_due, run_due)


def all_timers() -> list[Timer]:
    """Return the timers in the order they were registered."""
    return list(_timers.values())
