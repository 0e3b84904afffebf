"""How long a kitchen takes, learned from what was seen. Pure arithmetic, no clock, no chance.

A *belief* is a distribution over durations, kept as masses on a grid. It starts as a default
that counts as so many orders, is narrowed by what was seen, and is bent by what is known of
one order: what was told of it, and that it was not ready yet at some moment.

    narrowed(x) = (strength * belief(x) + sum_i weight_i * kernel(x - seen_i)) / (strength + sum_i weight_i)
    told(x)    ~  belief(x) * density of the error of what was told, at told - x
    not before ~  belief(x) where x > moment, else 0

An order that was seen too late ("it was ready when the driver came") counts with its weight
spread over all that is believed up to that moment, so that it pulls down and never up.

Sources: H. Robbins, "An Empirical Bayes Approach to Statistics", Third Berkeley Symposium
(1956), with the mixture of T. S. Ferguson, "A Bayesian Analysis of Some Nonparametric
Problems", Annals of Statistics 1 (1973), as the shrinkage; B. Efron, "The Two Sample Problem
with Censored Data", Fifth Berkeley Symposium (1967), for what was seen too late.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

STEP_S: Final = 60.0
_ROOT2: Final = math.sqrt(2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One past order: how long it took, or at most took."""

    value_s: float
    weight: float = 1.0
    exact: bool = True
    """False: it was ready when somebody looked, `value_s` is that moment."""


@dataclass(frozen=True, slots=True)
class Belief:
    """A distribution of a duration. Values beyond the grid count as its ends."""

    at_s: Floats
    """(n,) ascending, `STEP_S` apart."""
    mass: Floats
    """(n,) not negative, sum 1."""

    @classmethod
    def point(cls, value_s: float, *, low_s: float, high_s: float) -> Self:
        """Return the belief that it is `value_s`, on a grid from `low_s` to `high_s`."""
        at = np.arange(low_s, high_s + STEP_S / 2, STEP_S)
        return cls(at, _nearest(at, value_s))

    @classmethod
    def log_normal(cls, median_s: float, spread: float, *, high_s: float) -> Self:
        """Return a skewed belief above 0: the logarithm has the standard deviation `spread`."""
        at = np.arange(STEP_S, high_s + STEP_S / 2, STEP_S)
        mass = np.exp(-0.5 * (np.log(at / median_s) / spread) ** 2) / at
        return cls(at, mass / mass.sum())

    def narrowed(self, seen: Sequence[Seen], *, strength: float, width_s: float = 0.0) -> Belief:
        """Return the belief after these orders, the old one counting as `strength` orders.

        Every exact order is spread over its neighbourhood by a bell of `width_s`. The order
        of `seen` does not matter.
        """
        exact, late = [s for s in seen if s.exact], [s for s in seen if not s.exact]
        total = strength + sum(s.weight for s in exact)
        if total <= 0.0:
            return self
        mass = strength * self.mass
        if width_s > 0.0:
            for s in exact:
                mass = mass + s.weight * self._bell(s.value_s, width_s)
        elif exact:
            index = [_index(self.at_s, s.value_s) for s in exact]
            mass = mass + np.bincount(index, weights=[s.weight for s in exact], minlength=len(mass))
        if not late:
            return Belief(self.at_s, mass / total)
        known = Belief(self.at_s, mass / total)
        for s in late:
            mass = mass + s.weight * known._up_to(s.value_s)
        return Belief(self.at_s, mass / (total + sum(s.weight for s in late)))

    def told(self, value_s: float, std_s: float, *, least_s: float = -math.inf) -> Belief:
        """Return the belief after `value_s` was said, with a normal error of `std_s`.

        A statement is never below `least_s`: who says that may mean anything below.
        """
        if std_s <= 0.0:
            return Belief(self.at_s, _nearest(self.at_s, value_s))
        z = (value_s - self.at_s) / std_s
        clipped = value_s <= least_s
        likely = np.array([0.5 * math.erfc(-x / _ROOT2) for x in z]) if clipped else np.exp(-0.5 * z * z)
        mass = self.mass * likely
        total = mass.sum()
        return Belief(self.at_s, mass / total) if total > 0.0 else self

    def not_before(self, moment_s: float) -> Belief:
        """Return the belief once it is known that it is not ready at `moment_s`."""
        mass = np.where(self.at_s > moment_s, self.mass, 0.0)
        total = mass.sum()
        if total > 1e-12:
            return Belief(self.at_s, mass / total)
        return Belief(self.at_s, _nearest(self.at_s, moment_s + STEP_S))

    def quantile_s(self, share: float) -> float:
        """Return the smallest value with at least this share of the mass at or below it."""
        index = int(np.searchsorted(np.cumsum(self.mass), share - 1e-12))
        return float(self.at_s[min(index, len(self.at_s) - 1)])

    @property
    def middle_s(self) -> float:
        """Return the mean of the middle half: one wild order in three or more does not move it."""
        above = np.cumsum(self.mass)
        inside = np.clip(above, 0.25, 0.75) - np.clip(above - self.mass, 0.25, 0.75)
        return float(inside @ self.at_s / inside.sum())

    @property
    def mean_s(self) -> float:
        """Return the mean."""
        return float(self.mass @ self.at_s)

    @property
    def std_s(self) -> float:
        """Return the standard deviation."""
        return math.sqrt(max(0.0, float(self.mass @ (self.at_s - self.mean_s) ** 2)))

    def _bell(self, value_s: float, width_s: float) -> Floats:
        value = min(max(value_s, self.at_s[0]), self.at_s[-1])
        bell: Floats = np.exp(-0.5 * ((self.at_s - value) / width_s) ** 2)
        return bell / bell.sum()

    def _up_to(self, value_s: float) -> Floats:
        mass: Floats = np.where(self.at_s <= value_s, self.mass, 0.0)
        total = mass.sum()
        return mass / total if total > 1e-12 else _nearest(self.at_s, value_s)


def _index(at: Floats, value_s: float) -> int:
    """Return the index of the grid's nearest value."""
    return min(max(round((value_s - float(at[0])) / STEP_S), 0), len(at) - 1)


def _nearest(at: Floats, value_s: float) -> Floats:
    """Return all mass on the grid's nearest value."""
    mass = np.zeros(len(at))
    mass[_index(at, value_s)] = 1.0
    return mass


# --- a kitchen's habit -----------------------------------------------------------------------

HOURS: Final = 24
BASKETS: Final = (2, 4, 8)
"""Pieces that stand for a small, a middling and a big basket."""
STATED_ORDERS: Final = 6.0
"""What the kitchen states counts as much as so many orders: no history changes nothing."""
OTHER_WEIGHT: Final = 0.25
"""An order of quite another hour and basket counts so much; one just like this counts 1."""
NEAR_HOURS: Final = 1.5
NEAR_BASKETS: Final = 0.7  # of the logarithm: twice as many pieces still have half a say
HALVING_ORDERS: Final = 60.0
"""An order counts half when so many came after it: kitchens change their staff."""
EARLIEST_S: Final = -3600.0
LATEST_S: Final = 7200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cooked:
    """One past order of a kitchen, against what the kitchen stated when it accepted."""

    hour: int
    """Local hour of the acceptance, 0 to 23."""
    pieces: int
    late_s: float
    """Seen ready minus stated ready; below 0: earlier."""
    exact: bool = True
    """False: it lay ready when the driver came, `late_s` is that moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How much later than stated a kitchen is."""

    late_s: float = 0.0
    std_s: float = 0.0
    orders: float = 0.0
    """How many orders just like this it rests on; older and other ones count in part."""


def basket_of(pieces: int) -> int:
    """Return the index into `BASKETS` of the nearest basket."""
    return min(range(len(BASKETS)), key=lambda b: abs(math.log(max(1, pieces) / BASKETS[b])))


def habit(cooked: Sequence[Cooked], *, hour: int | None = None, pieces: int | None = None) -> Habit:
    """Return how late a kitchen is for an order of this hour and basket; None: for any.

    `cooked` is its past, newest first. The estimate is the mean of the middle half of the
    belief that starts at "as stated"; the spread is half the way between the 16 % and the
    84 % quantile, which is the standard deviation where errors are normal.
    """
    seen = [
        Seen(value_s=c.late_s, weight=0.5 ** (age / HALVING_ORDERS) * _alike(c, hour, pieces), exact=c.exact)
        for age, c in enumerate(cooked)
    ]
    belief = Belief.point(0.0, low_s=EARLIEST_S, high_s=LATEST_S).narrowed(seen, strength=STATED_ORDERS)
    return Habit(
        late_s=belief.middle_s,
        std_s=(belief.quantile_s(0.84) - belief.quantile_s(0.16)) / 2.0,
        orders=sum(s.weight for s in seen),
    )


def habits(cooked: Sequence[Cooked]) -> Mapping[tuple[int, int], Habit]:
    """Return the habit by (hour, basket) wherever the past has orders of that hour and basket."""
    cells = sorted({(c.hour, basket_of(c.pieces)) for c in cooked})
    return {(hour, basket): habit(cooked, hour=hour, pieces=BASKETS[basket]) for hour, basket in cells}


def _alike(c: Cooked, hour: int | None, pieces: int | None) -> float:
    """Return how much an order says about another: 1 for the same hour and basket."""
    near = 1.0
    if hour is not None:
        apart = min((c.hour - hour) % HOURS, (hour - c.hour) % HOURS)
        near *= math.exp(-0.5 * (apart / NEAR_HOURS) ** 2)
    if pieces is not None:
        near *= math.exp(-0.5 * (math.log(max(1, c.pieces) / max(1, pieces)) / NEAR_BASKETS) ** 2)
    return OTHER_WEIGHT + (1.0 - OTHER_WEIGHT) * near
