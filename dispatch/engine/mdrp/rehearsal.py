"""Recorded demand played again under another policy, second by second.

The same simulator and rules as the benchmark, with seconds as its unit of time: orders as they
were placed and cooked, drivers as they were on duty, ways as the record's travel times have
them. As on the platform, a driver who holds a trip is busy until its last drop-off, and gets
nothing else before. What cannot be played again is what people would have done otherwise:
offers are taken with the chance seen in the record, by the seed, the same for every policy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from dispatch.engine import decide
from dispatch.engine.fairness import count_misses
from dispatch.engine.mdrp.form import AnswerForm, AssignmentForm, CourierForm, OrderForm, SnapshotForm
from dispatch.engine.mdrp.instance import Instance, Ints
from dispatch.engine.mdrp.metrics import pickups_of
from dispatch.engine.mdrp.record import Record, RecordedDay, day_of, in_seconds, point_of
from dispatch.engine.mdrp.sim import Conditions, Result, simulate
from dispatch.engine.model import Demand, Driver, DriverState, Job, Past, Snapshot
from dispatch.engine.policy import Policy
from dispatch.engine.travel import Point, Table, sphere_distance_m

RUN_ON_S: Final = 5400  # after the last order of the span, as the benchmark's windows
DEMAND_S: Final = 4 * 3600.0
DEMAND_MEMORY_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a policy makes of a record; minutes unless the name says otherwise."""

    orders: int
    delivered: int
    click_to_door: float
    """Mean over delivered orders."""
    click_to_door_p90: float
    late_pct: float
    """Past the promise, or never delivered."""
    food_waits: float
    """Ready to pickup."""
    pay_per_order: float
    """Minor units a delivered order."""
    metres_per_order: float
    """Straight lines driven, empty and full, a delivered order."""
    offers_per_order: float
    idle_spread: float
    """Standard deviation over drivers of the idle minutes in an hour on duty."""
    rounds: int


def rehearse(
    record: Record, policy: Policy, *, seed: int = 1, progress: Callable[[int, int], None] | None = None
) -> Outcome:
    """Play the record under a policy; the same arguments give the same outcome."""
    day = day_of(record)
    conditions = Conditions(
        accept=record.accept,
        two_restaurants=policy.stack_within_m > 0,
        seed=seed,
        period=record.tick_s,
        run_on=RUN_ON_S,
    )
    return _measure(day, simulate(day, Rehearser(day=day, policy=policy, accept=record.accept), conditions, progress))


def play_as_live(day: Instance, policy: Policy, conditions: Conditions, round_s: int) -> Result:
    """Play a benchmark day as the platform would, a round every `round_s` seconds; moments come back in minutes.

    Ways take whole minutes, as everywhere in the benchmark. Drivers who hold a trip keep it as it is.
    """
    run_on = None if conditions.run_on is None else conditions.run_on * 60
    seconds = in_seconds(day)
    result = simulate(
        seconds,
        Rehearser(day=seconds, policy=policy, accept=conditions.accept),
        replace(conditions, period=round_s, run_on=run_on),
    )
    return replace(
        result,
        pickup=_minutes(result.pickup),
        dropoff=_minutes(result.dropoff),
        drive=_minutes(result.drive),
        trips=[(assigned // 60, picked // 60, c, orders) for assigned, picked, c, orders in result.trips],
    )


def _minutes(seconds: Ints) -> Any:
    return np.where(seconds < 0, -1.0, seconds / 60.0)


@dataclass(slots=True, kw_only=True)
class Rehearser:
    """The engine in the simulator's plain form, fed as the platform feeds it."""

    day: RecordedDay
    policy: Policy
    accept: float
    """The chance of a yes, of every driver alike: what the platform would have learnt of them."""
    travel: Table = field(init=False)
    courier_at: dict[str, int] = field(init=False)
    places: tuple[Point, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.travel = Table(rows=self.day.table)  # type: ignore[arg-type]  # an array is rows of numbers
        self.courier_at = {name: i for i, name in enumerate(self.day.courier_ids)}
        self.places = tuple(self.day.index)

    def __call__(self, form: SnapshotForm) -> AnswerForm:
        """Answer one decision."""
        memo, misses = form["memo"] or (None, {})
        plan = decide(self._snapshot(form, memo, misses), self.policy)
        answer: list[AssignmentForm] = [
            {"courier": p.driver, "restaurant": p.restaurant, "orders": [*map(int, p.jobs)], "parallel": p.parallel}
            for p in plan.proposals
        ]
        return {"assignments": answer, "memo": (plan.memo, count_misses(misses, plan))}

    def _snapshot(self, form: SnapshotForm, memo: bytes | None, misses: Mapping[str, int]) -> Snapshot:
        day, now = self.day, form["now"]
        held = {o["id"]: o for o in form["orders"] if o["holder"] is not None}
        refused: dict[Any, set[str]] = {}
        for courier in form["couriers"]:
            for order in courier.get("refused", ()):
                refused.setdefault(order, set()).add(courier["id"])
        return Snapshot(
            zone="rehearsal",
            now_s=float(now),
            period_s=float(form["period"]),
            places=self.places,
            metres=day.metres,
            jobs=tuple(self._job(o, refused.get(o["id"], set())) for o in form["orders"] if o["holder"] is None),
            drivers=tuple(
                self._driver(c, held, now, misses.get(c["id"], 0)) for c in form["couriers"] if c["state"] != "upcoming"
            ),
            travel=self.travel,
            half_pickup_s=day.pickup_service / 2,
            half_dropoff_s=day.dropoff_service / 2,
            demand=self._demand(now),
            past=self._past(now),
            memo=memo,
        )

    def _job(self, order: OrderForm, refused: set[str]) -> Job:
        day, o = self.day, int(order["id"])
        return Job(
            id=str(o),
            restaurant=order["restaurant"],
            pickup=self._kitchen(int(day.order_restaurant[o])),
            dropoff=day.index[order["x"], order["y"]],
            placed_s=float(order["placed"]),
            ready_s=float(order["ready"]),
            promised_s=float(day.promised[o]),
            declined=frozenset(refused),
            vehicles=day.allowed[o],
            refusals=len(refused),
        )

    def _driver(self, c: CourierForm, held: Mapping[Any, OrderForm], now: int, misses: int) -> Driver:
        day, courier = self.day, self.courier_at[c["id"]]
        place, free_s = day.index[c["x"], c["y"]], float(c["free_at"])
        if c["orders"]:  # on his way to a kitchen: busy until the last door
            at: dict[int, float] = {}  # kitchen: when all of its food is ready
            for o in c["orders"]:
                kitchen = self._kitchen(int(day.order_restaurant[int(o)]))
                at[kitchen] = max(at.get(kitchen, 0.0), float(held[o]["ready"]))
            for kitchen, ready_s in at.items():
                free_s += float(day.table[place, kitchen])
                free_s = max(free_s + day.pickup_service / 2, ready_s, float(now)) + day.pickup_service / 2
                place = kitchen
            for o in c["orders"]:
                door = day.index[held[o]["x"], held[o]["y"]]
                free_s += float(day.table[place, door]) + day.dropoff_service
                place = door
        return Driver(
            id=c["id"],
            state=DriverState.BUSY if free_s > now else DriverState.IDLE,
            place=place,
            free_s=max(free_s, float(now)),
            off_s=float(c["off_at"]),
            break_s=next((each for each in day.breaks[courier] if each[1] > now), None),
            capacity=int(day.capacity[courier]),
            vehicle=day.vehicles[courier],
            taken=c["taken"],
            accept_p=self.accept,
            idle_s=0.0 if free_s > now else max(0.0, now - max(free_s, float(c["on_at"]))),
            misses=misses,
        )

    def _kitchen(self, restaurant: int) -> int:
        x, y = self.day.restaurant_xy[restaurant]
        return self.day.index[float(x), float(y)]

    def _demand(self, now: int) -> tuple[Demand, ...]:
        weights: dict[int, float] = {}
        day = self.day
        for o in np.nonzero((day.placed <= now) & (day.placed > now - DEMAND_S))[0]:
            place = self._kitchen(int(day.order_restaurant[o]))
            weights[place] = weights.get(place, 0.0) + math.exp((int(day.placed[o]) - now) / DEMAND_MEMORY_S)
        return tuple(Demand(place=place, weight=weights[place]) for place in sorted(weights))

    def _past(self, now: int) -> tuple[Past, ...]:
        day = self.day
        recent = np.nonzero((day.placed <= now) & (day.placed > now - self.policy.foresight_s))[0]
        return tuple(
            Past(
                id=str(o),
                pickup=self._kitchen(int(day.order_restaurant[o])),
                dropoff=day.index[float(day.order_xy[o, 0]), float(day.order_xy[o, 1])],
                placed_s=float(day.placed[o]),
                ready_s=float(day.ready[o]),
            )
            for o in recent
        )


def _measure(day: RecordedDay, result: Result) -> Outcome:
    ok = result.dropoff >= 0
    number, done = len(day.order_ids), int(ok.sum())
    door = (result.dropoff - day.placed)[ok] / 60.0
    late = int((result.dropoff > day.promised)[ok].sum()) + number - done
    return Outcome(
        orders=number,
        delivered=done,
        click_to_door=_mean(door),
        click_to_door_p90=float(np.percentile(door, 90)) if done else math.nan,
        late_pct=100.0 * late / number,
        food_waits=_mean((result.pickup - day.ready)[ok] / 60.0),
        pay_per_order=_mean(day.pay[ok]),
        metres_per_order=_metres(day, result) / max(1, done),
        offers_per_order=result.offers / number,
        idle_spread=_idle_spread(day, result),
        rounds=len(result.cpu_s),
    )


def _metres(day: RecordedDay, result: Result) -> float:
    """Return the straight metres of every leg driven, in the order of each courier's trips."""
    here: dict[int, Point] = {}
    total = 0.0
    for _, _, courier, orders in sorted(result.trips, key=lambda trip: trip[1]):
        at = here.get(courier, point_of(day.courier_xy[courier]))
        kitchens = dict.fromkeys(int(day.order_restaurant[o]) for o in orders)
        for stop in (*(day.restaurant_xy[r] for r in kitchens), *(day.order_xy[o] for o in orders)):
            total += sphere_distance_m(at, point_of(stop))
            at = point_of(stop)
        here[courier] = at
    return total


def _idle_spread(day: RecordedDay, result: Result) -> float:
    served = np.bincount(result.courier[result.dropoff >= 0], minlength=len(day.courier_ids))
    shift = np.maximum(1, day.off - day.on)
    work = result.drive + pickups_of(day, result) * day.pickup_service + served * day.dropoff_service
    idle = np.clip(1.0 - work / shift, 0.0, 1.0) * 60.0
    return float(idle.std())


def _mean(values: Any) -> float:
    return float(values.mean()) if values.size else math.nan
