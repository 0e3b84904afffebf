"""Waking the rounds of a zone."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from dispatch.models import Round
from fleetsync.core import ids
from fleetsync.core.queue import kick

TASK: Final = "dispatch.run_round"
_WAKE: Final = """
    UPDATE dispatch_dispatchjob SET next_attempt_at = %(now)s
    WHERE zone_id = %(zone)s AND searching AND next_attempt_at > %(now)s"""


def target_of(zone_id: UUID) -> str:
    """Return how a zone is named in kicks."""
    return ids.encode("zon", zone_id)


def kick_round(*, zone_id: UUID, now: datetime) -> None:
    """Let the zone's round run as soon as this has committed; without Redis, at the relay's next look."""

    def send() -> None:
        if not kick(TASK, target_of(zone_id)):
            Round.objects.filter(zone_id=zone_id, next_tick_at__gt=now).update(next_tick_at=now)

    transaction.on_commit(send, robust=True)


def wake_zone(*, zone_id: UUID, now: datetime) -> None:
    """Make all waiting jobs of a zone due: somebody came online or became free. May run twice.

    Locks the round before its jobs, as `apply_plan` does; a round that is deciding now is
    told to run once more and not to put these jobs off.
    """
    with transaction.atomic():
        Round.objects.filter(zone_id=zone_id, lease_until__isnull=False).update(again=True)
        with connection.cursor() as cursor:
            cursor.execute(_WAKE, {"zone": zone_id, "now": now})
        kick_round(zone_id=zone_id, now=now)


def ensure_round(*, zone_id: UUID, now: datetime) -> None:
    """Create the zone's round row if it has none."""
    if not Round.objects.filter(zone_id=zone_id).exists():
        Round.objects.bulk_create([Round(zone_id=zone_id, next_tick_at=now)], ignore_conflicts=True)
