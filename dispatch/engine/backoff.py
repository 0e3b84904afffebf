"""When to search again for a job nobody can take, and how far."""

from __future__ import annotations

from random import Random
from typing import Final

BASE_S: Final = 5.0
CAP_S: Final = 60.0
RADII_M: Final = (1500.0, 3000.0, 5000.0, 7000.0)


def retry_after_s(attempt: int, *, base_s: float = BASE_S, cap_s: float = CAP_S, rng: Random) -> float:
    """Return the pause after search number `attempt` (from 0), in seconds.

    Exponential with full jitter: uniform in [0, min(cap_s, base_s * 2**attempt)],
    which spreads a burst of orders that all failed together.

    Raises:
        ValueError: if `attempt` is negative or a bound is not positive.
    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    if attempt < 0:
        raise ValueError(f"attempt: expected 0 or more, got {attempt}")
    if base_s <= 0 or cap_s <= 0:
        raise ValueError(f"base_s and cap_s must be positive, got {base_s} and {cap_s}")
    return rng.uniform(0.0, min(cap_s, base_s * 2.0 ** min(attempt, 64)))


def radius_m(attempt: int) -> float:
    """Return the search radius of attempt `attempt` (from 0), metres: 1.5, 3, 5, then 7 km.

    Raises:
        ValueError: if `attempt` is negative.
    """
    if attempt < 0:
        raise ValueError(f"attempt: expected 0 or more, got {attempt}")
    return RADII_M[min(attempt, len(RADII_M) - 1)]
