"""Celery: wakes dispatch rounds, and runs what may be a minute late."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetsync.settings")

app = Celery("fleetsync")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# What may be a minute late; whatever business waits for is a timer of the relay. Machine seconds.
app.conf.beat_schedule = {
    "forget-old": {"task": "core.forget_old", "schedule": 3600.0},
    "make-partitions": {"task": "tracking.make_partitions", "schedule": 600.0},
    "drop-partitions": {"task": "tracking.drop_partitions", "schedule": 3600.0},
    "forget-decisions": {"task": "dispatch.forget_decisions", "schedule": 86_400.0},
    "forget-messages": {"task": "dispatch.forget_messages", "schedule": 86_400.0},
    "forget-quotes": {"task": "orders.forget_quotes", "schedule": 3600.0},
    "forget-spent-logins": {"task": "accounts.forget_spent", "schedule": 3600.0},
}


@setup_logging.connect
def use_our_logs(**_: Any) -> None:
    """Keep Django's logging set-up."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_ready.connect
def start_heartbeat(sender: Any = None, **_: Any) -> None:
    """Touch the worker's heartbeat while its consumer is alive, and open its health socket."""
    import threading
    import time

    from fleetsync.core import health

    def beat() -> None:
        while True:
            health.beat("worker")
            time.sleep(2)

    threading.Thread(target=beat, daemon=True, name="heartbeat").start()
    health.serve("worker", lambda: (True, {}))
