"""What is due next, for the relay's timers. Each is one look at a partial index."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Min, QuerySet

from dispatch.models import DispatchJob, DriverSession, Offer, Round
from dispatch.states import OfferStatus

_NEXT_TICK: Final = """
    SELECT min(r.next_tick_at) FROM dispatch_round r
    WHERE EXISTS (SELECT 1 FROM dispatch_dispatchjob j WHERE j.zone_id = r.zone_id AND j.searching)"""


def _earliest(rows: QuerySet[Any], column: str) -> datetime | None:
    moment: datetime | None = rows.aggregate(at=Min(column))["at"]
    return moment


def next_tick_at() -> datetime | None:
    """Return when the next round of a zone with searching deliveries is due."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_TICK)
        moment: datetime | None = cursor.fetchone()[0]
    return moment


def ticks(now: datetime) -> dict[UUID, Mapping[str, Any]]:
    """Return zones with searching deliveries whose tick is due, and their settings, by id."""
    due = Round.objects.filter(next_tick_at__lte=now, zone__jobs__searching=True).distinct().order_by("zone_id")
    return dict(due.values_list("zone_id", "zone__dispatch"))


def next_expiry_at() -> datetime | None:
    """Return when the next open offer expires."""
    return _earliest(Offer.objects.filter(status=OfferStatus.OPEN), "expires_at")


def next_ack_by() -> datetime | None:
    """Return until when, machine time, the next unconfirmed offer may be confirmed."""
    return _earliest(Offer.objects.filter(status=OfferStatus.OPEN, acked_at=None), "ack_by")


def next_search_end_at() -> datetime | None:
    """Return when the next search runs out."""
    return _earliest(DispatchJob.objects.filter(searching=True, search_until__isnull=False), "search_until")


def next_lease_end_at() -> datetime | None:
    """Return when the next silent driver's lease ends."""
    return _earliest(DriverSession.objects.filter(ended_at=None), "lease_until")


def expired_batches(now: datetime) -> list[UUID]:
    """Return batches with open offers whose time is over."""
    due = Offer.objects.filter(status=OfferStatus.OPEN, expires_at__lte=now)
    return list(due.order_by("batch_id").values_list("batch_id", flat=True).distinct())


def unseen_batches(real_now: datetime) -> list[UUID]:
    """Return batches with open offers that no phone confirmed in time."""
    due = Offer.objects.filter(status=OfferStatus.OPEN, acked_at=None, ack_by__lte=real_now)
    return list(due.order_by("batch_id").values_list("batch_id", flat=True).distinct())


def ended_searches(now: datetime) -> list[UUID]:
    """Return deliveries whose search has run out."""
    due = DispatchJob.objects.filter(searching=True, search_until__lte=now)
    return list(due.order_by("search_until", "pk").values_list("delivery_id", flat=True))


def silent_sessions(now: datetime) -> list[UUID]:
    """Return live sessions whose lease is over."""
    due = DriverSession.objects.filter(ended_at=None, lease_until__lte=now)
    return list(due.order_by("driver_id").values_list("pk", flat=True))
