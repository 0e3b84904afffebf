"""The parameters of a decision, with units, defaults and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

VERSION: Final = 1
NAMES: Final = ("plan", "batch", "nearest")  # from the best to the simplest: the fallback order

BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "nearest_k": (1, 200),
    "lead_s": (0, 900),
    "answer_s": (0, 300),
    "look_ahead_s": (0, 7200),
    "target_s": (300, 14400),
    "overage_weight": (0, 10),
    "pay_weight_s": (0, 600),
    "position_weight": (0, 2),
    "priority_weight": (0, 10),
    "acceptance_weight": (0, 5),
    "ready_quantile_std": (-2, 3),
    "foresight_s": (0, 7200),
    "foresight_weight": (0, 1),
    "foresight_wait_s": (0, 7200),
    "max_stops": (1, 16),
    "max_batch": (1, 8),
    "max_detour_s": (0, 7200),
    "max_food_age_s": (60, 14400),
    "max_late_s": (0, 14400),
    "stack_within_m": (0, 2000),
    "parallel_after": (1, 100),
    "parallel_within_s": (0.0, 3600.0),
    "fairness_weight": (0, 2),
    "max_misses": (0, 1000),
    "miss_pull_s": (0, 3600),
    "passes": (1, 20),
    "rounds": (1, 20),
    "max_moves": (1, 1_000_000),
    "candidates_k": (1, 10_000),
    "dense_below": (1, 10_000),
    "explain_top": (0, 50),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How to decide. Every number has a bound in `BOUNDS`; a Policy outside them cannot exist."""

    strategy: str = "plan"
    """`plan`, `batch` or `nearest`."""

    # -- who and when ------------------------------------------------------------------------
    nearest_k: int = 8
    """Drivers looked at per job by `nearest`."""
    lead_s: float = 0.0
    """Send offers so many seconds before the latest departure."""
    answer_s: float = 10.0
    """Expected seconds until a driver answers; the lead grows by this per expected refusal."""
    look_ahead_s: float = 3600.0
    """Drivers of the roster who come on duty within this time take part."""

    # -- objective, in seconds of one customer ---------------------------------------------
    target_s: float = 2400.0
    """Click-to-door target; seconds past it (or past the promise, if later) cost extra."""
    overage_weight: float = 0.1
    """Extra cost per second past the target."""
    pay_weight_s: float = 60.0
    """Cost of each order paid above the driver's guarantee; 0 where there is none."""
    position_weight: float = 0.1
    """Cost per second the driver stands nearer to the demand than the average driver."""
    priority_weight: float = 0.25
    """Each priority step makes a job's seconds count so much more."""
    acceptance_weight: float = 0.25
    """How much of the expected cost of a refusal enters the choice of a driver."""
    fairness_weight: float = 0.0
    """Cost per second a driver has idled less than the average; 0 switches fairness off."""
    max_misses: int = 0
    """From so many misses in a row on a driver goes first; 0 switches the guardrail off."""
    miss_pull_s: float = 300.0
    """How much going first is worth: what customers may wait longer so that he gets work."""
    ready_quantile_std: float = -1.0
    """Drivers are timed to ready_s + this many ready_std_s."""
    foresight_s: float = 900.0
    """The next so many seconds are expected to bring the orders of the last so many."""
    foresight_weight: float = 0.3
    """What a second of an expected order counts against one of a real order; 0: no foresight."""
    foresight_wait_s: float = 1800.0
    """Seconds of waiting that an expected order counts at most. It keeps being expected: a real one with a
    long way would wait behind such for ever."""

    # -- stacking ------------------------------------------------------------------------------
    max_stops: int = 14
    """Most jobs in one driver's plan."""
    max_batch: int = 4
    """Most jobs in one trip."""
    max_detour_s: float = 1800.0
    """Most seconds a job's way from pickup to door may exceed the direct way."""
    max_food_age_s: float = 5400.0
    """Most seconds between pickup and door within a batch of several."""
    max_late_s: float = 3600.0
    """Most seconds past target or promise of a job in a batch of several; later ones go alone."""
    stack_within_m: float = 0.0
    """One trip may fetch at two restaurants at most so far apart; 0: at one."""
    parallel_after: int = 2
    """From so many refusals on a job is offered to two drivers at once; the first one wins."""
    parallel_within_s: float = 60.0
    """Most seconds the second of the two may be later at the doors, once more with every further refusal."""

    # -- work ----------------------------------------------------------------------------------
    passes: int = 3
    """Relocation passes per round of the search."""
    rounds: int = 2
    """Rounds of relocation, exchange and re-deal."""
    max_moves: int = 20_000
    """Most accepted moves of one search: the bound of its work."""
    candidates_k: int = 60
    """Drivers looked at per job when a zone has more than this."""
    dense_below: int = 300
    """Assignment problems with fewer rows are solved dense, others sparse."""
    explain_top: int = 5
    """Excluded drivers named per job."""

    def __post_init__(self) -> None:
        if self.strategy not in NAMES:
            raise ValueError(f"strategy: expected one of {', '.join(NAMES)}, got {self.strategy!r}")
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name}: expected a number, got {value!r}")
            if not low <= value <= high:
                raise ValueError(f"{name}: expected {low:g} to {high:g}, got {value:g}")

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as JSON values, with the version of this form."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote; absent fields take their defaults.

        Raises:
            ValueError: for an unknown version or field, or a value out of bounds.
        """
        version = data.get("version", VERSION)
        if version != VERSION:
            raise ValueError(f"version: expected {VERSION}, got {version!r}")
        known = {f.name: type(f.default) for f in fields(cls)}
        given: dict[str, Any] = {}
        for name, value in data.items():
            if name == "version":
                continue
            if name not in known:
                raise ValueError(f"{name}: no such parameter")
            whole = known[name] is int and isinstance(value, float) and value.is_integer()
            given[name] = int(value) if whole else value
        return cls(**given)
