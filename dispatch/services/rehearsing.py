"""Deciding again: recorded rounds to the last bit, and recorded demand under another policy.

Runs the engine in this process; for commands, not for workers.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.engine import Plan, Policy, decide
from dispatch.engine.codec import Recording, RecordingError, plan_bytes
from dispatch.engine.mdrp.record import Record
from dispatch.engine.mdrp.rehearsal import Outcome, rehearse
from dispatch.engine.version import engine_version, machine
from dispatch.models import RoundRecord
from dispatch.selectors.recorded import recording_of

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Recorded rounds that were decided again."""

    same: int
    different: tuple[UUID, ...]
    """Same engine and machine, another plan: a fault."""
    elsewhere: Mapping[str, int]
    """Decided by another engine or on another machine, which, and how many: not to be compared bit for bit."""
    elsewhere_same: int
    """Of those, how many gave the same plan nevertheless."""
    unreadable: Mapping[str, int]
    """Why, and how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """A recorded round that another policy decides otherwise."""

    round_id: UUID
    at: datetime
    before: tuple[str, ...]
    """Offers as `driver: job + job`, with the engine's ids."""
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Recorded rounds under another policy."""

    rounds: int
    differing: tuple[Differing, ...]
    unreadable: Mapping[str, int]


def verify_rounds(*, rows: Iterable[RoundRecord], total: int, progress: Progress | None = None) -> Verified:
    """Decide every recorded round again and compare the plans byte for byte."""
    here = (engine_version(), machine()[:120])
    same = elsewhere_same = 0
    different: list[UUID] = []
    elsewhere: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()
    for done, row in enumerate(rows, start=1):
        try:
            recording = recording_of(row)
        except RecordingError as error:
            unreadable[str(error)] += 1
        else:
            equal = plan_bytes(decide(recording.snapshot, recording.policy)) == plan_bytes(recording.plan)
            if (row.engine, row.machine) != here:
                elsewhere[f"{row.engine} on {row.machine}"] += 1
                elsewhere_same += equal
            elif equal:
                same += 1
            else:
                different.append(row.pk)
        if progress:
            progress(done, total)
    return Verified(
        same=same,
        different=tuple(different),
        elsewhere=dict(elsewhere),
        elsewhere_same=elsewhere_same,
        unreadable=dict(unreadable),
    )


def compare_rounds(
    *,
    rows: Iterable[RoundRecord],
    total: int,
    changes: Mapping[str, Any],
    keep: Callable[[datetime, Recording], None],
    progress: Progress | None = None,
) -> Compared:
    """Decide recorded rounds as they were and with `changes` to the policy of each.

    Every round stands for itself: what a different decision would have led to is the
    rehearsal's part. `keep` gets every recording that could be read.
    """
    differing: list[Differing] = []
    unreadable: Counter[str] = Counter()
    rounds = 0
    for done, row in enumerate(rows, start=1):
        try:
            recording = recording_of(row)
        except RecordingError as error:
            unreadable[str(error)] += 1
        else:
            rounds += 1
            keep(row.at, recording)
            before = _offers(decide(recording.snapshot, recording.policy))
            after = _offers(decide(recording.snapshot, replace(recording.policy, **changes)))
            if before != after:
                differing.append(Differing(round_id=row.pk, at=row.at, before=before, after=after))
        if progress:
            progress(done, total)
    return Compared(rounds=rounds, differing=tuple(differing), unreadable=dict(unreadable))


def rehearse_both(
    *, record: Record, before: Policy, after: Policy, seed: int, progress: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """Play the record under both policies; return outcomes and differences by figure.

    Raises:
        ValueError: there is no order or no driver in the record.
    """
    outcomes = {
        name: rehearse(record, policy, seed=seed, progress=lambda done, total, name=name: progress(name, done, total))  # type: ignore[misc]
        for name, policy in (("before", before), ("after", after))
    }
    first, second = outcomes["before"], outcomes["after"]
    figures = [each.name for each in fields(Outcome)]
    return {
        "before": asdict(first),
        "after": asdict(second),
        "difference": {name: getattr(second, name) - getattr(first, name) for name in figures},
        "accept": record.accept,
        "drivers": len({shift.driver for shift in record.shifts}),
        "seed": seed,
    }


def _offers(plan: Plan) -> tuple[str, ...]:
    return tuple(sorted(f"{each.driver}: {' + '.join(each.jobs)}" for each in plan.proposals))
