"""Writing a plan: one short transaction that takes only what still is as the round saw it."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q

from dispatch.conf import ACK_WITHIN_S
from dispatch.engine import Proposal, Reason
from dispatch.engine.client import Decision
from dispatch.events import OfferMade
from dispatch.models import DecisionRecord, Delivery, DriverSession, Offer, Round
from dispatch.selectors.neighbours import find_neighbours
from dispatch.selectors.snapshot import Look
from dispatch.services.deferring import (
    back_off,
    due_and_late,
    due_and_unplaced,
    due_now,
    hand_over,
    put_off,
)
from dispatch.services.facts import of_offer
from dispatch.services.round_work import Applied, JobChange, Work, fallback_of, record_of
from dispatch.states import DeliveryStatus, OfferStatus, SessionStatus
from fleetsync.core import clock, ids
from fleetsync.core.events import change
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
DELAY_STEP_S: Final = 15.0  # the zone's delay is written when it moved by more
DELAY_MEMORY: Final = 0.8  # share of the old value that each round keeps


class StaleRound(Exception):
    """Another worker has taken the zone since: this round writes nothing."""


def apply_plan(
    *,
    look: Look,
    decision: Decision,
    fence: int,
    delay_s: float,
    now: datetime,
    real_now: datetime,
    rng: Random,
    round_id: UUID | None = None,
) -> Applied:
    """Make the plan's offers, put off what is not due, back off where nobody can.

    Each trip is taken by conditional writes: one whose delivery, driver or offer changed
    since the round looked is skipped, and the round runs again. Locks the round, then
    deliveries, then sessions, each by id.

    Raises:
        StaleRound: the fence has moved on.
    """
    plan = decision.plan
    unplaced = due_and_unplaced(look, plan.unplaced, now)
    abroad = find_neighbours(look, unplaced, now)
    late = find_neighbours(look, due_and_late(look, plan.waiting, now), now)
    with change(now=now, actor="round") as emit:
        woken = _hold_fence(look, decision, fence)
        touched = {UUID(job) for proposal in plan.proposals for job in proposal.jobs}
        retried = {job.delivery_id for job in unplaced}
        work = Work(
            look=look,
            decision=decision,
            fence=fence,
            round_id=round_id,
            now=now,
            real_now=real_now,
            emit=emit,
            deliveries=_lock(touched | retried | late.keys()),
        )
        _offer(work, plan.proposals)
        put_off(work)
        hand_over(work, late, rng)
        if not woken:
            back_off(work, retried, abroad, rng)
        _write_jobs(work.jobs.values())
        DecisionRecord.objects.bulk_create(work.records)
        _tell_round(work)
        _tell_delay(work, delay_s)
    return work.done


def _hold_fence(look: Look, decision: Decision, fence: int) -> bool:
    """Lock the round as its holder; say whether somebody asked for another one since it looked."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FENCE,
            {
                "zone": look.zone_id,
                "fence": fence,
                "strategy": decision.strategy,
                "fallback": fallback_of(decision),
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


def _offer(work: Work, proposals: tuple[Proposal, ...]) -> None:
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
            continue  # his next trip, and he still carries this one: a later round asks him
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


def _open_offers(work: Work, driver_ids: list[UUID]) -> tuple[set[UUID], set[UUID]]:
    """Return drivers and deliveries with an open offer, as of now: their rows are locked."""
    ours = Q(driver_id__in=driver_ids) | Q(delivery_id__in=list(work.deliveries))
    rows = list(Offer.objects.filter(ours, status=OfferStatus.OPEN).values_list("driver_id", "delivery_id"))
    return {driver for driver, _ in rows}, {delivery for _, delivery in rows}


def _make_offers(work: Work, proposal: Proposal, session: DriverSession, deliveries: list[Delivery]) -> Iterable[Offer]:
    look, now = work.look, work.now
    driver = look.drivers[proposal.driver]
    batch_id = ids.uuid7()
    expires_at = now + clock.at_least(look.conf.offer_life_s, settings.FLEETSYNC_OFFER_FLOOR_S)
    for sequence, (delivery, door_s) in enumerate(zip(deliveries, proposal.dropoff_eta_s, strict=True)):
        job = look.jobs[str(delivery.pk)]
        fresh = due_now(work, job)
        work.jobs[delivery.pk] = fresh
        pickup_at = datetime.fromtimestamp(proposal.pickup_eta_of(str(delivery.pk)), UTC)
        work.records.append(record_of(work, delivery.pk, driver.driver_id, proposal.score_of(str(delivery.pk))))
        yield Offer(
            delivery_id=delivery.pk,
            driver_id=driver.driver_id,
            session_id=session.pk,
            batch_id=batch_id,
            drop_sequence=sequence,
            distance_m=round(distance_m(driver.position, job.pickup)),
            pickup_eta_at=pickup_at,
            dropoff_eta_at=datetime.fromtimestamp(door_s, UTC),
            pay_minor=look.conf.pay_for(distance_m(job.pickup, job.dropoff)),
            due_at=fresh.first_due_at,
            offered_at=now,
            expires_at=expires_at,
            ack_by=work.real_now + timedelta(seconds=ACK_WITHIN_S),
        )


# --- writing ---------------------------------------------------------------------


def _write_jobs(jobs: Iterable[JobChange]) -> None:
    columns: dict[str, list[Any]] = defaultdict(list)
    for new in sorted(jobs, key=lambda each: each.job.job_id):
        columns["id"].append(new.job.job_id)
        for name in ("due_at", "first_due_at", "search_until", "attempt", "radius_m", "next_attempt_at"):
            columns[name].append(getattr(new, name))
    if columns:
        with connection.cursor() as cursor:
            cursor.execute(_JOBS, columns)


def _tell_round(work: Work) -> None:
    """Let the round run again for what was skipped, and on time for the next attempt of `nearest`."""
    if work.done.skipped:
        Round.objects.filter(zone_id=work.look.zone_id).update(again=True)
    if work.look.policy.strategy != "nearest":
        return
    attempts = [
        work.jobs[job.delivery_id].next_attempt_at if job.delivery_id in work.jobs else job.next_attempt_at
        for job in work.look.jobs.values()
    ]
    if attempts := [moment for moment in attempts if moment > work.now]:
        Round.objects.filter(zone_id=work.look.zone_id, next_tick_at__gt=min(attempts)).update(
            next_tick_at=min(attempts)
        )


def _tell_delay(work: Work, before_s: float) -> None:
    """Let quotes know how long food waits here for a driver, smoothed over the last rounds."""
    look, plan = work.look, work.decision.plan
    late = [
        max(0.0, proposal.pickup_eta_of(job) - look.jobs[job].ready_at.timestamp())
        for proposal in plan.proposals
        for job in proposal.jobs
    ]
    late += [
        max(0.0, work.now.timestamp() - look.jobs[job].ready_at.timestamp())
        for job, reason in plan.unplaced.items()
        if reason is not Reason.ON_HOLD  # that food waits for a person
    ]
    present_s = sum(late) / len(late) if late else 0.0
    after_s = DELAY_MEMORY * before_s + (1 - DELAY_MEMORY) * present_s
    if abs(after_s - before_s) > DELAY_STEP_S or (after_s < 1 <= before_s):
        Zone.objects.filter(pk=look.zone_id).update(present_delay_s=after_s)
