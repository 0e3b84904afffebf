"""Drivers side by side, minute by minute, from the recorded round."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from accounts.models import Driver
from dispatch.engine import Reason
from dispatch.engine.candidates import Candidate, candidates
from dispatch.engine.codec import Recording, RecordingError
from dispatch.engine.fairness import goes_first
from dispatch.models import DecisionRecord, RoundRecord
from dispatch.selectors.explain.decisions import first_name
from dispatch.selectors.explain.words import far, group, not_asked, span
from dispatch.selectors.recorded import recording_of
from fleetsync.core.geo import LngLat

SHOWN: Final = 6  # rows of the comparison: more than five others nobody reads
NAMED: Final = 6  # names per reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One driver who could have done it."""

    driver_id: UUID
    name: str
    vehicle: str
    distance_m: float
    position: LngLat
    asked: bool
    reason: Reason | None
    """What kept him from it, or None."""
    words: str
    free_at: datetime
    arrive_at: datetime
    pickup_at: datetime
    leave_at: datetime
    door_at: datetime
    later_s: float
    """At the door, against the one who was asked (against the first, where nobody was)."""
    parts: Mapping[str, float]
    cost_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Drivers left out for one reason."""

    reason: str
    words: str
    number: int
    names: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A round, seen from one delivery."""

    at: datetime
    ready_at: datetime
    promised_at: datetime | None
    pickup: LngLat
    dropoff: LngLat
    looked_at: int
    rows: Sequence[Row]
    left_out: Sequence[Group]
    together: int
    """Deliveries of the trip that was offered; 1: this one alone."""
    nearest: str
    """What became of the nearest driver, where that was not the one asked; else empty."""
    moves: int
    record: RoundRecord


class Compared:
    """The drivers of one recorded round and one delivery."""

    def __init__(self, decision: DecisionRecord) -> None:
        """Read the recorded round.

        Raises:
            RecordingError: it is forgotten, or its travel times cannot be had any more.
        """
        record = RoundRecord.objects.filter(pk=decision.round_id).first() if decision.round_id else None
        if record is None:
            raise RecordingError("the round itself is forgotten; what is left is the record of the decision")
        self.decision, self.record = decision, record
        self.recording: Recording = recording_of(record)
        self.job_id = str(decision.delivery_id)
        snapshot = self.recording.snapshot
        jobs = {job.id: job for job in snapshot.jobs}
        if self.job_id not in jobs:
            raise RecordingError("the recorded round does not hold this delivery")
        self.job = jobs[self.job_id]
        self.all = candidates(snapshot, self.recording.policy, self.job_id)
        self.asked = {
            proposal.driver: proposal for proposal in self.recording.plan.proposals if self.job_id in proposal.jobs
        }
        self.people = {
            str(row.pk): row
            for row in Driver.objects.filter(pk__in=[each.driver for each in self.all]).select_related("user")
        }

    def name(self, driver: str) -> str:
        """Return a driver's full name; empty for one who is gone."""
        row = self.people.get(driver)
        return row.user.get_full_name() if row else ""

    @property
    def chosen(self) -> Candidate | None:
        """Return the one this decision asked, with the moments of the plan."""
        wanted = str(self.decision.driver_id) if self.decision.driver_id else ""
        return next((each for each in self.all if each.driver == wanted), None)

    @property
    def misses(self) -> int:
        """Return after how many orders in a row that went to others he was put first; 0: he was not."""
        wanted = str(self.decision.driver_id) if self.decision.driver_id else ""
        driver = next((each for each in self.recording.snapshot.drivers if each.id == wanted), None)
        return driver.misses if driver is not None and goes_first(driver, self.recording.policy) else 0

    @property
    def at_once(self) -> Sequence[str]:
        """Return the drivers who are asked for this delivery at the same time, by id."""
        return sorted({*self.asked, *self.job.offered_to})

    def door_s(self, each: Candidate) -> float:
        """Return when this driver would hand over; the one who was asked, by the plan."""
        proposal = self.asked.get(each.driver)
        if proposal is None:
            return each.door_s
        return proposal.dropoff_eta_s[proposal.jobs.index(self.job_id)]

    def why_not(self, driver: str) -> str:
        """Return why this driver was not asked, as the end of a sentence; empty for one who was asked."""
        if driver in self.asked:
            return ""
        each = next((one for one in self.all if one.driver == driver), None)
        if each is None:
            return "was not online in this zone, paused, or without a fresh position"
        if each.reason is not None:
            return not_asked(each.reason, each.distance_m)
        return self._could(each)

    def _could(self, each: Candidate) -> str:
        chosen = self.chosen
        if chosen is None:
            return "could have taken it, but was planned for another order"
        later_s = each.door_s - self.door_s(chosen)
        if later_s >= 60:
            return f"would have been at the door {span(later_s)} later"
        if each.cost_s > chosen.cost_s + 1:
            return "would have been as quick, but dearer"
        return "would have been as quick, but was worth more to other orders"

    def whole(self) -> Comparison:
        """Return the comparison that a page shows."""
        snapshot, chosen = self.recording.snapshot, self.chosen
        able = [each for each in self.all if each.reason is None or each.driver in self.asked]
        able.sort(key=lambda each: (each.driver not in self.asked, self.door_s(each), each.driver))
        shown = able[:SHOWN]
        nearest = min(self.all, key=lambda each: (each.distance_m, each.driver), default=None)
        if nearest is not None and nearest not in shown and math.isfinite(nearest.door_s):
            shown = [*able[: SHOWN - 1], nearest]
        base_s = self.door_s(chosen) if chosen else min((self.door_s(each) for each in shown), default=0.0)
        proposal = self.asked.get(chosen.driver) if chosen else None
        return Comparison(
            at=self.record.at,
            ready_at=moment(self.job.ready_s),
            promised_at=moment(self.job.promised_s) if self.job.promised_s is not None else None,
            pickup=LngLat(*snapshot.places[self.job.pickup]),
            dropoff=LngLat(*snapshot.places[self.job.dropoff]),
            looked_at=len(self.all),
            rows=[self._row(each, base_s) for each in shown],
            left_out=self._groups([each for each in self.all if each not in shown]),
            together=len(proposal.jobs) if proposal else 1,
            nearest=self._nearest(nearest, chosen),
            moves=int(self.recording.plan.stats.get("moves", 0)),
            record=self.record,
        )

    def _nearest(self, nearest: Candidate | None, chosen: Candidate | None) -> str:
        if nearest is None or chosen is None or nearest.driver in self.asked:
            return ""
        name = first_name(self.name(nearest.driver))
        if nearest.reason is None and nearest.free_s > self.recording.snapshot.now_s + 30:
            rest = f"but busy with another order for {span(nearest.free_s - self.recording.snapshot.now_s)}"
        else:
            rest = f"but {self.why_not(nearest.driver)}"
        return f"The nearest one, {name}, was {far(nearest.distance_m)} away {rest}."

    def _row(self, each: Candidate, base_s: float) -> Row:
        snapshot = self.recording.snapshot
        driver = next(one for one in snapshot.drivers if one.id == each.driver)
        place = driver.place if driver.position is None else driver.position
        person, door_s = self.people.get(each.driver), self.door_s(each)
        asked = each.driver in self.asked
        return Row(
            driver_id=UUID(each.driver),
            name=self.name(each.driver),
            vehicle=person.get_vehicle_display().lower() if person else "",
            distance_m=each.distance_m,
            position=LngLat(*snapshot.places[place]),
            asked=asked,
            reason=each.reason,
            words="asked" if asked else self._short(each),
            free_at=moment(max(each.free_s, snapshot.now_s)),
            arrive_at=moment(max(each.arrive_s, snapshot.now_s)),
            pickup_at=moment(each.pickup_s),
            leave_at=moment(each.leave_s),
            door_at=moment(door_s),
            later_s=door_s - base_s,
            parts={name: round(value, 1) for name, value in each.parts.items()},
            cost_s=round(each.cost_s, 1),
        )

    def _short(self, each: Candidate) -> str:
        now_s = self.recording.snapshot.now_s
        if each.reason is not None:
            return not_asked(each.reason, each.distance_m)
        if each.free_s > now_s + 30:
            return f"busy for {span(each.free_s - now_s)}"
        if each.pickup_s - self.job.ready_s >= 60:
            return f"food would wait {span(each.pickup_s - self.job.ready_s)}"
        chosen = self.chosen
        if chosen is not None and each.leave_s <= chosen.leave_s + 30 and each.door_s > self.door_s(chosen) + 60:
            return "slower on the way"
        return "could have done it as well"

    def _groups(self, left: Sequence[Candidate]) -> list[Group]:
        by_reason: dict[str, list[str]] = {}
        for each in left:
            reason = each.reason.value if each.reason is not None else "later"
            by_reason.setdefault(reason, []).append(first_name(self.name(each.driver)))
        return [
            Group(reason=reason, words=group(reason), number=len(names), names=sorted(names)[:NAMED])
            for reason, names in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
        ]


def moment(seconds: float) -> datetime:
    """Return a moment of the engine."""
    return datetime.fromtimestamp(seconds, UTC)
