"""How likely a driver takes an offer: learnt from few answers, bounded, in closed form.

    logit p(driver, job) = logit rate + pay_slope * (pay - usual pay) - distance_slope * (way - usual way)

`rate` is the driver's share of offers taken, shrunk to the share of all drivers because a
handful of answers says little (beta-binomial; B. Efron and C. Morris, "Stein's Paradox in
Statistics", Scientific American 236, 1977). Pay is the logarithm of the pay per kilometre,
`way` the kilometres to the restaurant. Both are measured from what the driver is usually
offered, so that who is always asked from far away is not punished twice. That drivers weigh
the fare and the way to the pickup is measured in P. Ashkrof et al., "Ride acceptance
behaviour of ride-sourcing drivers", Transportation Research C 142, 2022; how much is learnt
here, by least squares within drivers, shrunk to cautious slopes.

Pure, standard library only: a driver is a handful of sums, which a database can make. The
formula itself stands in `arrays`, for all pairs at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LEAST: Final = 0.05  # nobody is written off: who refused all day is asked when nobody else is left
MOST: Final = 0.98
RATE: Final = 0.85  # what is assumed of drivers before any answer
RATE_OFFERS: Final = 20.0  # as if so many offers of all drivers had been answered like that
DRIVER_OFFERS: Final = 8.0  # as if so many of the driver's own had been answered as all drivers do
PAY_SLOPE: Final = 1.0  # log-odds per unit of log pay per kilometre, before any answer
DISTANCE_SLOPE: Final = 0.2  # log-odds lost per kilometre to the restaurant, before any answer
SLOPE_OFFERS: Final = 200.0  # as if so many offers, with a spread of 0.5 and 1 km, had shown these slopes
MOST_SHIFT: Final = 2.0  # log-odds that pay and distance together may move a driver's rate
SHORT_KM: Final = 0.2  # a way is not counted shorter, or its pay per kilometre knows no bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Sums over a driver's last offers; x is the log pay per kilometre, y the kilometres to the pickup."""

    offers: int = 0
    taken: int = 0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0
    yy: float = 0.0
    taken_x: float = 0.0
    """Sum of x over the offers taken."""
    taken_y: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slopes:
    """How much pay and distance matter to drivers, in log-odds; never of the wrong sign."""

    pay: float = PAY_SLOPE
    distance: float = DISTANCE_SLOPE


def common_rate(everybody: Iterable[Answers]) -> float:
    """Return the share of offers that drivers take, all together."""
    offers, taken = RATE_OFFERS, RATE_OFFERS * RATE
    for a in everybody:
        offers += a.offers
        taken += a.taken
    return bounded(taken / offers)


def rate(a: Answers, common: float) -> float:
    """Return the share of offers this driver takes; with few answers mostly that of all."""
    return bounded((a.taken + DRIVER_OFFERS * common) / (a.offers + DRIVER_OFFERS))


def slopes(everybody: Iterable[Answers], common: float) -> Slopes:
    """Return what pay and distance change, by least squares around each driver's own means.

    A slope of shares becomes one of log-odds through the derivative p (1 - p) of the logistic.
    """
    steep = common * (1.0 - common)
    xx, xy, yy = SLOPE_OFFERS * 0.25, 0.0, SLOPE_OFFERS
    tx, ty = steep * PAY_SLOPE * xx, -steep * DISTANCE_SLOPE * yy
    for a in everybody:
        if a.offers > 1:
            xx += a.xx - a.x * a.x / a.offers
            xy += a.xy - a.x * a.y / a.offers
            yy += a.yy - a.y * a.y / a.offers
            tx += a.taken_x - a.taken * a.x / a.offers
            ty += a.taken_y - a.taken * a.y / a.offers
    det = (xx * yy - xy * xy) * steep  # positive: the prior alone makes it so
    return Slopes(pay=max(0.0, (tx * yy - ty * xy) / det), distance=max(0.0, (tx * xy - ty * xx) / det))


def bounded(p: float) -> float:
    """Return the chance within what is ever believed."""
    return max(LEAST, min(MOST, p))
