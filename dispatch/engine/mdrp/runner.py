"""Many days against many strategies, one after the other or in several processes."""

from __future__ import annotations

import itertools
import math
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from dispatch.engine.codec import Recording, encode
from dispatch.engine.mdrp.adapter import Assigner
from dispatch.engine.mdrp.instance import Instance, InstanceError, load
from dispatch.engine.mdrp.metrics import Measures, measure
from dispatch.engine.mdrp.rehearsal import play_as_live
from dispatch.engine.mdrp.sim import Conditions, simulate
from dispatch.engine.model import Plan, Snapshot
from dispatch.engine.policy import Policy
from dispatch.engine.version import engine_version, machine
from dispatch.engine.warm import warm

SAMPLED: Final = 10  # one round in so many is encoded to see how large it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One day against one policy."""

    folder: Path
    policy: Policy
    conditions: Conditions = field(default_factory=Conditions)
    window: tuple[int, int] | None = None
    """Orders placed in [from, to), minutes of the file; None: the whole day."""
    round_s: int | None = None
    """Play by the platform's rules, a round every so many seconds; None: by the published ones, in minutes."""
    label: str = ""


def day_folders(folder: Path) -> list[Path]:
    """Return the days of a folder: itself, or those in it, by name.

    Raises:
        InstanceError: when there is none.
    """
    if (folder / "orders.txt").exists():
        return [folder]
    if not folder.is_dir():
        raise InstanceError(f"{folder}: no such folder; expected one with days in it")
    days = sorted(p for p in folder.iterdir() if p.is_dir() and (p / "orders.txt").exists())
    if not days:
        raise InstanceError(f"{folder}: expected orders.txt, or folders that have it; found none")
    return days


def read(folder: Path, window: tuple[int, int] | None) -> Instance:
    """Return the day, cut to the window.

    Raises:
        InstanceError: for a bad file, or when nothing is left in the window.
    """
    day = load(folder)
    if window is None:
        return day
    cut = day.window(*window)
    if not cut.order_ids or not cut.courier_ids:
        raise InstanceError(
            f"{folder / 'orders.txt'}, field 'placement_time': expected orders and couriers "
            f"between minute {window[0]} and {window[1]}, got {len(cut.order_ids)} orders and "
            f"{len(cut.courier_ids)} couriers"
        )
    return cut


def play(task: Task) -> Measures:
    """Simulate one task and measure it."""
    day = read(task.folder, task.window)
    if task.round_s is not None:
        live = play_as_live(day, task.policy, task.conditions, task.round_s)
        return measure(day, live, task.label or task.policy.strategy)
    kept: list[Recording] = []
    result = simulate(day, Assigner(policy=task.policy, observe=_sampler(task.policy, kept)), task.conditions)
    sizes = [len(encode(each)) for each in kept]
    return replace(
        measure(day, result, task.label or task.policy.strategy),
        bytes_mean=sum(sizes) / len(sizes) if sizes else math.nan,
        bytes_p99=float(np.percentile(sizes, 99)) if sizes else math.nan,
    )


def _sampler(policy: Policy, kept: list[Recording]) -> Callable[[Snapshot, Plan], None]:
    """Return what keeps every tenth round that offers something; encoding them is not timed with the decisions."""
    seen = itertools.count()

    def keep(snapshot: Snapshot, plan: Plan) -> None:
        if plan.proposals and next(seen) % SAMPLED == 0:
            kept.append(
                Recording(engine=engine_version(), machine=machine(), snapshot=snapshot, policy=policy, plan=plan)
            )

    return keep


def play_all(tasks: Sequence[Task], jobs: int = 1) -> Iterator[Measures]:
    """Yield the measures as they come; with one job in the order of the tasks."""
    warm()  # compile once, so that the processes only read the cache
    if jobs <= 1:
        yield from map(play, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(play, tasks, chunksize=1)


def means(rows: Iterable[Measures]) -> dict[str, float]:
    """Return the mean over days of every number; `cpu_ms_max` is the greatest."""
    days = list(rows)
    out: dict[str, float] = {"days": float(len(days))}
    for f in fields(Measures):
        values = [getattr(day, f.name) for day in days]
        if not values or isinstance(values[0], str):
            continue
        known = [float(v) for v in values if not math.isnan(v)]
        if f.name in ("cpu_ms_max", "cpu_ms_p99", "bytes_p99"):
            out[f.name] = max(known, default=math.nan)
        else:
            out[f.name] = sum(known) / len(known) if known else math.nan
    return out


def report(rows: Sequence[Measures], **about: Any) -> dict[str, Any]:
    """Return everything as JSON values: what was asked, means per strategy, every day."""
    strategies = list(dict.fromkeys(row.strategy for row in rows))
    by_strategy = {s: _known(means(r for r in rows if r.strategy == s)) for s in strategies}
    days = sorted(rows, key=lambda r: (strategies.index(r.strategy), r.instance))
    return {**about, "means": by_strategy, "days": [_known(asdict(day)) for day in days]}


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return them with None for what was not measured: JSON knows no NaN."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()}
