"""`manage.py run_relay`: the process that hands on events and keeps business time."""

import logging
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.module_loading import autodiscover_modules

from fleetsync.core import clock, health, metrics
from fleetsync.core.relay import Relay

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Run the relay until SIGTERM."""

    help = "Hand committed events to their handlers and run what is due. Example: manage.py run_relay"

    def handle(self, *args: Any, **options: Any) -> None:
        """Warm up, then work until stopped."""
        relay = Relay()
        signal.signal(signal.SIGTERM, relay.stop)
        signal.signal(signal.SIGINT, relay.stop)
        clock.now()

        def check() -> tuple[bool, dict[str, object]]:
            age = time.monotonic() - relay.last_look
            return age < 10, {"last_look_s": round(age, 1)}

        metrics.watch_queue()
        autodiscover_modules("figures")  # what the apps tell of themselves
        health.serve("relay", check)
        log.info("core.relay.started")
        relay.run()
        log.info("core.relay.stopped")
