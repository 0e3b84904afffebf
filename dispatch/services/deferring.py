"""What a plan leaves for later: what is not due yet, and what is due and nobody can take."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from dispatch.engine import Reason, Waiting, radius_m, retry_after_s
from dispatch.events import DeliveryMovedZone, SearchRetried
from dispatch.models import Delivery, DispatchJob
from dispatch.selectors.snapshot import Look, OpenJob
from dispatch.services.facts import of_delivery
from dispatch.services.round_work import JobChange, Work, record_of
from dispatch.services.waking import ensure_round, kick_round
from fleetsync.core import ids

WORTH_WRITING_S: Final = 1.0  # a due moment that moved by less is the same
FOOD_MAY_WAIT_S: Final = 600.0  # for a driver of the zone who sets out later, while one next door has nothing to do


def _same(job: OpenJob) -> JobChange:
    return JobChange(
        job=job,
        due_at=job.due_at,
        first_due_at=job.first_due_at,
        search_until=job.search_until,
        attempt=job.attempt,
        radius_m=job.radius_m,
        next_attempt_at=job.next_attempt_at,
    )


def due_now(work: Work, job: OpenJob) -> JobChange:
    """Return the job as due: since it was planned to be, if that has passed, else since now."""
    new = _same(job)
    if new.first_due_at is None:
        new.first_due_at = job.due_at if job.due_at is not None and job.due_at <= work.now else work.now
    new.due_at = new.due_at if new.due_at is not None and new.due_at <= work.now else work.now
    if new.search_until is None:
        new.search_until = new.first_due_at + timedelta(seconds=work.look.conf.search_limit_s)
    return new


def put_off(work: Work) -> None:
    """Note when what can wait is due. Waiting for that is no attempt, and no search that runs out."""
    for name, waiting in work.decision.plan.waiting.items():
        job = work.look.jobs.get(name)
        if job is None or waiting.driver is None:  # `nearest` waits for its next attempt
            continue
        due_at = datetime.fromtimestamp(waiting.due_s, UTC)
        if due_at <= work.now:
            continue
        new = _same(job)
        moved = job.due_at is None or abs((job.due_at - due_at).total_seconds()) > WORTH_WRITING_S
        if moved or job.search_until is not None:
            new.due_at, new.first_due_at, new.search_until = due_at, None, None
            work.jobs[job.delivery_id] = new


def due_and_unplaced(look: Look, unplaced: Any, now: datetime) -> list[OpenJob]:
    """Return jobs that nobody can take, that should be under way, and whose pause is over."""
    found = []
    for name, reason in unplaced.items():
        job = look.jobs.get(name)
        if job is None or reason is Reason.ON_HOLD or job.next_attempt_at > now:
            continue
        if look.policy.strategy == "nearest" or job.ready_at - _head_start(look) <= now:
            found.append(job)
    return found


def due_and_late(look: Look, waiting: Mapping[str, Waiting], now: datetime) -> list[OpenJob]:
    """Return jobs whose driver of this zone would only set out when their food has long been ready.

    A job in its pause is none of them: it has just come back from a zone that could not help.
    """
    late = [
        look.jobs[name]
        for name, plan in waiting.items()
        if name in look.jobs and plan.due_s > look.jobs[name].ready_at.timestamp() + FOOD_MAY_WAIT_S
    ]
    return [job for job in late if job.next_attempt_at <= now and job.ready_at - _head_start(look) <= now]


def _head_start(look: Look) -> timedelta:
    """Return how long before the food is ready somebody from the edge of the widest search must leave."""
    travel = look.snapshot.travel
    pace = getattr(travel, "factor", 1.3) / getattr(travel, "speed_mps", 6.0)
    return timedelta(seconds=look.conf.half_pickup_s + radius_m(3) * pace)


def back_off(work: Work, retried: set[UUID], abroad: dict[UUID, UUID], rng: Random) -> None:
    """Let what is due and nobody can take pause a little, look farther next time, or go to a neighbour."""
    freed_at = _freed_at(work)
    for delivery_id in sorted(retried):
        delivery, job = work.deliveries.get(delivery_id), work.look.jobs[str(delivery_id)]
        if delivery is None:
            work.done.skipped += 1
            continue
        new = _paused(work, job, freed_at, rng)
        work.jobs[delivery_id] = new
        work.done.retries += 1
        work.records.append(record_of(work, delivery_id, None, {}))
        work.emit(
            SearchRetried(
                **of_delivery(delivery),
                attempt=new.attempt,
                radius_m=new.radius_m,
                next_attempt_at=new.next_attempt_at,
            )
        )
        if zone_id := abroad.get(delivery_id):
            _hand_over(work, delivery, zone_id)


def _freed_at(work: Work) -> datetime | None:
    """Return when the next driver is free who holds nothing any more, if there is one."""
    free = [driver.free_at for driver in work.look.drivers.values() if driver.load == 0]
    return min((at for at in free if at > work.now), default=None)


def _paused(work: Work, job: OpenJob, freed_at: datetime | None, rng: Random) -> JobChange:
    """Return the job after one more attempt in vain: it pauses, at most until `freed_at`, and looks farther then.

    Half of the pause is certain and half by chance, so that pauses grow and bursts spread.
    """
    conf = work.look.conf
    certain = min(conf.retry_cap_s, conf.retry_base_s * 2.0 ** min(job.attempt, 32)) / 2
    pause = certain + retry_after_s(job.attempt, base_s=conf.retry_base_s / 2, cap_s=conf.retry_cap_s / 2, rng=rng)
    new = due_now(work, job)
    new.attempt = job.attempt + 1
    new.radius_m = round(radius_m(new.attempt))
    new.next_attempt_at = work.now + timedelta(seconds=pause)
    if freed_at is not None:
        new.next_attempt_at = min(new.next_attempt_at, freed_at)
    return new


def hand_over(work: Work, late: Mapping[UUID, UUID], rng: Random) -> None:
    """Give each of these searches to its zone, whose next round takes it up."""
    freed_at = _freed_at(work)
    for delivery_id, zone_id in sorted(late.items()):
        delivery, job = work.deliveries.get(delivery_id), work.look.jobs[str(delivery_id)]
        if delivery is None:
            work.done.skipped += 1
            continue
        work.jobs[delivery_id] = (
            due_now(work, job) if _is_at_home(work, delivery) else _paused(work, job, freed_at, rng)
        )
        _hand_over(work, delivery, zone_id)


def _is_at_home(work: Work, delivery: Delivery) -> bool:
    """Say whether no zone has handed this search on yet, or it has come back to where it began."""
    return delivery.zone_id == work.look.zone_id


def _hand_over(work: Work, delivery: Delivery, zone_id: UUID) -> None:
    """Move the search. From home it is looked at at once; handed on, it keeps its pause.

    Else two zones that each believe in the other's driver would hand it to and fro, a kick
    and two records each time, as fast as the machine can.
    """
    if _is_at_home(work, delivery):
        work.jobs[delivery.pk].next_attempt_at = work.now
    DispatchJob.objects.filter(delivery=delivery, searching=True).update(zone_id=zone_id)
    ensure_round(zone_id=zone_id, now=work.now)
    facts = of_delivery(delivery)
    old, facts["zone_id"] = ids.public("zone_id", work.look.zone_id), zone_id
    work.emit(DeliveryMovedZone(**facts, from_zone_id_text=old))
    kick_round(zone_id=zone_id, now=work.now)
