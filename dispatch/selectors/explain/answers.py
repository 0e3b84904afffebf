"""The answers to: why this driver, why not that one, why not yet; and to a driver's own question."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from dispatch.engine.candidates import Candidate
from dispatch.engine.codec import RecordingError
from dispatch.models import DecisionRecord, Delivery, DispatchJob, Offer
from dispatch.selectors.explain.comparison import Compared, Comparison, Row, moment
from dispatch.selectors.explain.decisions import Explained, decisions_about, first_name, names_of
from dispatch.selectors.explain.words import clock, far, listed, plural, span
from dispatch.selectors.policies import policy_in_force
from dispatch.states import DeliveryStatus, OfferStatus

#: Parts of the cost that are made of the driver and the order alone; the others tell where colleagues are, or their idling.
OWN_PARTS: Final = ("to_door", "late", "pay")
NOBODY_ELSE: Final = "nobody else could take it"
ANSWERS = {
    OfferStatus.OPEN: "was asked and has not answered yet",
    OfferStatus.ACCEPTED: "said yes",
    OfferStatus.DECLINED: "said no",
    OfferStatus.EXPIRED: "did not answer in time",
    OfferStatus.WITHDRAWN: "was told that it is off",
    OfferStatus.UNDELIVERED: "could not be reached",
    OfferStatus.RETURNED: "said yes and gave it back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happened on the way to an answer."""

    at: datetime
    words: str
    small: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutDriver:
    """Why one driver was asked, or was not."""

    driver_id: UUID
    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer about a delivery as it stands."""

    delivery: Delivery
    sentence: str
    lead: str
    decisions: Sequence[Explained]
    decision: Explained | None
    """The one that the sentence is about."""
    comparison: Comparison | None
    missing: str
    """Why there is no comparison; empty where there is one."""
    steps: Sequence[Step]
    about: AboutDriver | None


def explain(*, delivery: Delivery, now: datetime, driver_id: UUID | None = None) -> Explanation:
    """Explain a delivery in plain words; with a driver, also why not that one.

    `delivery` comes with its order, restaurant and zone. Reads the decisions, the offers and one recorded round.
    """
    decisions = decisions_about(delivery_id=delivery.pk)
    offers = list(Offer.objects.filter(delivery=delivery).select_related("driver__user").order_by("offered_at", "pk"))
    decision = next((each for each in decisions if each.record.driver_id == delivery.driver_id), None)
    decision = decision if delivery.driver_id else next((each for each in decisions if each.record.driver_id), None)
    by_hand = delivery.driver_id is not None and not any(
        offer.driver_id == delivery.driver_id and offer.status == OfferStatus.ACCEPTED for offer in offers
    )
    looked = decision or (decisions[0] if decisions else None)
    compared, missing = _compared(looked)
    comparison = compared.whole() if compared else None
    present = _present(delivery, offers, decisions, by_hand, now)
    sentence = present or _why(decision, compared)
    return Explanation(
        delivery=delivery,
        sentence=sentence,
        lead=_lead(decision, compared, comparison, sentence),
        decisions=decisions,
        decision=looked,
        comparison=comparison,
        missing=missing,
        steps=_steps(delivery, looked, comparison, offers),
        about=_about(driver_id, offers, compared) if driver_id else None,
    )


def _compared(decision: Explained | None) -> tuple[Compared | None, str]:
    if decision is None:
        return None, "no round has decided about it yet"
    try:
        return Compared(decision.record), ""
    except RecordingError as error:
        return None, str(error)


# --- why this one, why not yet ---------------------------------------------------------------


def _present(
    delivery: Delivery, offers: Sequence[Offer], decisions: Sequence[Explained], by_hand: bool, now: datetime
) -> str:
    """Return why it is as it is now, where that is not a round's choice of a driver; else nothing."""
    zone = delivery.zone.time_zone
    if by_hand:
        name = names_of({delivery.driver_id})[delivery.driver_id] if delivery.driver_id else ""
        return f"Dispatch staff gave it to {first_name(name)} by hand."
    if delivery.driver_id is not None:
        return ""
    if delivery.status == DeliveryStatus.NO_DRIVER_FOUND:
        return "Nobody could take it in time; the search has ended and waits for a person."
    if delivery.status != DeliveryStatus.SEARCHING:
        return "" if decisions else "No driver was asked for it."
    if delivery.held:
        return "Nobody is asked: dispatch staff hold it back."
    if asked := [offer for offer in offers if offer.status == OfferStatus.OPEN]:
        names = listed(sorted(first_name(offer.driver.user.get_full_name()) for offer in asked))
        until = clock(max(offer.expires_at for offer in asked), zone)
        if len(asked) == 1:
            return f"{names} is being asked now, until {until}."
        return f"{names} are being asked now, until {until}; the first yes wins."
    job = DispatchJob.objects.filter(delivery=delivery).first()
    if job is None:
        return "The search for a driver has not begun."
    if job.due_at is not None and job.due_at > now:
        until = _until(job.due_at, delivery, job.zone_id)
        return f"Nobody is asked yet: the food is expected at {clock(delivery.ready_at, zone)}, {until}."
    if job.attempt:
        return f"Nobody can take it at the moment; the next look is at {clock(max(job.next_attempt_at, now), zone)}."
    return "The next round decides about it, within seconds."


def _until(due_at: datetime, delivery: Delivery, zone_id: UUID) -> str:
    """Return why the zone that looks for a driver asks nobody before `due_at`, as the end of a sentence."""
    zone, policy = delivery.zone.time_zone, policy_in_force(zone_id=zone_id).policy
    timed_at = delivery.ready_at + timedelta(seconds=max(0.0, policy.ready_quantile_std) * delivery.ready_std_s)
    if due_at > timed_at:  # who is free would set out before
        return f"but the driver planned for it is not free before {clock(due_at, zone)}"
    return f"and asking at {clock(due_at, zone)} is early enough"


def _why(decision: Explained | None, compared: Compared | None) -> str:
    if decision is None:
        return "No round decided about it."
    if not decision.name or compared is None or compared.chosen is None:
        return decision.words
    first, chosen = first_name(decision.name), compared.chosen
    proposal = compared.asked.get(chosen.driver)
    if proposal is not None and proposal.parallel:
        beside = listed([first_name(compared.name(each)) for each in compared.at_once if each != chosen.driver])
        refusals = plural(compared.job.refusals, "refusal", "refusals")
        return f"{first} was asked beside {beside} after {refusals}; the first yes wins."
    if compared.misses:
        return f"{first} was asked first after {_missed(compared)}."
    if proposal is not None and len(proposal.jobs) > 1:
        return f"{first} was asked because this order goes well with {plural(len(proposal.jobs) - 1, 'other', 'others')} of the trip."
    if _waits_s(compared, chosen) < 60:
        return f"{first} was asked because the food would be in hand the moment it is ready."
    return f"{first} was asked because {_because(compared, chosen)}."


def _waits_s(compared: Compared, chosen: Candidate) -> float:
    proposal = compared.asked.get(chosen.driver)
    return (proposal.pickup_eta_s if proposal else chosen.pickup_s) - compared.job.ready_s


def _because(compared: Compared, chosen: Candidate) -> str:
    """Return what decided for who was asked, as the end of a sentence that names nobody."""
    door_s = compared.door_s(chosen) - 1
    others = [each for each in compared.all if each.driver != chosen.driver]
    able = [each for each in others if each.reason is None]
    if not able:
        return NOBODY_ELSE
    if any(compared.door_s(each) < door_s for each in able):
        return "that is best for all open orders together"
    if any(each.door_s < door_s for each in others):
        return "nobody else who could take it would be at the door earlier"
    return "nobody could be at the door earlier"


def _missed(compared: Compared) -> str:
    return f"{plural(compared.misses, 'order', 'orders in a row')} that went to others"


def _lead(decision: Explained | None, compared: Compared | None, comparison: Comparison | None, sentence: str) -> str:
    if compared is None or comparison is None:
        return decision.words if decision else ""
    parts = [f"{plural(comparison.looked_at, 'driver was', 'drivers were')} looked at."]
    if decision is not None and decision.record.driver_id:
        parts += _others(compared, comparison, sentence)
    if comparison.nearest:
        parts.append(comparison.nearest)
    if decision is None and comparison.left_out:
        most = comparison.left_out[0]
        parts.append(f"{most.words}: {most.number}.")
    return " ".join(parts)


def _others(compared: Compared, comparison: Comparison, sentence: str) -> list[str]:
    """Return what is to say of those who could have taken it as well; nothing that `sentence` says already."""
    if len(compared.at_once) > 1:
        names = listed(sorted(first_name(compared.name(each)) for each in compared.at_once))
        return [f"{names} were asked at once; the first yes wins."]
    others = [row.later_s for row in comparison.rows if not row.asked and row.reason is None]
    if not others:
        return [] if NOBODY_ELSE in sentence else [f"{NOBODY_ELSE.capitalize()}."]
    if min(others) >= 60:
        return [f"The next best would have brought the meal {span(min(others))} later."]
    return ["Others would have been as quick, and are kept for other orders."]


def _steps(
    delivery: Delivery, decision: Explained | None, comparison: Comparison | None, offers: Sequence[Offer]
) -> list[Step]:
    """Return how the round ran and what the drivers said, in order."""
    zone, steps = delivery.zone.time_zone, []
    if decision is not None:
        record = decision.record
        small = f"{record.solve_ms:.0f} ms, strategy {record.strategy}, policy version {record.policy_version}"
        if comparison is not None:
            kept = comparison.record
            seen = f"{plural(kept.jobs, 'open order', 'open orders')}, {plural(kept.drivers, 'driver', 'drivers')}"
            steps.append(Step(at=record.at, words="Snapshot of the zone", small=seen))
        if record.fallback:
            small += f"; a simpler strategy decided: {record.fallback}"
        steps.append(Step(at=record.at, words="Plan found" if record.driver_id else "Nobody found", small=small))
    for offer in offers:
        first = first_name(offer.driver.user.get_full_name())
        if offer.due_at is not None and offer is offers[0]:
            steps.append(
                Step(at=offer.due_at, words="Due to be asked", small=f"food ready {clock(delivery.ready_at, zone)}")
            )
        steps.append(Step(at=offer.offered_at, words=f"{first} was asked", small=f"{far(offer.distance_m)} away"))
        if offer.acked_at is not None:
            steps.append(Step(at=offer.acked_at, words=f"On the phone of {first}"))
        if offer.answered_at is not None:
            took = f"after {span((offer.answered_at - offer.offered_at).total_seconds())}"
            reason = f"“{offer.reason}”, " if offer.reason else ""
            steps.append(
                Step(at=offer.answered_at, words=f"{first} {ANSWERS[OfferStatus(offer.status)]}", small=reason + took)
            )
    return sorted(steps, key=lambda step: step.at)


def _about(driver_id: UUID, offers: Sequence[Offer], compared: Compared | None) -> AboutDriver:
    name = names_of({driver_id}).get(driver_id, "")
    first = first_name(name)
    mine = [offer for offer in offers if offer.driver_id == driver_id]
    if mine:
        words = f"{first} {ANSWERS[OfferStatus(mine[-1].status)]}."
    elif compared is None:
        words = f"Nothing is kept about {first} and this order."
    else:
        words = f"{first} {compared.why_not(str(driver_id)) or 'was asked'}."
    return AboutDriver(driver_id=driver_id, name=name, words=words)


# --- a driver's own offer --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferExplanation:
    """Why a driver was asked; nothing about anybody else but how many there were."""

    offer: Offer
    sentence: str
    looked_at: int | None
    row: Row | None
    """His own; of the cost only `OWN_PARTS`."""
    ready_at: datetime
    policy_version: int | None
    strategy: str
    missing: str


def explain_offer(*, offer: Offer) -> OfferExplanation:
    """Explain to a driver why he was asked. `offer` comes with its delivery."""
    record = (
        DecisionRecord.objects.filter(delivery=offer.delivery_id, driver=offer.driver_id, at=offer.offered_at)
        .order_by("-id")
        .first()
    )
    try:
        if record is None:
            raise RecordingError("nothing is kept about this offer")
        compared = Compared(record)
    except RecordingError as error:
        return OfferExplanation(
            offer=offer,
            sentence="You were asked because you fitted the plan of all open orders best.",
            looked_at=None,
            row=None,
            ready_at=offer.delivery.ready_at,
            policy_version=record.policy_version if record else None,
            strategy=record.strategy if record else "",
            missing=str(error),
        )
    comparison = compared.whole()
    row = next((each for each in comparison.rows if each.driver_id == offer.driver_id), None)
    return OfferExplanation(
        offer=offer,
        sentence=_own_sentence(compared),
        looked_at=comparison.looked_at,
        row=replace(row, parts={name: row.parts[name] for name in OWN_PARTS}) if row else None,
        ready_at=moment(compared.job.ready_s),
        policy_version=record.policy_version,
        strategy=record.strategy,
        missing="",
    )


def _own_sentence(compared: Compared) -> str:
    chosen = compared.chosen
    if chosen is None:
        return "You were asked because you fitted the plan of all open orders best."
    proposal = compared.asked.get(chosen.driver)
    if proposal is not None and proposal.parallel:
        others = plural(len(compared.at_once) - 1, "other driver", "other drivers")
        return f"You were asked beside {others}; the first yes wins."
    if compared.misses:
        return f"You were asked first after {_missed(compared)}."
    if proposal is not None and len(proposal.jobs) > 1:
        return "You were asked because these orders go well together and you could take them all."
    if _waits_s(compared, chosen) < 60:
        return "You were asked because you could have the food in hand the moment it is ready."
    return f"You were asked because {_because(compared, chosen)}."
