"""Celery only wakes: which zone, not what; when to try again stands on the job's row."""

import random
from typing import Any, Final
from uuid import UUID

from celery import shared_task

from dispatch import services
from fleetsync.core import clock, ids

_RNG: Final = random.Random()  # noqa: S311  # spreads retries, guards nothing


@shared_task(name="dispatch.run_round", acks_late=True, ignore_result=True)
def run_round(*, target: str, **_later: Any) -> None:
    """Run one zone's round. Safe to run twice: the zone's lease lets one in."""
    zone_id: UUID = ids.decode("zon", target)
    services.run_rounds(zone_id=zone_id, now=clock.now(), real_now=clock.real_now(), rng=_RNG)
