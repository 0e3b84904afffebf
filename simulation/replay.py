"""A recorded day, placed on the map and into business time. Pure.

The day is an instance of the Meal Delivery Routing Problem: places in metres, times in
whole minutes of the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.engine.mdrp.instance import Instance
from simulation.city import offset
from simulation.clients.road import Place, Vehicle

RUN_ON_MIN = 90  # after the last order may be placed, whatever is open
MARGIN_M = 3000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Somebody of the roster. Minutes of the day; no pick-up after `off_min`."""

    id: str
    place: Place
    on_min: int
    off_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOrder:
    """An order of the file. `restaurant` is an index. Minutes of the day."""

    id: str
    restaurant: int
    door: Place
    placed_min: int
    ready_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What of a day is played: orders placed in [from, to), couriers who work then."""

    name: str
    from_min: int
    to_min: int
    restaurants: tuple[Place, ...]
    restaurant_ids: tuple[str, ...]
    couriers: tuple[Courier, ...]
    orders: tuple[RecordedOrder, ...]
    outline: tuple[Place, ...]
    vehicle: Vehicle
    half_pickup_s: float
    half_dropoff_s: float
    target_min: float


class WindowError(ValueError):
    """Nothing is played in this window; the message says what the day has."""


def minute_of(text: str) -> int:
    """Return the minute of the day of HH:MM; hours may pass 24, as a recorded day does.

    Raises:
        ValueError: it is no such text.
    """
    hours, colon, minutes = text.partition(":")
    if not colon or not hours.isdigit() or not minutes.isdigit() or int(minutes) > 59 or int(hours) > 47:
        raise ValueError(f"expected HH:MM, got {text!r}")
    return 60 * int(hours) + int(minutes)


def record(
    day: Instance, *, centre: Place, from_min: int | None = None, to_min: int | None = None, rounded: bool = False
) -> Recording:
    """Cut a day to a window and lay it around a place.

    Raises:
        WindowError: no order is placed, or no courier works, in it.
    """
    first, last = int(day.placed.min()), int(day.placed.max())
    start = first if from_min is None else from_min
    end = last + 1 if to_min is None else to_min
    if end <= start:
        raise WindowError(f"--to must be after --from, got minutes {start} to {end}")
    xs = [float(x) for xy in (day.order_xy, day.restaurant_xy, day.courier_xy) for x, _ in xy]
    ys = [float(y) for xy in (day.order_xy, day.restaurant_xy, day.courier_xy) for _, y in xy]
    middle = ((min(xs) + max(xs)) / 2.0, (min(ys) + max(ys)) / 2.0)

    def on_map(x: float, y: float) -> Place:
        return offset(centre, float(x) - middle[0], float(y) - middle[1])

    cut = day.window(start, end)  # the benchmark's own cut, so that both play the same orders and couriers
    orders = tuple(
        RecordedOrder(
            id=order_id,
            restaurant=int(cut.order_restaurant[i]),
            door=on_map(*cut.order_xy[i]),
            placed_min=int(cut.placed[i]),
            ready_min=int(cut.ready[i]),
        )
        for i, order_id in enumerate(cut.order_ids)
    )
    couriers = tuple(
        Courier(id=courier_id, place=on_map(*cut.courier_xy[i]), on_min=int(cut.on[i]), off_min=int(cut.off[i]))
        for i, courier_id in enumerate(cut.courier_ids)
    )
    if not orders:
        raise WindowError(f"no order is placed from minute {start} to {end}: the day has {first} to {last}")
    if not couriers:
        on, off = int(day.on.min()), int(day.off.max())
        raise WindowError(f"no courier works from minute {start} to {end}: the day has {on} to {off}")
    west, east = min(xs) - MARGIN_M, max(xs) + MARGIN_M
    south, north = min(ys) - MARGIN_M, max(ys) + MARGIN_M
    return Recording(
        name=day.name,
        from_min=start,
        to_min=end,
        restaurants=tuple(on_map(*xy) for xy in day.restaurant_xy),
        restaurant_ids=day.restaurant_ids,
        couriers=couriers,
        orders=orders,
        outline=tuple(on_map(x, y) for x, y in ((west, south), (east, south), (east, north), (west, north))),
        vehicle=Vehicle(speed_mps=day.metres_per_minute / 60.0, round_up_s=60.0 if rounded else 0.0),
        half_pickup_s=30.0 * day.pickup_service,
        half_dropoff_s=30.0 * day.dropoff_service,
        target_min=float(day.target),
    )


def settings_of(recording: Recording) -> dict[str, str]:
    """Return the settings under which the platform believes in the same travel times as the day."""
    return {
        "FLEETSYNC_TRAVEL": "straight",
        "FLEETSYNC_TRAVEL_FACTOR": "1",
        "FLEETSYNC_TRAVEL_SPEED_MPS": f"{recording.vehicle.speed_mps:.9g}",
        "FLEETSYNC_TRAVEL_ROUND_UP_S": f"{recording.vehicle.round_up_s:g}",
        "FLEETSYNC_OFFER_FLOOR_S": "1",
    }


def midnight_after(now: datetime, *, zone: str, minutes: Sequence[int]) -> datetime:
    """Return the local midnight of the first day on which all these minutes still lie ahead.

    A day with another length than 24 hours is skipped, so that minute 480 is 08:00.
    """
    tz = ZoneInfo(zone)
    day = now.astimezone(tz).date()
    while True:
        midnight = datetime.combine(day, time(), tz)
        even = midnight.utcoffset() == datetime.combine(day + timedelta(days=2), time(), tz).utcoffset()
        if even and midnight + timedelta(minutes=min(minutes)) > now:
            return midnight
        day += timedelta(days=1)
