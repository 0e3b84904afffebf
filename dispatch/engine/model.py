"""What goes into a decision and what comes out.

Moments are float seconds since the Unix epoch of business time, durations are seconds,
distances metres, ids strings. Nothing here reads a clock, a database or a random number:
the same snapshot and policy give the same plan, byte for byte.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dispatch.engine.acceptance import Slopes
from dispatch.engine.travel import Point, StraightLine, Travel, flat_distance_m, sphere_distance_m


class DriverState(StrEnum):
    """Where a driver is in his work."""

    IDLE = "IDLE"  # free now, at `place`
    INBOUND = "INBOUND"  # on the way to, or waiting at, a restaurant
    BUSY = "BUSY"  # food on board; free at `free_s`, then at `place`
    UPCOMING = "UPCOMING"  # in the roster, on duty from `on_s`


class Reason(StrEnum):
    """Why a driver was not chosen for a job, or a job has no place."""

    DECLINED = "declined"  # he turned this job down
    HOLDS_OFFER = "holds-an-offer"
    BUSY = "busy"
    NOT_ON_DUTY = "not-on-duty"
    SHIFT_ENDS = "shift-ends"  # no pickup before his shift ends
    BREAK = "break"
    TOO_FAR = "too-far"  # outside the job's search radius
    NO_WAY = "no-way"  # the travel times know no way
    VEHICLE = "vehicle"
    CAPACITY = "capacity"
    LATER = "later"  # could do it, but dearer than the chosen one
    NOT_WEIGHED = "not-weighed"  # `policy.candidates_k` others could do it for less
    ON_HOLD = "on-hold"  # operations hold the job
    OFFER_OPEN = "offer-open"  # the job is out with a driver
    NOT_YET = "not-yet"  # next attempt is later
    NO_DRIVER = "no-driver"  # nobody can take it


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An open delivery: known and not yet picked up."""

    id: str
    restaurant: str
    pickup: int
    """Index into `Snapshot.places`."""
    dropoff: int
    """Index into `Snapshot.places`."""
    placed_s: float
    ready_s: float
    """Expected moment the food is ready (or was)."""
    ready_std_s: float = 0.0
    """Uncertainty of `ready_s`; 0 once the kitchen has said ready."""
    promised_s: float | None = None
    """Moment promised to the customer; None: placed_s + policy.target_s."""
    holder: str | None = None
    """Driver who accepted; binding but for exchanges before pickup with who fetches there too."""
    size: int = 1
    """Units of driver capacity."""
    priority: int = 0
    held: bool = False
    """Operations hold it back: it stays out of the round."""
    declined: frozenset[str] = frozenset()
    """Drivers who must not be asked (again)."""
    refusals: int = 0
    """Offers of this job declined or expired so far."""
    offered_to: frozenset[str] = frozenset()
    """Drivers with an open offer of this job; while there are any it goes to nobody else, but for a
    second driver after `policy.parallel_after` refusals."""
    vehicles: frozenset[str] | None = None
    """Vehicles that may carry it; None: any."""
    pay: float | None = None
    """What the driver gets for it, in any unit that `Driver.usual_pay` shares; None: unknown."""
    next_attempt_s: float = -math.inf
    """Gates `nearest` alone."""
    radius_m: float = math.inf
    """Search radius around the pickup, metres; gates `nearest` alone."""
    first_due_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A driver on duty, or one in the roster soon to be."""

    id: str
    state: DriverState
    place: int
    """Where his next trip starts: IDLE his position, BUSY the last drop-off, INBOUND the
    restaurant, UPCOMING where he starts. Index into `Snapshot.places`."""
    free_s: float
    """When his next trip can start: IDLE now or earlier, BUSY the end of the last drop-off,
    INBOUND the expected arrival at the restaurant, UPCOMING `on_s`."""
    on_s: float = -math.inf
    off_s: float = math.inf
    """No pickup after this moment; drop-offs may be later."""
    break_s: tuple[float, float] | None = None
    """Planned break (from, to): no trip that is still running at its start may be begun."""
    vehicle: str = ""
    capacity: int = 1_000_000
    """Units he can carry at once."""
    restaurant: str | None = None
    """Where the trip he holds begins (INBOUND, or BUSY with the next trip accepted)."""
    holding: tuple[str, ...] = ()
    """Jobs he accepted and has not picked up, in drop order; of `restaurant`, and one near it."""
    has_open_offer: bool = False
    taken: int = 0
    """Orders of this shift so far."""
    guarantee_orders: float = 0.0
    """Orders of this shift that the guaranteed pay covers; 0: paid per order."""
    idle_s: float = 0.0
    """Seconds without a job since the last one, or since he began (fairness)."""
    misses: int = 0
    """Orders in a row that he could have taken, as one of the nearest, and that went to others (fairness)."""
    accept_p: float = 1.0
    """Chance that he takes an offer as he usually gets them."""
    usual_pay: float | None = None
    """Log pay per kilometre of his usual offers (`acceptance`); None: unknown, pay does not matter."""
    usual_km: float | None = None
    """Kilometres to the restaurant of his usual offers; None: unknown, distance does not matter."""
    position: int | None = None
    """Where he was last seen, if that differs from `place`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """How often a place is ordered from lately: `weight` orders, older ones counting less."""

    place: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An order placed lately, whatever became of it: a sample of what will be ordered next."""

    id: str
    pickup: int
    dropoff: int
    placed_s: float
    ready_s: float
    """As it was told when the order was placed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One zone at one moment: all that a decision may depend on."""

    zone: str
    now_s: float
    period_s: float
    """Time until the next round: what can wait so long without harm, waits."""
    places: tuple[Point, ...]
    """(lng, lat) degrees, or (x, y) metres when `metres`."""
    metres: bool = False
    jobs: tuple[Job, ...] = ()
    drivers: tuple[Driver, ...] = ()
    travel: Travel = field(default_factory=StraightLine)
    half_pickup_s: float = 120.0
    """Arrival to food in hand, and again food in hand to leaving."""
    half_pickup_by_restaurant: Mapping[str, float] = field(default_factory=dict)
    half_dropoff_s: float = 120.0
    """Arrival to handed over, and again handed over to free."""
    demand: tuple[Demand, ...] = ()
    """Every restaurant of the zone that may be ordered from, weighted by the last hours."""
    past: tuple[Past, ...] = ()
    """Orders placed within the last `policy.foresight_s` seconds; older ones are ignored."""
    slopes: Slopes = field(default_factory=Slopes)
    """How pay and distance change the chance that an offer is taken."""
    answer_s: float | None = None
    """Seconds until a driver refuses, as learnt; None: `policy.answer_s`."""
    memo: bytes | None = None
    """`Plan.memo` of the round before; checked against this snapshot, never trusted."""

    def half_pickup_at(self, restaurant: str) -> float:
        """Return the half pickup service of a restaurant, seconds."""
        return self.half_pickup_by_restaurant.get(restaurant, self.half_pickup_s)

    def time_s(self, a: int, b: int) -> float:
        """Return the travel seconds between two places; inf when there is no way."""
        return self.travel.time_s(a, b, self.places, metres=self.metres)

    def distance_m(self, a: int, b: int) -> float:
        """Return the straight distance of two places, metres."""
        distance = flat_distance_m if self.metres else sphere_distance_m
        return distance(self.places[a], self.places[b])


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One trip to offer now to one driver."""

    driver: str
    restaurant: str
    """Where he fetches, at first if there are two."""
    jobs: tuple[str, ...]
    """In drop order; all of one restaurant, or of two that the policy calls near."""
    leave_s: float
    """Latest departure that does not delay the food."""
    pickup_eta_s: float
    dropoff_eta_s: tuple[float, ...]
    """Handing over, one per job."""
    pickup_etas_s: tuple[float, ...] = ()
    """Food in hand, one per job; empty: all at `pickup_eta_s`."""
    score: Mapping[str, float] = field(default_factory=dict)
    """Parts of the cost of the whole trip, seconds: smaller is better."""
    job_scores: tuple[Mapping[str, float], ...] = ()
    """Parts that are each job's own, one per job; empty: all are in `score`."""
    parallel: bool = False
    """A second driver asked for the same jobs; the first to accept wins."""

    def pickup_eta_of(self, job: str) -> float:
        """Return when the food of one of its jobs is in hand."""
        return self.pickup_etas_s[self.jobs.index(job)] if self.pickup_etas_s else self.pickup_eta_s

    def score_of(self, job: str) -> dict[str, float]:
        """Return the parts of the cost as one of its jobs has them: its own, and those of the trip."""
        own = self.job_scores[self.jobs.index(job)] if self.job_scores else {}
        return {**own, **self.score}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A job that can wait: `driver` is who it would be today, and may change until due."""

    due_s: float
    driver: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """A new set of jobs for a driver who has not picked up yet, never empty; he fetches at the same restaurant first.

    All resets of a plan belong together: jobs leave one driver for another. Apply all in
    one transaction or none.
    """

    driver: str
    jobs: tuple[str, ...]
    """All jobs he holds afterwards, in drop order."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    pickup_eta_s: float = 0.0
    dropoff_eta_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A driver who does not get the job, and why."""

    driver: str
    reason: Reason
    value: float = 0.0
    """Metres for too-far; for later, seconds later at the door than who was asked (0: no later, or nobody was); else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do now. Every job of the snapshot is in exactly one of: `proposals` (a parallel
    one repeats its jobs), a driver's `holding` after `resets`, `waiting`, `unplaced`.
    """

    strategy: str
    proposals: tuple[Proposal, ...] = ()
    resets: tuple[Reset, ...] = ()
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    unplaced: Mapping[str, Reason] = field(default_factory=dict)
    exclusions: Mapping[str, tuple[Exclusion, ...]] = field(default_factory=dict)
    """Per proposed or due job, the nearest drivers who do not get it."""
    memo: bytes | None = None
    stats: Mapping[str, float] = field(default_factory=dict)
    """moves, objective_s, drivers, jobs, ..."""
