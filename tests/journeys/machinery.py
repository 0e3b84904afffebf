"""What the processes beside the API do, in the test's own process: relay, timers, worker, flusher."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from uuid import UUID

from django.db import connection

from dispatch import services as dispatch
from fleetsync.core import clock, timers
from tracking.services import flush_positions
from tracking.services.trail import Thinner

PATIENCE_S = 30.0


class Machinery:
    """Works turn by turn, or by itself beside the test."""

    def __init__(self, relay: Callable[[], None], zone_id: UUID) -> None:
        self.relay, self.zone_id = relay, zone_id
        self.thinner = Thinner()

    def turn(self) -> None:
        """Hand on what waits, run what is due, decide, write positions."""
        self.relay()
        for timer in timers.all_timers():
            timer.run_due(clock.now())
        dispatch.run_round(zone_id=self.zone_id, now=clock.now(), real_now=clock.real_now(), rng=Random(1))
        flush_positions(now=clock.now(), thinner=self.thinner)
        self.relay()

    def until(self, look: Callable[[], object]):
        """Work until `look` finds something, and return it."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            self.turn()
            if found := look():
                return found
            time.sleep(0.05)
        raise AssertionError("it did not come")

    @contextmanager
    def beside(self, *, every_s: float = 0.3) -> Iterator[None]:
        """Work in a thread until the block ends; a turn that fails fails the block."""
        over, failures = threading.Event(), []

        def work() -> None:
            try:
                while not over.wait(every_s):
                    self.turn()
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(PATIENCE_S)
        if failures:
            raise failures[0]
