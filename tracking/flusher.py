"""The flusher process: writes moved drivers every half second, maps every second, keeps watch lists and ETAs right.

One process works, by an advisory lock of its database session; a second one waits to take
over. Upkeep runs in a thread of its own, so that a slow look never delays a position.
"""

import logging
import threading
import time
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection
from prometheus_client import Counter
from psycopg_pool import PoolTimeout

from fleetsync.core import clock, redis
from tracking import services
from tracking.conf import ETA, POSITIONS

log = logging.getLogger(__name__)

LOCK_KEY = 0x666C7573  # "flus"
FAILED = Counter("fleetsync_flush_failed", "Flushes that failed and were tried again.", ["why"])
AWAY = (DatabaseError, InterfaceError, PoolTimeout)


class Flusher:
    """The loop of the flusher process."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.mine = False
        self.flushed_at = time.monotonic()
        self._thinner = services.Thinner()
        self._moved: set[UUID] = set()
        self._map_at = 0.0

    def stop(self, *_signal: object) -> None:
        """Ask the loops to end after their present turn."""
        self.stopping.set()

    def run(self) -> None:
        """Work until stopped; a lost database or Redis is waited for, not died of."""
        upkeep = threading.Thread(target=self._keep_up, name="upkeep", daemon=True)
        upkeep.start()
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                self.turn()
            except redis.RedisDown:
                FAILED.labels("redis").inc()
                self.flushed_at = time.monotonic()  # nothing can be done, and pings go to the database meanwhile
            except AWAY as error:
                FAILED.labels("database").inc()
                log.warning("tracking.flusher.database_down", extra={"error": type(error).__name__})
                self._let_go()
            self.stopping.wait(max(0.05, POSITIONS.flush_every_s - (time.monotonic() - began)))
        upkeep.join(timeout=2)
        self._let_go()

    def turn(self) -> None:
        """Flush once, if this is the process that may."""
        if not self._lock():
            self.flushed_at = time.monotonic()
            return
        moved = services.flush_positions(now=clock.now(), thinner=self._thinner)
        self.flushed_at = time.monotonic()
        self._moved |= {each.driver_id for each in moved}
        if self.flushed_at - self._map_at >= POSITIONS.map_every_s:
            services.publish_maps(driver_ids=self._moved, now=clock.now())
            self._moved.clear()
            self._map_at = self.flushed_at

    def _lock(self) -> bool:
        """Take the lock with the session that writes: who loses the one has lost the other."""
        if self.mine and connection.connection is not None and not connection.connection.closed:
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
            self.mine = bool(cursor.fetchone()[0])
            if self.mine:
                log.info("tracking.flusher.working")
        return self.mine

    def _let_go(self) -> None:
        """Drop the session, and the lock with it; the pool gets no connection that holds a lock."""
        self.mine = False
        raw = connection.connection
        if raw is not None:
            raw.close()
        connection.close()

    # --- upkeep -----------------------------------------------------------------

    def _keep_up(self) -> None:
        watches_at = etas_at = 0.0
        fresh = True
        while not self.stopping.wait(0.5):
            if not self.mine:
                fresh = True
                continue
            try:
                if fresh:
                    services.make_partitions(now=clock.now())  # beat comes to it only after its first period
                    fresh = False
                if time.monotonic() - watches_at >= POSITIONS.watches_every_s:
                    watches_at = time.monotonic()
                    services.rebuild_watches()
                if time.monotonic() - etas_at >= max(ETA.refresh_floor_s, ETA.refresh_s / clock.scale()):
                    etas_at = time.monotonic()
                    services.refresh_etas(now=clock.now())
            except AWAY as error:
                log.warning("tracking.flusher.upkeep_waits", extra={"error": type(error).__name__})
            except Exception:
                log.exception("tracking.flusher.upkeep_failed")
            finally:
                connection.close()
