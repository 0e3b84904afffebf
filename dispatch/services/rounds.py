"""One run of matching per zone at a time: a lease with a fence, and `again` for what changed meanwhile."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any, Final
from uuid import UUID

from django.db import connection

from dispatch.conf import ENGINE_TIMEOUT_S, LATE_TICKS, OFFER_WAY_S, ROUND_LEASE_S, TICK_FLOOR_S, DispatchConf, conf_of
from dispatch.engine.client import Decision, EngineProcess, decide_with_fallback
from dispatch.engine.policy import BOUNDS, Policy
from dispatch.models import Round
from dispatch.selectors.policies import policy_in_force
from dispatch.selectors.snapshot import Look, look_at_zone
from dispatch.services.applying import StaleRound, apply_plan
from dispatch.services.recording import decided_something, record_round
from dispatch.services.waking import TASK, target_of
from fleetsync.core import clock, ids
from fleetsync.core.queue import kick, kick_taken
from fleetsync.core.travel import provider
from restaurants.models import Zone

log = logging.getLogger(__name__)

_TAKE: Final = """
    UPDATE dispatch_round SET lease_until = %(until)s, fence = fence + 1, again = false
    WHERE zone_id = %(zone)s AND (lease_until IS NULL OR lease_until < %(real_now)s)
    RETURNING fence, memo, ran_at"""
_ASK_AGAIN: Final = """
    UPDATE dispatch_round SET again = true WHERE zone_id = %(zone)s AND lease_until >= %(real_now)s"""
_RELEASE: Final = """
    UPDATE dispatch_round SET lease_until = NULL, ran_at = %(now)s
    WHERE zone_id = %(zone)s AND fence = %(fence)s RETURNING again"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to decide for a zone."""

    fence: int
    memo: bytes | None
    ran_at: datetime | None


@lru_cache(maxsize=1)
def engine() -> EngineProcess:
    """Return this process's engine child; it starts at the first decision, or by `warm`."""
    return EngineProcess()


def run_round(*, zone_id: UUID, now: datetime, real_now: datetime, rng: Random) -> bool:
    """Look, decide, write; say whether the zone wants another round at once.

    Safe to run twice: the lease lets one in, who finds it taken leaves word and goes. The
    kick is taken before the zone is read, so that whatever changes later sends a new one.
    """
    kick_taken(TASK, target_of(zone_id))
    zone = Zone.objects.filter(pk=zone_id).values("dispatch", "present_delay_s").first()
    lease = _take(zone_id, real_now) if zone else None
    if zone is None or lease is None:
        return False
    try:
        _decide(zone_id, conf_of(zone["dispatch"]), zone["present_delay_s"], lease, now, real_now, rng)
    except StaleRound:
        log.warning("dispatch.round.fenced_off", extra={"zone_id": str(zone_id), "fence": lease.fence})
        return False
    finally:
        again = _release(zone_id, lease, now)
    return again


def run_rounds(*, zone_id: UUID, now: datetime, real_now: datetime, rng: Random) -> None:
    """Run a zone's round; one that wants another is kicked, so that other zones get their turn."""
    if run_round(zone_id=zone_id, now=now, real_now=real_now, rng=rng):
        kick(TASK, target_of(zone_id))


def tick_zone(*, zone_id: UUID, settings: Mapping[str, Any], now: datetime, real_now: datetime, rng: Random) -> bool:
    """Kick the round of a zone whose tick is due; without Redis run it here. Say whether it was due still."""
    tick = clock.at_least(conf_of(settings).tick_s, TICK_FLOOR_S)
    if not Round.objects.filter(zone_id=zone_id, next_tick_at__lte=now).update(next_tick_at=now + tick):
        return False
    if not kick(TASK, target_of(zone_id)):
        run_round(zone_id=zone_id, now=now, real_now=real_now, rng=rng)
    return True


def _decide(
    zone_id: UUID,
    conf: DispatchConf,
    delay_s: float,
    lease: Lease,
    now: datetime,
    real_now: datetime,
    rng: Random,
) -> None:
    started = time.perf_counter()
    in_force = policy_in_force(zone_id=zone_id)
    look = look_at_zone(
        zone_id=zone_id,
        conf=conf,
        travel=provider(),
        now=now,
        period=_period(conf, lease, now),
        memo=lease.memo,
        policy=in_time(in_force.policy),
        policy_version=in_force.version,
    )
    if not look.jobs:
        # nobody is decided for by a simpler strategy where there is nothing to decide
        Round.objects.filter(zone_id=zone_id).exclude(fallback="").update(fallback="")
        return
    looked = time.perf_counter()
    decision = answer = decide_with_fallback(engine(), look.snapshot, look.policy, timeout_s=ENGINE_TIMEOUT_S)
    if decision.fell_back:
        decision = _patient(look, answer)
        # what waiting for the engine took is not taken from the offers' lives
        now += timedelta(seconds=(time.perf_counter() - started) * clock.scale())
    solved = time.perf_counter()
    round_id = ids.uuid7()
    done = apply_plan(
        look=look,
        decision=decision,
        fence=lease.fence,
        delay_s=delay_s,
        now=now,
        real_now=real_now,
        rng=rng,
        round_id=round_id,
    )
    applied = time.perf_counter()
    if decided_something(decision, done):  # after the offers are out: keeping it delays nobody
        record_round(round_id=round_id, look=look, decision=answer, done=done, fence=lease.fence, now=now)
    log.log(
        logging.INFO if done.offers or done.retries or done.skipped else logging.DEBUG,
        "dispatch.round.done",
        extra={
            "zone_id": str(zone_id),
            "jobs": len(look.jobs),
            "drivers": len(look.drivers),
            "offers": done.offers,
            "retries": done.retries,
            "skipped": done.skipped,
            "strategy": decision.strategy,
            "look_ms": round((looked - started) * 1000, 1),
            "solve_ms": round(decision.solve_s * 1000, 1),
            "apply_ms": round((applied - solved) * 1000, 1),
            "record_ms": round((time.perf_counter() - applied) * 1000, 1),
        },
    )


def _period(conf: DispatchConf, lease: Lease, now: datetime) -> timedelta:
    """Return when to expect the next round: a tick, or as long as the last one took to come.

    A busy machine, or a fast clock, makes rounds rarer than the tick; what cannot wait for
    the next one must go out with this one.
    """
    tick = clock.at_least(conf.tick_s, TICK_FLOOR_S)
    return min(max(tick, now - (lease.ran_at or now)), tick * LATE_TICKS)


def in_time(policy: Policy) -> Policy:
    """Return the policy with offers leaving early by the time they are under way."""
    lead_s = clock.at_least(policy.lead_s, OFFER_WAY_S).total_seconds()
    return replace(policy, lead_s=min(lead_s, BOUNDS["lead_s"][1]))


def _patient(look: Look, decision: Decision) -> Decision:
    """Say why a simpler strategy decided, and keep it from sending drivers before the food is due.

    `nearest` offers at once; in a zone that waits on purpose that would spend every driver
    in the seconds in which the engine starts anew.
    """
    for strategy, what in decision.failures:
        fields = {"zone_id": str(look.zone_id), "strategy": strategy, "failure": what}
        log.warning("dispatch.engine.fell_back", extra=fields)
    if decision.strategy != "nearest":
        return decision
    snapshot, ready_s = look.snapshot, {job.id: job.ready_s for job in look.snapshot.jobs}
    latest_s = snapshot.now_s + snapshot.period_s + look.policy.lead_s + snapshot.half_pickup_s
    due = tuple(
        proposal
        for proposal in decision.plan.proposals
        if ready_s[proposal.jobs[0]] < latest_s + proposal.score["travel_s"]
    )
    return replace(decision, plan=replace(decision.plan, proposals=due))


def _take(zone_id: UUID, real_now: datetime) -> Lease | None:
    """Take the zone's lease, or leave word with its holder. A zone without a round has nothing to decide."""
    fields: dict[str, Any] = {
        "zone": zone_id,
        "real_now": real_now,
        "until": real_now + timedelta(seconds=ROUND_LEASE_S),
    }
    for _ in range(3):  # the holder may let go between the two statements
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, fields)
            row = cursor.fetchone()
            if row is not None:
                return Lease(fence=row[0], memo=bytes(row[1]) if row[1] is not None else None, ran_at=row[2])
            cursor.execute(_ASK_AGAIN, fields)
            if cursor.rowcount:
                return None
    return None


def _release(zone_id: UUID, lease: Lease, now: datetime) -> bool:
    """Give the lease back; say whether somebody asked for another round meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"zone": zone_id, "fence": lease.fence, "now": now})
        row = cursor.fetchone()
    return bool(row and row[0])
