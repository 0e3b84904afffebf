"""Celery only wakes: which zone, not what; when to try again stands on the job's row."""

import logging
import random
from datetime import timedelta
from typing import Any, Final

from celery import shared_task
from celery.signals import worker_init, worker_process_shutdown, worker_shutdown
from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import DatabaseError, connection

from dispatch import selectors, services
from dispatch.conf import DECISIONS_KEPT_DAYS, MESSAGES_KEPT_DAYS
from dispatch.engine.client import EngineError
from fleetsync.core import clock, ids
from fleetsync.core.queue import kick_taken

log = logging.getLogger(__name__)

_RNG: Final = random.Random()  # noqa: S311  # spreads retries, guards nothing


@shared_task(name="dispatch.run_round", acks_late=True, ignore_result=True)
def run_round(*, target: str, **_later: Any) -> None:
    """Run one zone's round. Safe to run twice: the zone's lease lets one in."""
    services.run_rounds(zone_id=ids.decode("zon", target), now=clock.now(), real_now=clock.real_now(), rng=_RNG)


@shared_task(name="dispatch.forget_decisions", acks_late=True, ignore_result=True)
def forget_decisions(**_later: Any) -> None:
    """Drop recorded rounds and decision records that are past their time. Safe to run twice."""
    now = clock.now()
    services.forget_rounds(before=now - timedelta(days=settings.FLEETSYNC_ROUND_DAYS))
    services.forget_decisions(before=now - timedelta(days=DECISIONS_KEPT_DAYS))


@shared_task(name="dispatch.forget_messages", acks_late=True, ignore_result=True)
def forget_messages(**_later: Any) -> None:
    """Drop old messages to drivers. Safe to run twice."""
    services.forget_messages(before=clock.now() - timedelta(days=MESSAGES_KEPT_DAYS))


@shared_task(name="dispatch.learn_preparation", acks_late=True, ignore_result=True)
def learn_preparation(*, target: str, **_later: Any) -> None:
    """Learn a kitchen's preparation anew from its last orders. Safe to run twice."""
    kick_taken(services.LEARN, target)
    services.learn_preparation(restaurant_id=ids.decode("rst", target), now=clock.now())


@worker_init.connect
def warm_up(**_: Any) -> None:
    """Pay the first costs before the first order: the pool, the clock, a spatial query, the engine's child."""
    try:
        selectors.nearest_drivers(origin=Point(0.0, 0.0, srid=4326), radius_m=1.0, limit=1, now=clock.now())
        services.engine().warm()
    except (DatabaseError, EngineError) as error:
        log.warning("dispatch.worker.cold", extra={"error": f"{type(error).__name__}: {error}"})
    finally:
        connection.close()


@worker_shutdown.connect
@worker_process_shutdown.connect
def end_engine(**_: Any) -> None:
    """End the engine's child with its worker."""
    services.engine().close()
