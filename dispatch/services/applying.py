"""Writing a plan: one short transaction that takes only what still is as the round saw it."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import Q

from dispatch.conf import ACK_WITHIN_S
from dispatch.engine import Proposal, Reason, radius_m, retry_after_s
from dispatch.engine.client import Decision
from dispatch.events import DeliveryMovedZone, OfferMade, SearchRetried
from dispatch.models import DecisionRecord, Delivery, DispatchJob, DriverSession, Offer, Round
from dispatch.selectors.nearest import nearest_drivers
from dispatch.selectors.snapshot import Look, OpenJob
from dispatch.services.facts import of_delivery, of_offer
from dispatch.services.waking import ensure_round, kick_round
from dispatch.states import DeliveryStatus, OfferStatus, SessionStatus
from fleetsync.core import clock, ids
from fleetsync.core.events import Emit, change
from fleetsync.core.geo import distance_m
from restaurants.models import Zone

log = logging.getLogger(__name__)

_FENCE: Final = """
    UPDATE dispatch_round
    SET strategy = %(strategy)s, fallback = %(fallback)s, solve_ms = %(solve_ms)s, memo = %(memo)s
    WHERE zone_id = %(zone)s AND fence = %(fence)s AND lease_until IS NOT NULL RETURNING again"""
_JOBS: Final = """
    UPDATE dispatch_dispatchjob AS job
    SET due_at = new.due_at, first_due_at = new.first_due_at, search_until = new.search_until,
        attempt = new.attempt, radius_m = new.radius_m, next_attempt_at = new.next_attempt_at
    FROM unnest(%(id)s::uuid[], %(due_at)s::timestamptz[], %(first_due_at)s::timestamptz[],
                %(search_until)s::timestamptz[], %(attempt)s::int[], %(radius_m)s::int[],
                %(next_attempt_at)s::timestamptz[])
        AS new (id, due_at, first_due_at, search_until, attempt, radius_m, next_attempt_at)
    WHERE job.id = new.id AND job.searching"""
WORTH_WRITING_S: Final = 1.0  # a due moment that moved by less is the same
DELAY_STEP_S: Final = 15.0  # the zone's delay is written when it moved by more
DELAY_MEMORY: Final = 0.8  # share of the old value that each round keeps
NEIGHBOURS_A_ROUND: Final = 8


class StaleRound(Exception):
    """Another worker has taken the zone since: this round writes nothing."""


@dataclass(slots=True, kw_only=True)
class Applied:
    """What became of a plan."""

    offers: int = 0
    retries: int = 0
    skipped: int = 0


@dataclass(slots=True, kw_only=True)
class _Job:
    """The new values of a job row."""

    job: OpenJob
    due_at: datetime | None
    first_due_at: datetime | None
    search_until: datetime | None
    attempt: int
    radius_m: int
    next_attempt_at: datetime


@dataclass(slots=True, kw_only=True)
class _Work:
    """What one transaction gathers before it writes."""

    look: Look
    decision: Decision
    fence: int
    now: datetime
    real_now: datetime
    emit: Emit
    deliveries: dict[UUID, Delivery]
    jobs: dict[UUID, _Job] = field(default_factory=dict)
    records: list[DecisionRecord] = field(default_factory=list)
    done: Applied = field(default_factory=Applied)


def apply_plan(
    *,
    look: Look,
    decision: Decision,
    fence: int,
    delay_s: float,
    now: datetime,
    real_now: datetime,
    rng: Random,
) -> Applied:
    """Make the plan's offers, put off what is not due, back off where nobody can.

    Each trip is taken by conditional writes: one whose delivery, driver or offer changed
    since the round looked is skipped, and the round runs again. Locks the round, then
    deliveries, then sessions, each by id.

    Raises:
        StaleRound: the fence has moved on.
    """
    plan = decision.plan
    abroad = _neighbours(look, plan.unplaced, now)
    with change(now=now, actor="round") as emit:
        woken = _hold_fence(look, decision, fence)
        touched = {UUID(job) for proposal in plan.proposals for job in proposal.jobs}
        retried = {job.delivery_id for job in _due_and_unplaced(look, plan.unplaced, now)}
        work = _Work(
            look=look,
            decision=decision,
            fence=fence,
            now=now,
            real_now=real_now,
            emit=emit,
            deliveries=_lock(touched | retried),
        )
        _offer(work, plan.proposals)
        _put_off(work)
        if not woken:
            _back_off(work, retried, abroad, rng)
        _write_jobs(work.jobs.values())
        DecisionRecord.objects.bulk_create(work.records)
        _tell_round(work)
        _tell_delay(work, delay_s)
    return work.done


def _hold_fence(look: Look, decision: Decision, fence: int) -> bool:
    """Lock the round as its holder; say whether somebody asked for another one since it looked."""
    failures = "; ".join(f"{strategy}: {what}" for strategy, what in decision.failures)
    with connection.cursor() as cursor:
        cursor.execute(
            _FENCE,
            {
                "zone": look.zone_id,
                "fence": fence,
                "strategy": decision.strategy,
                "fallback": failures[:120],
                "solve_ms": decision.solve_s * 1000,
                "memo": decision.plan.memo,
            },
        )
        row = cursor.fetchone()
    if row is None:
        raise StaleRound
    return bool(row[0])


def _lock(delivery_ids: Iterable[UUID]) -> dict[UUID, Delivery]:
    """Lock those that still search, by id; without their points, which nobody needs here."""
    rows = (
        Delivery.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(delivery_ids), status=DeliveryStatus.SEARCHING, held=False)
        .only("id", "order_id", "restaurant_id", "zone_id", "status", "held")
        .order_by("pk")
    )
    return {row.pk: row for row in rows}


# --- offers --------------------------------------------------------------------


def _offer(work: _Work, proposals: tuple[Proposal, ...]) -> None:
    """Make the offers of all trips whose deliveries and driver are still as the round saw them."""
    if not proposals:
        return
    look = work.look
    drivers = [look.drivers[proposal.driver] for proposal in proposals]
    sessions = {
        session.pk: session
        for session in DriverSession.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=[driver.session_id for driver in drivers], ended_at=None)
        .exclude(status=SessionStatus.PAUSED)
        .order_by("pk")
    }
    asked_drivers, asked_deliveries = _open_offers(work, [driver.driver_id for driver in drivers])
    offers: list[Offer] = []
    for proposal, driver in zip(proposals, drivers, strict=True):
        session = sessions.get(driver.session_id)
        rows = [work.deliveries.get(UUID(job)) for job in proposal.jobs]
        deliveries = [row for row in rows if row is not None]
        free = not any(row.pk in asked_deliveries for row in deliveries) or proposal.parallel
        if session is None or len(deliveries) < len(rows) or driver.driver_id in asked_drivers or not free:
            work.done.skipped += 1
            continue
        if session.load + len(deliveries) > session.capacity:
            continue
        asked_drivers.add(driver.driver_id)
        offers.extend(_make_offers(work, proposal, session, deliveries))
        if not proposal.parallel:
            asked_deliveries.update(row.pk for row in deliveries)
    Offer.objects.bulk_create(offers)
    for offer in offers:
        work.emit(
            OfferMade(
                **of_offer(offer, work.deliveries[offer.delivery_id]),
                batch_id=offer.batch_id,
                expires_at=offer.expires_at,
                due_at=offer.due_at,
                pickup_eta_at=offer.pickup_eta_at,
                pay_minor=offer.pay_minor,
            )
        )
    work.done.offers = len(offers)


def _open_offers(work: _Work, driver_ids: list[UUID]) -> tuple[set[UUID], set[UUID]]:
    """Return drivers and deliveries with an open offer, as of now: their rows are locked."""
    ours = Q(driver_id__in=driver_ids) | Q(delivery_id__in=list(work.deliveries))
    rows = list(Offer.objects.filter(ours, status=OfferStatus.OPEN).values_list("driver_id", "delivery_id"))
    return {driver for driver, _ in rows}, {delivery for _, delivery in rows}


def _make_offers(
    work: _Work, proposal: Proposal, session: DriverSession, deliveries: list[Delivery]
) -> Iterable[Offer]:
    look, now = work.look, work.now
    driver = look.drivers[proposal.driver]
    batch_id = ids.uuid7()
    pickup_at = datetime.fromtimestamp(proposal.pickup_eta_s, UTC)
    expires_at = now + clock.at_least(look.conf.offer_life_s, settings.FLEETSYNC_OFFER_FLOOR_S)
    for sequence, (delivery, door_s) in enumerate(zip(deliveries, proposal.dropoff_eta_s, strict=True)):
        job = look.jobs[str(delivery.pk)]
        fresh = _due_now(work, job)
        work.jobs[delivery.pk] = fresh
        way_m = distance_m(job.pickup, job.dropoff)
        work.records.append(_record(work, delivery.pk, driver.driver_id, dict(proposal.score)))
        yield Offer(
            delivery_id=delivery.pk,
            driver_id=driver.driver_id,
            session_id=session.pk,
            batch_id=batch_id,
            drop_sequence=sequence,
            distance_m=round(distance_m(driver.position, job.pickup)),
            pickup_eta_at=pickup_at,
            dropoff_eta_at=datetime.fromtimestamp(door_s, UTC),
            pay_minor=look.conf.pay_base_minor + round(look.conf.pay_per_km_minor * way_m / 1000),
            due_at=fresh.first_due_at,
            offered_at=now,
            expires_at=expires_at,
            ack_by=work.real_now + timedelta(seconds=ACK_WITHIN_S),
        )


def _record(work: _Work, delivery_id: UUID, driver_id: UUID | None, score: dict[str, float]) -> DecisionRecord:
    """Return why: who was asked, the parts of the cost, and who was near and left out."""
    plan = work.decision.plan
    failures = "; ".join(f"{strategy}: {what}" for strategy, what in work.decision.failures)
    return DecisionRecord(
        delivery_id=delivery_id,
        zone_id=work.look.zone_id,
        fence=work.fence,
        at=work.now,
        strategy=work.decision.strategy,
        fallback=failures[:120],
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
    )


def fingerprint(look: Look) -> str:
    """Return twelve letters that stand for the zone's settings."""
    text = orjson.dumps(asdict(look.conf), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:12]


# --- what waits ------------------------------------------------------------------


def _same(job: OpenJob) -> _Job:
    return _Job(
        job=job,
        due_at=job.due_at,
        first_due_at=job.first_due_at,
        search_until=job.search_until,
        attempt=job.attempt,
        radius_m=job.radius_m,
        next_attempt_at=job.next_attempt_at,
    )


def _due_now(work: _Work, job: OpenJob) -> _Job:
    """Return the job as due: since it was planned to be, if that has passed, else since now."""
    new = _same(job)
    if new.first_due_at is None:
        new.first_due_at = job.due_at if job.due_at is not None and job.due_at <= work.now else work.now
    new.due_at = new.due_at if new.due_at is not None and new.due_at <= work.now else work.now
    if new.search_until is None:
        new.search_until = new.first_due_at + timedelta(seconds=work.look.conf.search_limit_s)
    return new


def _put_off(work: _Work) -> None:
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


def _due_and_unplaced(look: Look, unplaced: Any, now: datetime) -> list[OpenJob]:
    """Return jobs that nobody can take, that should be under way, and whose pause is over."""
    found = []
    for name, reason in unplaced.items():
        job = look.jobs.get(name)
        if job is None or reason is Reason.ON_HOLD or job.next_attempt_at > now:
            continue
        if look.conf.strategy == "nearest" or job.ready_at - _head_start(look) <= now:
            found.append(job)
    return found


def _head_start(look: Look) -> timedelta:
    """Return how long before the food is ready somebody from the edge of the widest search must leave."""
    travel = look.snapshot.travel
    pace = getattr(travel, "factor", 1.3) / getattr(travel, "speed_mps", 6.0)
    return timedelta(seconds=look.conf.half_pickup_s + radius_m(3) * pace)


def _back_off(work: _Work, retried: set[UUID], abroad: dict[UUID, UUID], rng: Random) -> None:
    """Let what is due and nobody can take pause a little, look farther next time, or go to a neighbour.

    Half of the pause is certain and half by chance, so that pauses grow and bursts spread.
    """
    conf, now = work.look.conf, work.now
    freed = [driver.free_at for driver in work.look.drivers.values() if driver.load == 0 and driver.free_at > now]
    for delivery_id in sorted(retried):
        delivery, job = work.deliveries.get(delivery_id), work.look.jobs[str(delivery_id)]
        if delivery is None:
            work.done.skipped += 1
            continue
        certain = min(conf.retry_cap_s, conf.retry_base_s * 2.0 ** min(job.attempt, 32)) / 2
        pause = certain + retry_after_s(job.attempt, base_s=conf.retry_base_s / 2, cap_s=conf.retry_cap_s / 2, rng=rng)
        new = _due_now(work, job)
        new.attempt = job.attempt + 1
        new.radius_m = round(radius_m(new.attempt))
        new.next_attempt_at = min([now + timedelta(seconds=pause), *freed])
        work.jobs[delivery_id] = new
        work.done.retries += 1
        work.records.append(_record(work, delivery_id, None, {}))
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


def _hand_over(work: _Work, delivery: Delivery, zone_id: UUID) -> None:
    work.jobs[delivery.pk].next_attempt_at = work.now
    DispatchJob.objects.filter(delivery=delivery, searching=True).update(zone_id=zone_id)
    ensure_round(zone_id=zone_id, now=work.now)
    facts = of_delivery(delivery)
    old, facts["zone_id"] = ids.public("zone_id", work.look.zone_id), zone_id
    work.emit(DeliveryMovedZone(**facts, from_zone_id_text=old))
    kick_round(zone_id=zone_id, now=work.now)


def _neighbours(look: Look, unplaced: Any, now: datetime) -> dict[UUID, UUID]:
    """Return, for what nobody here can take, the zone of an idle driver near enough to take it."""
    if not look.conf.neighbours or Zone.objects.filter(active=True).count() < 2:
        return {}
    found: dict[UUID, UUID] = {}
    for job in _due_and_unplaced(look, unplaced, now)[:NEIGHBOURS_A_ROUND]:
        near = nearest_drivers(origin=job.pickup.to_point(), radius_m=job.radius_m, limit=20, now=now)
        who = [driver.driver_id for driver in near if driver.driver_id not in job.masked]
        zones = dict(
            DriverSession.objects.filter(driver_id__in=who, ended_at=None, load=0, status=SessionStatus.AVAILABLE)
            .exclude(zone_id=look.zone_id)
            .values_list("driver_id", "zone_id")
        )
        nearest = next((zones[each] for each in who if each in zones), None)
        if nearest is not None:
            found[job.delivery_id] = nearest
    return found


# --- writing ---------------------------------------------------------------------


def _write_jobs(jobs: Iterable[_Job]) -> None:
    columns: dict[str, list[Any]] = defaultdict(list)
    for new in sorted(jobs, key=lambda each: each.job.job_id):
        columns["id"].append(new.job.job_id)
        for name in ("due_at", "first_due_at", "search_until", "attempt", "radius_m", "next_attempt_at"):
            columns[name].append(getattr(new, name))
    if columns:
        with connection.cursor() as cursor:
            cursor.execute(_JOBS, columns)


def _tell_round(work: _Work) -> None:
    """Let the round run again for what was skipped, and on time for the next attempt of `nearest`."""
    if work.done.skipped:
        Round.objects.filter(zone_id=work.look.zone_id).update(again=True)
    if work.look.conf.strategy != "nearest":
        return
    attempts = [
        work.jobs[job.delivery_id].next_attempt_at if job.delivery_id in work.jobs else job.next_attempt_at
        for job in work.look.jobs.values()
    ]
    if attempts := [moment for moment in attempts if moment > work.now]:
        Round.objects.filter(zone_id=work.look.zone_id, next_tick_at__gt=min(attempts)).update(
            next_tick_at=min(attempts)
        )


def _tell_delay(work: _Work, before_s: float) -> None:
    """Let quotes know how long food waits here for a driver, smoothed over the last rounds."""
    look, plan = work.look, work.decision.plan
    late = [
        max(0.0, proposal.pickup_eta_s - look.jobs[job].ready_at.timestamp())
        for proposal in plan.proposals
        for job in proposal.jobs
    ]
    late += [max(0.0, work.now.timestamp() - look.jobs[job].ready_at.timestamp()) for job in plan.unplaced]
    present_s = sum(late) / len(late) if late else 0.0
    after_s = DELAY_MEMORY * before_s + (1 - DELAY_MEMORY) * present_s
    if abs(after_s - before_s) > DELAY_STEP_S or (after_s < 1 <= before_s):
        Zone.objects.filter(pk=look.zone_id).update(present_delay_s=after_s)
