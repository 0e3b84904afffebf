"""`manage.py run_flusher`: the process that brings positions from Redis to PostGIS."""

import logging
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand

from fleetsync.core import clock, health
from tracking.flusher import Flusher

log = logging.getLogger(__name__)

LATE_S = 10.0


class Command(BaseCommand):
    """Run the flusher until SIGTERM."""

    help = "Write drivers' positions from Redis to PostGIS every half second. Example: manage.py run_flusher"

    def handle(self, *args: Any, **options: Any) -> None:
        """Warm up, then work until stopped."""
        flusher = Flusher()
        signal.signal(signal.SIGTERM, flusher.stop)
        signal.signal(signal.SIGINT, flusher.stop)
        clock.now()

        def check() -> tuple[bool, dict[str, object]]:
            age_s = time.monotonic() - flusher.flushed_at
            return age_s < LATE_S, {"flushed_s": round(age_s, 1), "holds_lock": flusher.mine}

        health.serve("flusher", check)
        log.info("tracking.flusher.started")
        flusher.run()
        log.info("tracking.flusher.stopped")
