"""A snapshot as arrays, in an order that does not depend on how it was listed.

Jobs are sorted by (placed, id), drivers by id; every index below is into that order. Seconds
count from `now_s`, so that the numbers stay small and exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch.engine.acceptance import LEAST, MOST, MOST_SHIFT, SHORT_KM
from dispatch.engine.model import Driver, DriverState, Job, Reason, Snapshot
from dispatch.engine.policy import Policy
from dispatch.engine.travel import EARTH_RADIUS_M, Pairs, StraightLine

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FAR: float = 1e12  # cost of what cannot be done; finite, so that sums stay ordered


EXPECTED: str = "\x00"  # prefix of the ids of expected jobs; no real id begins so


class Roads(NamedTuple):
    """Travel times for the kernels: a table, or points and seconds per metre."""

    table: Floats
    """(places, places) seconds, or (0, 0) for straight lines."""
    points: Floats
    """(places, 3) metres: flat (x, y, 0), or on the sphere."""
    pace: float
    """Seconds per metre of chord."""
    arc: float
    """Sphere's diameter in metres where chords are bent to arcs, 0 on the flat."""
    step: float
    """Times are rounded up to multiples of this, seconds; 0: not rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """One round's work: the jobs and drivers that take part."""

    jobs: tuple[Job, ...]
    """Real jobs, then expected ones."""
    real: int
    """Number of real jobs; the jobs from this index on are expected and never offered."""
    drivers: tuple[Driver, ...]
    left_out: dict[str, Reason]
    """Jobs that do not take part, and why."""
    roads: Roads
    restaurants: tuple[str, ...]
    near: Bools
    """(restaurants, restaurants): True where one trip may fetch at both; (0, 0) where none may."""
    half_dropoff: float
    # per job
    pickup: Ints
    dropoff: Ints
    restaurant: Ints
    half_pickup: Floats
    placed: Floats
    ready: Floats
    """Expected moment the food is ready."""
    ready_std: Floats
    timed: Floats
    """Moment drivers set out for: ready + quantile * std."""
    due: Floats
    """Moment from which a job counts as late."""
    weight: Floats
    size: Ints
    locked: Ints
    """Driver who has the open offer of this job, -1: none."""
    # per driver
    place: Ints
    free: Floats
    off: Floats
    break_from: Floats
    break_to: Floats
    capacity: Ints
    fixed: Ints
    """Restaurant he must fetch at first (accepted or offered), -1: none."""
    banned: Bools
    """(drivers, jobs): declined, wrong vehicle or too big."""
    chance: Floats
    """(drivers, jobs): how likely the driver takes an offer of the job."""
    answer: float
    """Seconds until a driver refuses."""

    def may_share(self, k: int, restaurant: int) -> bool:
        """Return whether one trip may hold job k and a job of this restaurant."""
        own = int(self.restaurant[k])
        return own == restaurant or bool(self.near.size and self.near[own, restaurant])

    def lead(self, policy: Policy, d: int, k: int) -> float:
        """Return how long before the latest departure to offer job k to driver d: time for the refusals to expect."""
        return policy.lead_s + self.answer * (1.0 / float(self.chance[d, k]) - 1.0)


def roads_of(snapshot: Snapshot) -> Roads:
    """Return the travel times of a snapshot for the kernels.

    On the sphere points become 3-d, so that a straight line costs one square root and one
    arcsine, and ±180° is no edge.
    """
    travel, n = snapshot.travel, len(snapshot.places)
    none = np.zeros((0, 0))
    if isinstance(travel, StraightLine):
        raw = np.array(snapshot.places, dtype=np.float64).reshape(n, 2)
        points = np.zeros((n, 3))
        if snapshot.metres:
            points[:, :2] = raw
        else:
            lng, lat = np.radians(raw[:, 0]), np.radians(raw[:, 1])
            points[:, 0] = EARTH_RADIUS_M * np.cos(lat) * np.cos(lng)
            points[:, 1] = EARTH_RADIUS_M * np.cos(lat) * np.sin(lng)
            points[:, 2] = EARTH_RADIUS_M * np.sin(lat)
        pace = travel.factor / travel.speed_mps
        arc = 0.0 if snapshot.metres else 2 * EARTH_RADIUS_M
        return Roads(none, points, pace, arc, float(travel.round_up_s))
    if isinstance(travel, Pairs):
        table = np.full((n, n), np.inf)
        if travel.line is not None:
            every = np.arange(n)
            table = times(roads_of(replace(snapshot, travel=travel.line)), every[:, None], every[None, :])
        np.fill_diagonal(table, 0.0)
        if travel.seconds:
            starts, ends = np.array(list(travel.seconds), dtype=np.int64).T
            table[starts, ends] = np.fromiter(travel.seconds.values(), dtype=np.float64)
    else:
        rows = getattr(travel, "rows", None)
        if rows is None:
            rows = [[snapshot.time_s(a, b) for b in range(n)] for a in range(n)]
        table = np.array(rows, dtype=np.float64).reshape(n, n)
    table[~np.isfinite(table)] = FAR
    return Roads(np.ascontiguousarray(table), np.zeros((n, 3)), 0.0, 0.0, 0.0)


def times(roads: Roads, a: Ints, b: Ints) -> Floats:
    """Return seconds from places `a` to places `b`, broadcast against each other."""
    if roads.table.shape[0]:
        return roads.table[a, b]
    chord = np.sqrt(((roads.points[a] - roads.points[b]) ** 2).sum(axis=-1))
    if roads.arc:
        chord = roads.arc * np.arcsin(np.minimum(1.0, chord / roads.arc))
    seconds: Floats = chord * roads.pace
    if roads.step:
        seconds = np.ceil(seconds / roads.step - 1e-9) * roads.step
    return seconds


def build(snapshot: Snapshot, policy: Policy) -> Arrays:
    """Return the arrays of a round. Held jobs, and jobs no place is known of, are left out."""
    now = snapshot.now_s
    left_out: dict[str, Reason] = {}
    taking_part: list[Job] = []
    for job in sorted(snapshot.jobs, key=lambda j: (j.placed_s, j.id)):
        if job.held and job.holder is None:
            left_out[job.id] = Reason.ON_HOLD
        else:
            taking_part.append(job)
    real = len(taking_part)
    jobs = (*taking_part, *_expected(snapshot, policy))
    drivers = tuple(
        d
        for d in sorted(snapshot.drivers, key=lambda d: d.id)
        if d.state is not DriverState.UPCOMING or d.free_s <= now + policy.look_ahead_s
    )
    names = tuple(sorted({j.restaurant for j in jobs}))
    restaurant_at = {r: i for i, r in enumerate(names)}
    near = _near(snapshot, policy, jobs[:real], restaurant_at)
    fixed, locked = _bound(jobs, drivers, restaurant_at, near)
    weight = _floats([1.0 + policy.priority_weight * max(0, j.priority) for j in jobs])
    weight[real:] = policy.foresight_weight
    return Arrays(
        jobs=jobs,
        real=real,
        drivers=drivers,
        left_out=left_out,
        roads=roads_of(snapshot),
        restaurants=names,
        near=near,
        half_dropoff=float(snapshot.half_dropoff_s),
        pickup=_ints([j.pickup for j in jobs]),
        dropoff=_ints([j.dropoff for j in jobs]),
        restaurant=_ints([restaurant_at[j.restaurant] for j in jobs]),
        half_pickup=_floats([snapshot.half_pickup_at(j.restaurant) for j in jobs]),
        placed=_floats([j.placed_s - now for j in jobs]),
        ready=_floats([j.ready_s - now for j in jobs]),
        ready_std=_floats([j.ready_std_s for j in jobs]),
        timed=_floats([j.ready_s - now + policy.ready_quantile_std * j.ready_std_s for j in jobs]),
        due=_floats([_due_s(j, policy) - now for j in jobs]),
        weight=weight,
        size=_ints([j.size for j in jobs]),
        locked=locked,
        place=_ints([d.place for d in drivers]),
        free=_floats([_free_s(d, now) for d in drivers]),
        off=_floats([min(d.off_s - now, FAR) for d in drivers]),
        break_from=_floats([d.break_s[0] - now if d.break_s else FAR for d in drivers]),
        break_to=_floats([d.break_s[1] - now if d.break_s else FAR for d in drivers]),
        capacity=_ints([d.capacity for d in drivers]),
        fixed=fixed,
        banned=_banned(jobs, drivers),
        chance=chances(snapshot, jobs, drivers),
        answer=policy.answer_s if snapshot.answer_s is None else snapshot.answer_s,
    )


def _near(snapshot: Snapshot, policy: Policy, jobs: tuple[Job, ...], restaurant_at: dict[str, int]) -> Bools:
    """Return which restaurants one trip may fetch at; those of expected orders stay alone."""
    if not policy.stack_within_m:
        return np.zeros((0, 0), dtype=np.bool_)
    near = np.zeros((len(restaurant_at), len(restaurant_at)), dtype=np.bool_)
    place = {restaurant_at[j.restaurant]: j.pickup for j in reversed(jobs)}  # its first job says where it is
    real, at = _ints(list(place)), list(place.values())
    near[np.ix_(real, real)] = 1000.0 * _straight_km(snapshot, at, at) <= policy.stack_within_m
    return near


def _bound(
    jobs: tuple[Job, ...], drivers: tuple[Driver, ...], restaurant_at: dict[str, int], near: Bools
) -> tuple[Ints, Ints]:
    """Return the restaurant each driver must fetch at first, and who has the open offer of each job."""
    driver_at = {d.id: i for i, d in enumerate(drivers)}
    job_at = {job.id: k for k, job in enumerate(jobs)}
    fixed = np.full(len(drivers), -1, dtype=np.int64)
    locked = np.full(len(jobs), -1, dtype=np.int64)
    own = [jobs[job_at[j]] for d in drivers for j in d.holding if j in job_at and jobs[job_at[j]].holder == d.id]
    for job in (*own, *(job for job in jobs if job.holder in driver_at)):
        if fixed[driver_at[job.holder or ""]] < 0:
            fixed[driver_at[job.holder or ""]] = restaurant_at[job.restaurant]
    for k, job in enumerate(jobs):
        askers = sorted(d for d in job.offered_to if d in driver_at)
        if job.holder is None and askers:
            at, restaurant = driver_at[askers[0]], restaurant_at[job.restaurant]
            if fixed[at] < 0:
                fixed[at] = restaurant
            if fixed[at] == restaurant or (near.size and near[fixed[at], restaurant]):
                locked[k] = at
    return fixed, locked


def _expected(snapshot: Snapshot, policy: Policy) -> tuple[Job, ...]:
    """Return the orders expected next: those of the last `foresight_s`, moved ahead by as much.

    A recent stretch repeated is a sample of the near future with the right number of orders,
    restaurants, doors and preparation times, and no chance in it. Each is of a restaurant of
    its own, so that nothing is stacked on an order that may never come.
    """
    ahead = policy.foresight_s
    if policy.foresight_weight == 0:
        return ()
    recent = [p for p in snapshot.past if 0 <= snapshot.now_s - p.placed_s < ahead]
    return tuple(
        Job(
            id=f"{EXPECTED}{p.id}",
            restaurant=f"{EXPECTED}{p.id}",
            pickup=p.pickup,
            dropoff=p.dropoff,
            placed_s=p.placed_s + ahead,
            ready_s=p.ready_s + ahead,
        )
        for p in sorted(recent, key=lambda p: (p.placed_s, p.id))
    )


def _free_s(driver: Driver, now: float) -> float:
    """Seconds from now until the next trip can start; an arrival in the past stays in the past."""
    free = driver.free_s - now
    return free if driver.state is DriverState.INBOUND else max(0.0, free, driver.on_s - now)


def _due_s(job: Job, policy: Policy) -> float:
    return max(job.placed_s + policy.target_s, job.promised_s or -math.inf)


def _banned(jobs: tuple[Job, ...], drivers: tuple[Driver, ...]) -> Bools:
    """Return (drivers, jobs): True where the pair is forbidden; a holder is never banned."""
    banned = np.zeros((len(drivers), len(jobs)), dtype=np.bool_)
    at = {d.id: i for i, d in enumerate(drivers)}
    capacity = _ints([d.capacity for d in drivers])
    for k, job in enumerate(jobs):
        if job.vehicles is not None:
            banned[:, k] |= np.array([d.vehicle not in job.vehicles for d in drivers], np.bool_)
        if job.size > 1 or (capacity < 1).any():
            banned[:, k] |= capacity < job.size
        for driver in job.declined:
            if driver in at:
                banned[at[driver], k] = True
        if job.holder in at:
            banned[at[job.holder], k] = False
    return banned


def chances(snapshot: Snapshot, jobs: tuple[Job, ...], drivers: tuple[Driver, ...]) -> Floats:
    """Return (drivers, jobs): the chance of a yes, by the formula of `acceptance`."""
    rate = _floats([max(d.accept_p, LEAST) for d in drivers])[:, None]
    known = np.array([d.usual_km is not None for d in drivers], dtype=np.bool_)
    if not known.any() or not jobs or (rate >= 1.0).all():
        return np.repeat(rate, len(jobs), axis=1)
    to_pickup = _straight_km(snapshot, [d.place for d in drivers], [j.pickup for j in jobs])
    to_door = _floats([snapshot.distance_m(j.pickup, j.dropoff) / 1000.0 for j in jobs])
    shift = snapshot.slopes.distance * (_floats([d.usual_km or 0.0 for d in drivers])[:, None] - to_pickup)
    paid = _floats([j.pay or 0.0 for j in jobs])
    pay = np.log(np.maximum(paid, 1.0) / np.maximum(to_pickup + to_door, SHORT_KM))
    usual = _floats([math.nan if d.usual_pay is None else d.usual_pay for d in drivers])[:, None]
    shift += np.where((paid > 0.0) & ~np.isnan(usual), snapshot.slopes.pay * (pay - usual), 0.0)
    shift = np.clip(np.where(known[:, None], shift, 0.0), -MOST_SHIFT, MOST_SHIFT)
    learnt = np.clip(1.0 / (1.0 + (1.0 / rate - 1.0) * np.exp(-shift)), LEAST, MOST)
    return np.where(rate < 1.0, learnt, 1.0)


def _straight_km(snapshot: Snapshot, a: list[int], b: list[int]) -> Floats:
    """Return the straight kilometres from each of places `a` to each of `b`, whatever the travel times are made of."""
    line = roads_of(replace(snapshot, travel=StraightLine(speed_mps=1.0, factor=1.0)))
    return times(line, _ints(a)[:, None], _ints(b)[None, :]) / 1000.0


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _floats(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)
