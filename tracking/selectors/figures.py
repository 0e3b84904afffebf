"""Figures people look at: how it goes right now, and how it went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from dispatch.models import Delivery, DriverSession, Round, RoundRecord
from dispatch.states import ACTIVE, UNFINISHED, SessionStatus

#: Figures of speed look back over so much business time.
RECENT = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How two hours went; None where nothing happened."""

    delivered: int
    kept_percent: float | None
    assign_typical_s: float | None
    """From due to be offered, not from the click: who would only wait at the counter is not asked yet."""
    assign_slowest_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of now, and the pace of the last two hours."""

    on_their_way: int
    searching: int
    drivers_online: int
    drivers_busy: int
    pace: Pace


def figures(*, now: datetime) -> Figures:
    """Return how it goes on the whole platform, in five queries."""
    open_now = list(Delivery.objects.filter(status__in=sorted(UNFINISHED)).values_list("status", flat=True))
    sessions = DriverSession.objects.filter(ended_at=None).exclude(status=SessionStatus.PAUSED)
    online = list(sessions.values_list("status", flat=True))
    return Figures(
        on_their_way=sum(status in ACTIVE for status in open_now),
        searching=sum(status == "SEARCHING" for status in open_now),
        drivers_online=len(online),
        drivers_busy=sum(status == SessionStatus.BUSY for status in online),
        pace=pace(until=now),
    )


def pace(*, until: datetime, zone_id: UUID | None = None) -> Pace:
    """Return how the two hours before `until` went, in three queries; of one zone or of all."""
    deliveries: QuerySet[Delivery] = Delivery.objects.all()
    if zone_id is not None:
        deliveries = deliveries.filter(zone=zone_id)
    recent = deliveries.filter(created_at__gte=until - RECENT, created_at__lte=until, assigned_at__lte=until)
    due = Greatest("created_at", Coalesce("job__first_due_at", "created_at"))
    waits = recent.annotate(due=due).values_list("assigned_at", "due")
    assigned = sorted(max(0.0, (at - due).total_seconds()) for at, due in waits if at)
    done = deliveries.filter(delivered_at__gte=until - RECENT, delivered_at__lte=until)
    delivered, kept = done.count(), done.filter(Q(delivered_at__lte=F("promised_at"))).count()
    return Pace(
        delivered=delivered,
        kept_percent=100.0 * kept / delivered if delivered else None,
        assign_typical_s=assigned[len(assigned) // 2] if assigned else None,
        assign_slowest_s=assigned[min(len(assigned) - 1, int(len(assigned) * 0.95))] if assigned else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRound:
    """A run of the matching; `solve_ms` is real time."""

    ran_at: datetime | None
    strategy: str
    fallback: str
    solve_ms: float


def last_round(*, zone_id: UUID, until: datetime | None = None) -> LastRound | None:
    """Return the zone's last round, or the last recorded one before `until`: those that decided something."""
    row: Round | RoundRecord | None
    if until is None:
        row = Round.objects.filter(pk=zone_id).first()
    else:
        row = RoundRecord.objects.defer("data").filter(zone=zone_id, at__lte=until).order_by("-at").first()
    if row is None:
        return None
    at = row.at if isinstance(row, RoundRecord) else row.ran_at
    return LastRound(ran_at=at, strategy=row.strategy, fallback=row.fallback, solve_ms=row.solve_ms)
