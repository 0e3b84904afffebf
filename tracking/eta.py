"""When the food will be at the door: a range that is as wide as what is not known. Pure.

The driver's way is walked stop by stop: drive, wait for the kitchen, hand over. What is
uncertain widens the late side more than the early one, because delays add up and gifts
are rare.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dispatch.route import Stop, StopKind
from fleetsync.core.geo import LngLat
from fleetsync.core.travel import TravelProvider, drive_s
from tracking.conf import ETA, EtaConf


class Cause(StrEnum):
    """What decides the arrival at the moment; the customer reads it as a word."""

    SEARCH = "search"  # nobody has said yes yet
    KITCHEN = "kitchen"  # the driver will wait for the food
    OTHER_DOORS = "other-doors"  # somebody else's order is handed over first
    ROAD = "road"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Half of the seconds spent at a counter and at a door: before, and again after, the bag changes hands."""

    half_pickup_s: float
    half_dropoff_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaRange:
    """The arrival is between these moments (business time), whole minutes; `cause` decides it."""

    low_at: datetime
    high_at: datetime
    cause: Cause


@dataclass(slots=True)
class _Walk:
    """What adds up on the way."""

    at: datetime
    drive_s: float = 0.0
    cooking_s: float = 0.0  # waited for at the counter
    doors: int = 0


def unassigned_range(
    *,
    now: datetime,
    ready_at: datetime,
    food_ready: bool,
    pickup: LngLat,
    dropoff: LngLat,
    zone_delay_s: float,
    service: Service,
    travel: TravelProvider,
    conf: EtaConf = ETA,
) -> EtaRange:
    """Return the range while nobody has said yes."""
    reached = now + timedelta(seconds=conf.approach_s + max(0.0, zone_delay_s))
    kitchen_left_s = 0.0 if food_ready else max(0.0, (ready_at - now).total_seconds())
    handed = max(reached + timedelta(seconds=service.half_pickup_s), ready_at)
    way_s = drive_s(travel, pickup, dropoff)
    arrival = handed + timedelta(seconds=service.half_pickup_s + way_s + service.half_dropoff_s)
    late_s = conf.search_spread_s + conf.kitchen_share * kitchen_left_s + conf.road_share * way_s
    early_s = 0.5 * (conf.road_share * way_s + conf.kitchen_share * kitchen_left_s)
    return _range(now, arrival, early_s, late_s, Cause.SEARCH, conf)


def assigned_range(
    *,
    now: datetime,
    delivery_id: UUID,
    stops: Sequence[Stop],
    position: LngLat,
    service: Service,
    travel: TravelProvider,
    conf: EtaConf = ETA,
) -> EtaRange | None:
    """Return the range of a delivery whose driver makes these `stops` from `position`.

    None when none of them hands it over: it is on its way back.
    """
    walk, here = _Walk(at=now), position
    for stop in stops:
        leg_s = drive_s(travel, here, stop.place)
        walk.at += timedelta(seconds=leg_s)
        walk.drive_s += leg_s
        here = stop.place
        if stop.kind is StopKind.DROPOFF:
            arrived = stop.deliveries[0].arrived_at_dropoff_at
            spent_s = (now - arrived).total_seconds() if arrived else 0.0
            walk.at += timedelta(seconds=max(0.0, service.half_dropoff_s - spent_s))
            if any(each.id == delivery_id for each in stop.deliveries):
                return _of(walk, now, conf)
            walk.at += timedelta(seconds=service.half_dropoff_s)
            walk.doors += 1
        elif stop.kind is StopKind.PICKUP:
            _wait_for_food(walk, stop, now, service)
    return None


def _wait_for_food(walk: _Walk, stop: Stop, now: datetime, service: Service) -> None:
    arrived = min((each.arrived_at_pickup_at for each in stop.deliveries if each.arrived_at_pickup_at), default=None)
    spent_s = (now - arrived).total_seconds() if arrived else 0.0
    there = walk.at + timedelta(seconds=max(0.0, service.half_pickup_s - spent_s))
    ready = max(each.ready_at for each in stop.deliveries)
    walk.cooking_s += max(0.0, (ready - there).total_seconds())
    walk.at = max(there, ready) + timedelta(seconds=service.half_pickup_s)


def _of(walk: _Walk, now: datetime, conf: EtaConf) -> EtaRange:
    wait_s = walk.cooking_s
    if walk.doors:
        cause = Cause.OTHER_DOORS
    elif wait_s > walk.drive_s:
        cause = Cause.KITCHEN
    else:
        cause = Cause.ROAD
    road_s, kitchen_s = conf.road_share * walk.drive_s, conf.kitchen_share * wait_s
    late_s = road_s + kitchen_s + conf.stop_spread_s * walk.doors
    return _range(now, walk.at, 0.5 * (road_s + kitchen_s), late_s, cause, conf)


def _range(now: datetime, arrival: datetime, early_s: float, late_s: float, cause: Cause, conf: EtaConf) -> EtaRange:
    """Return the range around `arrival`, not before `now`, never narrower than `conf` allows."""
    missing_s = max(0.0, conf.narrowest_s - early_s - late_s)
    low = max(now, arrival - timedelta(seconds=early_s + missing_s / 3))
    high = max(low + timedelta(seconds=conf.narrowest_s), arrival + timedelta(seconds=late_s + 2 * missing_s / 3))
    return EtaRange(low_at=_minute(low), high_at=_minute(high, up=True), cause=cause)


def _minute(moment: datetime, *, up: bool = False) -> datetime:
    whole = moment.replace(second=0, microsecond=0)
    return whole + timedelta(minutes=1) if up and whole != moment else whole


def moved_much(before: tuple[datetime | None, datetime | None], after: EtaRange, *, by_s: float = 120.0) -> bool:
    """Say whether the range moved enough to tell anybody: either end by more than `by_s`, or it is the first."""
    if before[0] is None or before[1] is None:
        return True
    return (
        abs((after.low_at - before[0]).total_seconds()) > by_s
        or abs((after.high_at - before[1]).total_seconds()) > by_s
    )
