"""Business time as a client knows it: asked of the platform, carried on by this machine's monotonic clock."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

LONGEST_NAP_S: Final = 2.0
DRIFT: Final = 1e-4  # seconds a second: how fast an old measurement loses its worth


def seconds_of(moment: str) -> float:
    """Return Unix seconds of an ISO moment."""
    return datetime.fromisoformat(moment).timestamp()


def iso(moment_s: float) -> str:
    """Return the ISO moment of Unix seconds, UTC."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat()


class BusinessClock:
    """Answers what time it is, and sleeps until business moments. All moments are Unix seconds."""

    def __init__(self) -> None:
        self.scale = 1.0
        self._business_s = time.time()
        self._measured = time.monotonic()
        self._error_s = float("inf")

    def learn(self, *, now_s: float, scale: float, sent: float, received: float) -> None:
        """Take in an answer of the platform; `sent` and `received` are monotonic seconds around it.

        The best measurement is kept; one that contradicts it (the clock was set) replaces it.
        """
        error = (received - sent) / 2
        middle = sent + error
        age = time.monotonic() - self._measured
        contradicts = scale != self.scale or abs(now_s - self.now_s(middle)) > scale * (error + self._error_s + 0.005)
        if contradicts or error <= self._error_s + age * DRIFT:
            self.scale, self._business_s, self._measured, self._error_s = scale, now_s, middle, error

    def now_s(self, monotonic: float | None = None) -> float:
        """Return business time now, or at a monotonic moment."""
        real = time.monotonic() if monotonic is None else monotonic
        return self._business_s + self.scale * (real - self._measured)

    def real_s(self, business_s: float) -> float:
        """Return how many real seconds a business span takes."""
        return business_s / self.scale

    def wait_s(self, moment_s: float) -> float:
        """Return the real seconds until a business moment; negative when it is past."""
        return (moment_s - self.now_s()) / self.scale

    async def sleep_until(self, moment_s: float) -> None:
        """Return at a business moment, at once if it is past; follows the clock when it is set anew."""
        while (wait := self.wait_s(moment_s)) > 0:
            await asyncio.sleep(min(wait, LONGEST_NAP_S))
