"""Keeping what was decided: the round with all it depended on, for some days; why each driver, for longer."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dispatch.engine.client import Decision
from dispatch.engine.codec import Recording, encode
from dispatch.engine.version import engine_version, machine
from dispatch.models import DecisionRecord, RoundRecord
from dispatch.selectors.snapshot import Look
from dispatch.services.round_work import Applied, fallback_of


def decided_something(decision: Decision, done: Applied) -> bool:
    """Say whether a round changed anything for a driver or an order; else it leaves no trace."""
    return bool(done.offers or done.retries or done.skipped or decision.plan.resets)


def record_round(
    *, round_id: UUID, look: Look, decision: Decision, done: Applied, fence: int, now: datetime
) -> RoundRecord:
    """Keep a round as it was decided, by the strategy that answered. One INSERT."""
    recording = Recording(
        engine=engine_version(),
        machine=machine(),
        snapshot=replace(look.snapshot, travel=look.asked) if look.asked else look.snapshot,
        policy=replace(look.policy, strategy=decision.strategy),
        plan=decision.plan,
    )
    return RoundRecord.objects.create(
        pk=round_id,
        zone_id=look.zone_id,
        fence=fence,
        at=now,
        strategy=decision.strategy,
        fallback=fallback_of(decision),
        policy_version=look.policy_version,
        engine=recording.engine,
        machine=recording.machine[:120],
        travel=look.travel[:80],
        solve_ms=decision.solve_s * 1000,
        jobs=len(look.jobs),
        drivers=len(look.drivers),
        offers=done.offers,
        data=encode(recording),
    )


def forget_rounds(*, before: datetime) -> int:
    """Drop recorded rounds older than this; return how many."""
    return RoundRecord.objects.filter(at__lt=before).delete()[0]


def forget_decisions(*, before: datetime) -> int:
    """Drop decision records older than this; return how many."""
    return DecisionRecord.objects.filter(at__lt=before).delete()[0]
