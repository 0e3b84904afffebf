"""What happened in a zone and span, and the same in the simulator's shape, with seconds as its unit of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from dispatch.engine.mdrp.instance import Floats, Instance, Ints
from dispatch.engine.travel import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOrder:
    """An order as it was; moments in seconds since the Unix epoch."""

    id: str
    restaurant: str
    pickup: Point
    dropoff: Point
    placed_s: float
    ready_s: float
    """When the food was there."""
    promised_s: float
    pay_minor: int
    vehicles: frozenset[str] | None = None
    """What may carry it; None: anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedShift:
    """A driver's time online, from where he was first seen."""

    driver: str
    start: Point
    on_s: float
    off_s: float
    capacity: int
    vehicle: str = ""
    breaks: tuple[tuple[float, float], ...] = ()
    """Planned ones (from, to), in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What happened in one zone and span, as far as it does not depend on the policy."""

    orders: tuple[RecordedOrder, ...]
    shifts: tuple[RecordedShift, ...]
    tick_s: int
    half_pickup_s: int
    half_dropoff_s: int
    accept: float
    """Share of the offers answered that were taken."""
    travel: Callable[[tuple[Point, ...]], Any]
    """Seconds between all pairs of these places, (n, n)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDay(Instance):
    """A record in the simulator's shape: whole seconds, places as (lng, lat), travel from a table."""

    table: Floats
    index: Mapping[Point, int]
    promised: Ints
    pay: Ints
    capacity: Ints
    vehicles: tuple[str, ...]
    """Of the couriers."""
    allowed: tuple[frozenset[str] | None, ...]
    """Per order, the vehicles that may carry it; None: any."""
    breaks: tuple[tuple[tuple[float, float], ...], ...]
    """Per courier, his planned breaks."""
    metres: bool = False
    """Places are (x, y) metres."""

    def travel(self, ax: Any, ay: Any, bx: Any, by: Any) -> Any:
        """Return whole seconds between two places of the record, rounded up."""
        return self.table[self.index[float(ax), float(ay)], self.index[float(bx), float(by)]]


def day_of(record: Record) -> RecordedDay:
    """Return the record as an instance.

    Raises:
        ValueError: there is no order or no driver in it.
    """
    if not record.orders or not record.shifts:
        raise ValueError(f"nothing to play: {len(record.orders)} orders, {len(record.shifts)} drivers")
    orders = sorted(record.orders, key=lambda o: (o.placed_s, o.id))
    kitchens = {o.restaurant: o.pickup for o in orders}
    names = tuple(sorted(kitchens))
    at = {name: i for i, name in enumerate(names)}
    shifts = sorted(record.shifts, key=lambda s: (s.on_s, s.driver))
    places = tuple(dict.fromkeys([*kitchens.values(), *(o.dropoff for o in orders), *(s.start for s in shifts)]))
    table = np.ceil(np.array(record.travel(places), dtype=np.float64))
    table[~np.isfinite(table)] = 86_400.0
    return RecordedDay(
        name="record",
        restaurant_ids=names,
        restaurant_xy=_points([kitchens[name] for name in names]),
        order_ids=tuple(o.id for o in orders),
        order_xy=_points([o.dropoff for o in orders]),
        order_restaurant=_whole([at[o.restaurant] for o in orders]),
        placed=_whole([o.placed_s for o in orders]),
        ready=_whole([max(o.ready_s, o.placed_s) for o in orders]),
        courier_ids=tuple(f"{s.driver}@{s.on_s:.0f}" for s in shifts),
        courier_xy=_points([s.start for s in shifts]),
        on=_whole([s.on_s for s in shifts]),
        off=_whole([s.off_s for s in shifts]),
        metres_per_minute=1.0,
        pickup_service=2 * record.half_pickup_s,
        dropoff_service=2 * record.half_dropoff_s,
        target=0,
        maximum=0,
        pay_order=0.0,
        pay_hour=0.0,
        table=table,
        index={place: i for i, place in enumerate(places)},
        promised=_whole([o.promised_s for o in orders]),
        pay=_whole([o.pay_minor for o in orders]),
        capacity=_whole([s.capacity for s in shifts]),
        vehicles=tuple(s.vehicle for s in shifts),
        allowed=tuple(o.vehicles for o in orders),
        breaks=tuple(s.breaks for s in shifts),
    )


def in_seconds(day: Instance) -> RecordedDay:
    """Return a benchmark day, whose ways take whole minutes, by the second."""
    places = tuple(dict.fromkeys(point_of(xy) for xy in (*day.restaurant_xy, *day.order_xy, *day.courier_xy)))
    at = _points(list(places))
    values = {f.name: getattr(day, f.name) for f in fields(Instance)}
    moments = {
        name: 60 * values[name] for name in ("placed", "ready", "on", "off", "pickup_service", "dropoff_service")
    }
    return RecordedDay(
        **values | moments,
        table=60.0 * day.travel(at[:, None, 0], at[:, None, 1], at[None, :, 0], at[None, :, 1]),
        index={place: i for i, place in enumerate(places)},
        promised=60 * (day.placed + day.target),
        pay=np.full(len(day.order_ids), day.pay_order),
        capacity=np.full(len(day.courier_ids), len(day.order_ids)),
        vehicles=("",) * len(day.courier_ids),
        allowed=(None,) * len(day.order_ids),
        breaks=((),) * len(day.courier_ids),
        metres=True,
    )


def point_of(xy: Any) -> Point:
    """Return a place of an array."""
    return float(xy[0]), float(xy[1])


def _points(values: list[Point]) -> Floats:
    return np.array(values, dtype=np.float64).reshape(-1, 2)


def _whole(values: list[float] | list[int]) -> Ints:
    return np.rint(np.array(values, dtype=np.float64)).astype(np.int64)
