"""Measures of one simulated day: what customer, courier and operator get."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dispatch.engine.mdrp.bounds import direct_bound
from dispatch.engine.mdrp.instance import Floats, Instance, Ints
from dispatch.engine.mdrp.sim import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Minutes unless the name says otherwise; means are over delivered orders."""

    instance: str
    strategy: str
    orders: int
    couriers: int
    delivered: int
    undelivered_pct: float
    ctd_mean: float
    """Click-to-door."""
    ctd_padded_mean: float
    """Click-to-door with an undelivered order as the maximum (90)."""
    ctd_p50: float
    ctd_p90: float
    ctd_p99: float
    over_maximum: int
    """Orders delivered past the maximum."""
    overage_mean: float
    """Minutes past the target."""
    late_pct: float
    ready_to_door_mean: float
    ready_to_pickup_mean: float
    pay_per_order: float
    utilisation: float
    """Share of the shifts spent driving and serving."""
    orders_per_trip: float
    bound_mean: float
    """Lower bound of click-to-door over all orders."""
    rounds: int
    cpu_ms_mean: float
    cpu_ms_p99: float
    cpu_ms_max: float
    offers: int
    refusals: int
    bytes_mean: float = math.nan
    """Size of a recorded round that offers something (`codec.encode`); some of them."""
    bytes_p99: float = math.nan


def measure(day: Instance, result: Result, strategy: str) -> Measures:
    """Return the measures of one day's result."""
    ok = result.dropoff >= 0
    n, done = len(day.order_ids), int(ok.sum())
    ctd = (result.dropoff - day.placed)[ok]
    over = np.maximum(0, ctd - day.target)
    shift: Ints = day.off - day.on
    served = np.bincount(result.courier[ok], minlength=len(day.courier_ids))
    pay = np.maximum(served * day.pay_order, shift / 60.0 * day.pay_hour)
    pickups = pickups_of(day, result)
    work = result.drive + pickups * day.pickup_service + served * day.dropoff_service
    bound = direct_bound(day)
    padded = np.where(ok, result.dropoff - day.placed, np.maximum(day.maximum, bound))
    cpu = 1e3 * np.array(result.cpu_s or [0.0])
    return Measures(
        instance=day.name,
        strategy=strategy,
        orders=n,
        couriers=len(day.courier_ids),
        delivered=done,
        undelivered_pct=100.0 * (n - done) / n,
        ctd_mean=_mean(ctd),
        ctd_padded_mean=_mean(padded),
        ctd_p50=_quantile(ctd, 50),
        ctd_p90=_quantile(ctd, 90),
        ctd_p99=_quantile(ctd, 99),
        over_maximum=int((ctd > day.maximum).sum()),
        overage_mean=_mean(over),
        late_pct=100.0 * float((ctd > day.target).sum() + n - done) / n,
        ready_to_door_mean=_mean((result.dropoff - day.ready)[ok]),
        ready_to_pickup_mean=_mean((result.pickup - day.ready)[ok]),
        pay_per_order=float(pay.sum()) / max(1, done),
        utilisation=float((work / shift).mean()),
        orders_per_trip=done / max(1, len(result.trips)),
        bound_mean=_mean(bound),
        rounds=len(result.cpu_s),
        cpu_ms_mean=float(cpu.mean()),
        cpu_ms_p99=_quantile(cpu, 99),
        cpu_ms_max=float(cpu.max()),
        offers=result.offers,
        refusals=result.refusals,
    )


def pickups_of(day: Instance, result: Result) -> Ints:
    """Return how often each courier fetched at a restaurant."""
    pickups = np.zeros(len(day.courier_ids), dtype=np.int64)
    for _, _, c, orders in result.trips:
        pickups[c] += len({int(day.order_restaurant[o]) for o in orders})
    return pickups


def _mean(values: Ints | Floats) -> float:
    return float(values.mean()) if values.size else float("nan")


def _quantile(values: Ints | Floats, percent: float) -> float:
    return float(np.percentile(values, percent)) if values.size else float("nan")
