"""Figures people look at: how it goes right now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q, QuerySet

from dispatch.models import Delivery, DriverSession, Round
from dispatch.states import ACTIVE, UNFINISHED, DeliveryStatus, SessionStatus

#: Figures of speed look back over so much business time.
RECENT = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of now; seconds and shares of the last two hours, None where nothing happened."""

    on_their_way: int
    searching: int
    drivers_online: int
    drivers_busy: int
    delivered: int
    assign_typical_s: float | None
    assign_slowest_s: float | None
    kept_percent: float | None
    last_round: Round | None = None


def figures(*, now: datetime, zone_id: UUID | None = None) -> Figures:
    """Return how it goes, in five queries; of one zone (with its last round, a sixth) or of all."""
    deliveries: QuerySet[Delivery] = Delivery.objects.all()
    sessions = DriverSession.objects.filter(ended_at=None)
    if zone_id is not None:
        deliveries, sessions = deliveries.filter(zone=zone_id), sessions.filter(zone=zone_id)
    open_now = list(deliveries.filter(status__in=sorted(UNFINISHED)).values_list("status", flat=True))
    online = list(sessions.exclude(status=SessionStatus.PAUSED).values_list("status", flat=True))
    recent = deliveries.filter(created_at__gte=now - RECENT, created_at__lte=now)
    assigned = sorted(
        (each - since).total_seconds() if each else 0.0
        for each, since in recent.filter(assigned_at__isnull=False).values_list("assigned_at", "created_at")
    )
    done = deliveries.filter(status=DeliveryStatus.DELIVERED, delivered_at__gte=now - RECENT)
    delivered, kept = done.count(), done.filter(Q(delivered_at__lte=F("promised_at"))).count()
    return Figures(
        on_their_way=sum(status in ACTIVE for status in open_now),
        searching=sum(status == DeliveryStatus.SEARCHING for status in open_now),
        drivers_online=len(online),
        drivers_busy=sum(status == SessionStatus.BUSY for status in online),
        delivered=delivered,
        assign_typical_s=assigned[len(assigned) // 2] if assigned else None,
        assign_slowest_s=assigned[min(len(assigned) - 1, int(len(assigned) * 0.95))] if assigned else None,
        kept_percent=100.0 * kept / delivered if delivered else None,
        last_round=Round.objects.filter(pk=zone_id).first() if zone_id is not None else None,
    )
