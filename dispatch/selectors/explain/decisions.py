"""What the rounds kept of each decision about a delivery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from accounts.models import Driver
from dispatch.models import DecisionRecord
from dispatch.selectors.explain.words import far, not_asked, plural, span
from fleetsync.core import ids

MOST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A near driver who was not asked, and why in words."""

    driver_id: UUID
    name: str
    reason: str
    value: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One decision about a delivery: who was asked, the parts of the cost, who was left out."""

    record: DecisionRecord
    name: str
    words: str
    left_out: Sequence[LeftOut]


def decisions_about(*, delivery_id: UUID) -> list[Explained]:
    """Return the last decisions about a delivery, newest first; two queries."""
    records = list(DecisionRecord.objects.filter(delivery=delivery_id).order_by("-id")[:MOST])
    people = {record.driver_id for record in records if record.driver_id}
    for record in records:
        people |= {ids.private("driver_id", each["driver_id"]) for each in record.exclusions}
    names = names_of(people)
    return [_explained(record, names) for record in records]


def names_of(people: set[UUID]) -> dict[UUID, str]:
    """Return the full names of drivers."""
    return {row.pk: row.user.get_full_name() for row in Driver.objects.filter(pk__in=people).select_related("user")}


def first_name(name: str) -> str:
    """Return how colleagues call a driver."""
    return name.partition(" ")[0] or "This driver"


def _explained(record: DecisionRecord, names: Mapping[UUID, str]) -> Explained:
    left_out = [_left_out(each, names) for each in record.exclusions]
    name = names.get(record.driver_id, "") if record.driver_id else ""
    return Explained(record=record, name=name, words=_sentence(record, name, left_out), left_out=left_out)


def _left_out(entry: Mapping[str, Any], names: Mapping[UUID, str]) -> LeftOut:
    driver_id = ids.private("driver_id", entry["driver_id"])
    reason, value = str(entry["reason"]), float(entry.get("value", 0.0))
    words = not_asked(reason, value)
    return LeftOut(driver_id=driver_id, name=names.get(driver_id, ""), reason=reason, value=value, words=words)


def _sentence(record: DecisionRecord, name: str, left_out: Sequence[LeftOut]) -> str:
    if not record.driver_id:
        return "Nobody could take it in this round."
    first, score = first_name(name), record.score
    parts: list[str] = []
    if "distance_m" in score:
        parts.append(f"{first} was the nearest who could take it, {far(score['distance_m'])} away")
    elif "food_waits_s" in score:
        waits = score["food_waits_s"]
        parts.append(
            f"{first} could have the food in hand the moment it is ready"
            if waits < 30
            else f"{first} could have the food in hand {span(waits)} after it is ready"
        )
    else:
        parts.append(f"{first} fitted the plan of all open orders best")
    if score.get("late_s", 0.0) >= 60:
        parts.append(f"which already means {span(score['late_s'])} past the promise")
    sentence = ", ".join(parts) + "."
    if left_out:
        sentence += f" {plural(len(left_out), 'other driver was', 'other drivers were')} near and left out."
    return sentence
