"""What one transaction of a round gathers before it writes."""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from dispatch.engine.client import Decision
from dispatch.models import DecisionRecord, Delivery
from dispatch.selectors.snapshot import Look, OpenJob
from fleetsync.core import ids
from fleetsync.core.events import Emit

FALLBACK_LENGTH: Final = 120  # of the column


@dataclass(slots=True, kw_only=True)
class Applied:
    """What became of a plan."""

    offers: int = 0
    retries: int = 0
    skipped: int = 0


@dataclass(slots=True, kw_only=True)
class JobChange:
    """The new values of a job row."""

    job: OpenJob
    due_at: datetime | None
    first_due_at: datetime | None
    search_until: datetime | None
    attempt: int
    radius_m: int
    next_attempt_at: datetime


@dataclass(slots=True, kw_only=True)
class Work:
    """What one transaction gathers before it writes."""

    look: Look
    decision: Decision
    fence: int
    round_id: UUID | None
    now: datetime
    real_now: datetime
    emit: Emit
    deliveries: dict[UUID, Delivery]
    jobs: dict[UUID, JobChange] = field(default_factory=dict)
    records: list[DecisionRecord] = field(default_factory=list)
    done: Applied = field(default_factory=Applied)


def record_of(work: Work, delivery_id: UUID, driver_id: UUID | None, score: dict[str, float]) -> DecisionRecord:
    """Return why: who was asked, the parts of the cost, and who was near and left out."""
    plan = work.decision.plan
    return DecisionRecord(
        delivery_id=delivery_id,
        zone_id=work.look.zone_id,
        fence=work.fence,
        at=work.now,
        strategy=work.decision.strategy,
        fallback=fallback_of(work.decision),
        solve_ms=work.decision.solve_s * 1000,
        driver_id=driver_id,
        score={name: round(value, 1) for name, value in score.items()},
        exclusions=[
            {
                "driver_id": ids.public("driver_id", UUID(each.driver)),
                "reason": each.reason.value,
                "value": round(each.value, 1),
            }
            for each in plan.exclusions.get(str(delivery_id), ())
        ],
        conf=fingerprint(work.look),
        policy_version=work.look.policy_version,
        round_id=work.round_id,
    )


def fallback_of(decision: Decision) -> str:
    """Return why a simpler strategy decided, as rounds and records keep it; empty: none did."""
    return "; ".join(f"{strategy}: {what}" for strategy, what in decision.failures)[:FALLBACK_LENGTH]


def fingerprint(look: Look) -> str:
    """Return twelve letters that stand for the zone's settings."""
    text = orjson.dumps(asdict(look.conf), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:12]
