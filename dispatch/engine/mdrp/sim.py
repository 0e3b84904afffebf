"""Minute-stepped simulator of the published rules of the Meal Delivery Routing Problem.

A dispatcher sees what is known at the decision: restaurants, the roster and the orders
placed and not picked up. A broken rule raises `RuleError`; nothing is repaired silently:

* couriers take instructions only where they start or had their last drop-off, and cannot be
  diverted on the way;
* pickup = later of food ready (all of the trip) and arrival + half the pickup service;
  leaving = pickup + the other half; drop-off = arrival + half the drop-off service;
* no pickup after the off-time, drop-offs may be later; a trip has one restaurant;
* until pickup a courier may get another non-empty set of orders of the same restaurant.

An instruction for a courier who becomes free before the next decision is handed over then.

Beyond the published rules, on demand: offers of new trips are refused with a fixed chance,
and the preparation is known only with an error (then the off-time binds the pickup as it
could be planned; who waits at the counter for late food waits until it is there). Where
offers may be refused, two couriers may be asked for the same new trip at once: both think
it over by their own chance, in random order, and the first to accept has it; the other is
released as if he had not been asked. With `two_restaurants` a trip may fetch at two, one after
the other, before its first drop-off; the one it begins at is the one it is bound to.
Source: Reyes et al., "The Meal Delivery Routing Problem", Optimization Online 6571, 2018.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np

from dispatch.engine.mdrp.form import (
    Assign,
    AssignmentForm,
    CourierForm,
    OrderForm,
    SnapshotForm,
)
from dispatch.engine.mdrp.instance import Floats, Instance, Ints

Progress = Callable[[int, int], None]


class RuleError(RuntimeError):
    """The dispatcher broke a rule of the problem."""


class State(IntEnum):
    """Where a courier is in his work."""

    IDLE = 0
    INBOUND = 1
    BUSY = 2
    UPCOMING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What differs from the published rules."""

    accept: float = 1.0
    """Chance that a new trip is taken; a refusal costs one period."""
    accept_std: float = 0.0
    """How much couriers differ in it: standard deviation of their log-odds."""
    prep_noise: float = 0.0
    """Standard deviation of the error of the ready time told at placement, minutes."""
    kitchen_tells: bool = False
    """Whether the kitchen says when the food is ready, or is not at the time expected."""
    two_restaurants: bool = False
    """Whether one trip may have orders of two restaurants."""
    seed: int = 1
    period: int = 1
    """Minutes between decisions."""
    run_on: int | None = None
    """Stop so many minutes after the last order was placed; None: at the last off-time."""


@dataclass(slots=True, kw_only=True)
class Result:
    """What happened; arrays per order, -1 where it was never delivered."""

    pickup: Ints
    dropoff: Ints
    courier: Ints
    trips: list[tuple[int, int, int, tuple[int, ...]]] = field(default_factory=list)
    """(assigned, first picked up, courier, orders in drop order)."""
    drive: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Minutes driven per courier."""
    cpu_s: list[float] = field(default_factory=list)
    """CPU seconds of each decision."""
    offers: int = 0
    """Couriers asked about new trips, whoever took them."""
    refusals: int = 0


@dataclass(slots=True)
class _Trip:
    restaurant: int
    """Where it begins."""
    orders: tuple[int, ...]
    arrive: int
    pickup: int
    assigned: int


class Simulation:
    """The state of a day. `run` plays it once."""

    def __init__(self, day: Instance, assign: Assign, conditions: Conditions) -> None:
        n, m = len(day.order_ids), len(day.courier_ids)
        self.day, self.assign, self.conditions = day, assign, conditions
        self.half_pickup, self.half_dropoff = day.pickup_service // 2, day.dropoff_service // 2
        self.xy = day.courier_xy.copy()
        self.state = np.full(m, State.UPCOMING, dtype=np.int64)
        self.free = day.on.copy()
        self.taken = np.zeros(m, dtype=np.int64)
        self.trip: dict[int, _Trip] = {}
        self.holder = np.full(n, -1, dtype=np.int64)
        self.refused: dict[int, set[int]] = {}
        self.chance = np.random.default_rng(conditions.seed)
        self.accepts = self._acceptance()
        self.told = self._told_ready()
        self.courier_index = {c: i for i, c in enumerate(day.courier_ids)}
        self.restaurant_index = {r: i for i, r in enumerate(day.restaurant_ids)}
        self.restaurants = {
            r: (float(x), float(y)) for r, (x, y) in zip(day.restaurant_ids, day.restaurant_xy, strict=True)
        }
        self.memo: Any = None
        self.result = Result(
            pickup=np.full(n, -1, dtype=np.int64),
            dropoff=np.full(n, -1, dtype=np.int64),
            courier=np.full(n, -1, dtype=np.int64),
            drive=np.zeros(m, dtype=np.int64),
        )

    def run(self, progress: Progress | None = None) -> Result:
        """Play the day and return what happened."""
        day, n = self.day, len(self.day.order_ids)
        known, pending = 0, list[int]()
        start = t = int(min(day.on.min(), day.placed.min()))
        end = int(day.off.max())
        if self.conditions.run_on is not None:
            end = min(end, int(day.placed.max()) + self.conditions.run_on)
        while t <= end:
            while known < n and day.placed[known] <= t:
                pending.append(known)
                known += 1
            self._advance(t)
            pending = [o for o in pending if self.result.pickup[o] < 0]
            if pending and (t - start) % self.conditions.period == 0:
                self._decide(t, pending)
            elif known >= n and not pending:
                break
            if progress:
                progress(known - len(pending), n)
            t += 1
        for c in sorted(self.trip, key=lambda c: self.trip[c].pickup):
            self._pick_up(c)
        return self.result

    # -- the world moves ----------------------------------------------------------------------
    def _advance(self, t: int) -> None:
        for c in [c for c, trip in self.trip.items() if trip.pickup <= t]:
            self._pick_up(c)
        self.state[(self.state == State.BUSY) & (self.free <= t)] = State.IDLE
        self.state[(self.state == State.UPCOMING) & (self.day.on <= t)] = State.IDLE

    def _pick_up(self, c: int) -> None:
        """From here on the trip is fixed until its last drop-off."""
        day, trip = self.day, self.trip.pop(c)
        t, here = trip.pickup, day.restaurant_xy[trip.restaurant]
        for r, orders, ready in self._stops(trip.orders, day.ready):
            minutes = 0
            if r != trip.restaurant:
                minutes = self._minutes(here, day.restaurant_xy[r])
                t, here = self._next_pickup(t, minutes, ready), day.restaurant_xy[r]
            self.result.drive[c] += minutes
            self.result.pickup[orders] = t
        t += self.half_pickup
        for o in trip.orders:
            minutes = self._minutes(here, day.order_xy[o])
            self.result.drive[c] += minutes
            t += minutes + self.half_dropoff
            self.result.dropoff[o] = t
            self.result.courier[o] = c
            t += self.half_dropoff
            here = day.order_xy[o]
        self.result.trips.append((trip.assigned, trip.pickup, c, trip.orders))
        self.taken[c] += len(trip.orders)
        self.state[c], self.free[c], self.xy[c] = State.BUSY, t, here

    def _stops(self, orders: tuple[int, ...], ready: Ints) -> list[tuple[int, list[int], int]]:
        """Return (restaurant, orders, when all of them are ready) in the order of the drops."""
        at: dict[int, list[int]] = {}
        for o in orders:
            at.setdefault(int(self.day.order_restaurant[o]), []).append(o)
        return [(r, there, max(int(ready[o]) for o in there)) for r, there in at.items()]

    def _next_pickup(self, pickup: int, minutes: int, ready: int) -> int:
        """Return when the second restaurant's food is in hand, after that of the first."""
        return max(pickup + self.half_pickup + minutes + self.half_pickup, ready)

    def _minutes(self, a: Any, b: Any) -> int:
        return int(self.day.travel(a[0], a[1], b[0], b[1]))

    # -- the dispatcher is asked ----------------------------------------------------------------
    def _decide(self, t: int, pending: list[int]) -> None:
        snapshot = self._snapshot(t, pending)
        clock = time.process_time()
        answer = self.assign(snapshot)
        self.result.cpu_s.append(time.process_time() - clock)
        self.memo = answer["memo"]
        self._apply_all(answer["assignments"], t)

    def _apply_all(self, assignments: Iterable[AssignmentForm], t: int) -> None:
        """Apply together, so that inbound couriers may exchange orders."""
        questions: dict[tuple[int, tuple[int, ...]], list[int]] = {}
        for a in assignments:
            about = self.restaurant_index[a["restaurant"]], tuple(int(o) for o in a["orders"])
            asked = questions.setdefault(about, [])
            if bool(asked) != a.get("parallel", False):
                raise RuleError("order held by another courier; a second one is asked in parallel, never alone")
            asked.append(self.courier_index[a["courier"]])
        for (_, orders), couriers in questions.items():
            for c in [c for c in couriers if c in self.trip]:
                for o in set(self.trip[c].orders) - set(orders):
                    self.holder[o] = -1
        for (r, orders), couriers in questions.items():
            for c in couriers:
                self._require_allowed(c, r, orders, t)
            self.result.offers += sum(int(self.state[c]) != State.INBOUND for c in couriers)  # also who is released
            # who answers first is chance; one asked alone draws none
            for c in self.chance.permutation(couriers) if len(couriers) > 1 else couriers:
                if self._apply(c, r, orders, t):
                    break  # the first to accept has it; the others are released
        for c, trip in self.trip.items():
            if any(self.holder[o] != c for o in trip.orders):
                raise RuleError("an inbound courier lost an order without an update")

    def _require_allowed(self, c: int, r: int, orders: tuple[int, ...], t: int) -> None:
        day = self.day
        if not orders or len(set(orders)) != len(orders):
            raise RuleError("an order set is empty or names an order twice")
        for o in orders:
            if day.placed[o] > t or self.result.pickup[o] >= 0:
                raise RuleError("order unknown or already picked up")
            if day.order_restaurant[o] != r and not self.conditions.two_restaurants:
                raise RuleError("order of another restaurant")
            if self.holder[o] not in (-1, c):
                raise RuleError("order held by another courier")
        if day.order_restaurant[orders[0]] != r:
            raise RuleError("a trip begins at the restaurant of its first order")
        if len({int(day.order_restaurant[o]) for o in orders}) > 2:
            raise RuleError("a trip with orders of more than two restaurants")
        if self.state[c] == State.INBOUND:
            if r != self.trip[c].restaurant:
                raise RuleError("an inbound courier cannot be diverted")
        elif max(self.free[c], day.on[c]) >= t + self.conditions.period:
            raise RuleError("courier not free before the next decision")

    def _apply(self, c: int, r: int, orders: tuple[int, ...], t: int) -> bool:
        """Make an allowed decision happen, unless the courier refuses; say whether he took it."""
        day = self.day
        if self.state[c] == State.INBOUND:
            trip = self.trip[c]
            if trip.orders != orders:
                trip.assigned = t
            trip.orders = orders
        else:
            begin = max(t, int(self.free[c]), int(day.on[c]))
            if self.accepts[c] < 1.0 and self.chance.random() >= self.accepts[c]:
                self.result.refusals += 1
                self.refused.setdefault(c, set()).update(orders)
                return False
            minutes = self._minutes(self.xy[c], day.restaurant_xy[r])
            self.result.drive[c] += minutes
            trip = self.trip[c] = _Trip(r, orders, begin + minutes, 0, t)
            self.state[c], self.free[c], self.xy[c] = (
                State.INBOUND,
                trip.arrive,
                day.restaurant_xy[r],
            )
        for o in orders:
            self.holder[o] = c
        there = max(trip.arrive + self.half_pickup, t)
        trip.pickup = max(there, self._stops(orders, day.ready)[0][2])
        planned, here = there, day.restaurant_xy[r]
        for q, _, ready in self._stops(orders, self.told):
            if q == r:
                planned = max(planned, ready)
            else:
                planned = self._next_pickup(planned, self._minutes(here, day.restaurant_xy[q]), ready)
            if planned > day.off[c]:
                raise RuleError(f"pickup {planned} after the off-time of {day.courier_ids[c]}")
        return True

    def _acceptance(self) -> Floats:
        """Return each courier's chance to take a new trip."""
        accept, std = self.conditions.accept, self.conditions.accept_std
        chances = np.full(len(self.day.courier_ids), accept)
        if accept < 1.0 and std > 0.0:
            luck = np.random.default_rng([self.conditions.seed, 9]).normal(0.0, std, len(chances))
            chances = 1.0 / (1.0 + (1.0 / accept - 1.0) * np.exp(-luck))
        return chances

    # -- what he sees ----------------------------------------------------------------------------
    def _told_ready(self) -> Ints:
        if self.conditions.prep_noise == 0:
            return self.day.ready
        noise = np.random.default_rng([self.conditions.seed, 8]).normal(
            0.0, self.conditions.prep_noise, len(self.day.ready)
        )
        told = np.maximum(self.day.placed, self.day.ready + np.rint(noise))
        return told.astype(np.int64)

    def _order(self, o: int, t: int) -> OrderForm:
        day, holder = self.day, int(self.holder[o])
        form: OrderForm = {
            "id": o,
            "restaurant": day.restaurant_ids[day.order_restaurant[o]],
            "x": float(day.order_xy[o, 0]),
            "y": float(day.order_xy[o, 1]),
            "placed": int(day.placed[o]),
            "ready": int(self.told[o]),
            "holder": day.courier_ids[holder] if holder >= 0 else None,
        }
        if self.conditions.prep_noise:
            at_counter = holder >= 0 and self.trip[holder].arrive <= t
            at_counter = at_counter and self.trip[holder].restaurant == day.order_restaurant[o]
            form["ready_std"] = self.conditions.prep_noise
            if self.conditions.kitchen_tells or at_counter:
                if day.ready[o] <= t:
                    form["ready"], form["ready_std"] = int(day.ready[o]), 0.0
                else:
                    form["ready"] = max(form["ready"], t + 1)
        return form

    def _courier(self, c: int, t: int) -> CourierForm:
        day, state, trip = self.day, State(self.state[c]), self.trip.get(c)
        free = int(self.free[c])
        form: CourierForm = {
            "id": day.courier_ids[c],
            "state": state.name.lower(),
            "x": float(self.xy[c, 0]),
            "y": float(self.xy[c, 1]),
            "free_at": free if trip else max(free, t),
            "on_at": int(day.on[c]),
            "off_at": int(day.off[c]),
            "restaurant": day.restaurant_ids[trip.restaurant] if trip else None,
            "orders": list(trip.orders) if trip else [],
            "taken": int(self.taken[c]),
        }
        if c in self.refused:
            form["refused"] = sorted(self.refused[c])
        return form

    def _snapshot(self, t: int, pending: list[int]) -> SnapshotForm:
        day = self.day
        snapshot: SnapshotForm = {
            "now": t,
            "period": self.conditions.period,
            "updates": True,
            "params": {
                "pickup_service": day.pickup_service,
                "dropoff_service": day.dropoff_service,
                "target": day.target,
                "maximum": day.maximum,
                "pay_order": day.pay_order,
                "pay_hour": day.pay_hour,
                "metres_per_minute": day.metres_per_minute,
            },
            "travel": day.travel,
            "restaurants": self.restaurants,
            "orders": [self._order(o, t) for o in pending],
            "couriers": [self._courier(int(c), t) for c in np.nonzero(day.off >= t)[0]],
            "memo": self.memo,
            "parallel": True,
        }
        return snapshot


def simulate(
    day: Instance,
    assign: Assign,
    conditions: Conditions | None = None,
    progress: Progress | None = None,
) -> Result:
    """Play one day against a dispatcher; the same arguments give the same result."""
    return Simulation(day, assign, conditions or Conditions()).run(progress)
