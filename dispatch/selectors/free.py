"""Where and when busy drivers are free for their next trip."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from dispatch.conf import DispatchConf
from dispatch.route import Carried, Stop, StopKind
from dispatch.states import DeliveryStatus
from fleetsync.core.geo import LngLat


def free_place(stops: Sequence[Stop], here: LngLat) -> LngLat:
    """Return where a driver's next trip can start: his last stop, or where he stands."""
    return stops[-1].place if stops else here


def legs_of(stops: Sequence[Stop], here: LngLat) -> Iterator[tuple[LngLat, Stop]]:
    """Yield the drives ahead of a driver, as a place and the stop after it; none to a stop where he stands."""
    at = here
    for place, stop in enumerate(stops):
        if place or _arrived(stop) is None:
            yield at, stop
        at = stop.place


def free_at(
    *,
    stops: Sequence[Stop],
    here: LngLat,
    handed_over_at: datetime | None,
    conf: DispatchConf,
    drive_s: Callable[[LngLat, LngLat], float],
    now: datetime,
) -> datetime:
    """Return when a driver's next trip can start; `drive_s` is asked for `legs_of` alone.

    Follows his stops with half of the service before and half after each pickup and
    drop-off. Who has just handed over is free after the second half of that.
    """
    half_pickup, half_dropoff = timedelta(seconds=conf.half_pickup_s), timedelta(seconds=conf.half_dropoff_s)
    if not stops:
        return now if handed_over_at is None else max(now, handed_over_at + half_dropoff)
    held = [carried for stop in stops for carried in stop.deliveries]
    picked_up_at = max((c.picked_up_at for c in held if c.picked_up_at is not None), default=None)
    at, moment = here, now if picked_up_at is None else max(now, picked_up_at + half_pickup)
    for place, stop in enumerate(stops):
        arrived_at = None if place else _arrived(stop)
        if arrived_at is None:
            arrived_at = moment + timedelta(seconds=drive_s(at, stop.place))
        if stop.kind is StopKind.PICKUP:
            ready_at = max(c.ready_at for c in stop.deliveries)
            moment = max(arrived_at + half_pickup, ready_at, now) + half_pickup
        else:
            moment = max(arrived_at + half_dropoff, now) + half_dropoff
        at = stop.place
    return moment


def _arrived(stop: Stop) -> datetime | None:
    """Return when the driver came to this stop, if he stands there."""
    first: Carried = stop.deliveries[0]
    if stop.kind is StopKind.PICKUP and first.status == DeliveryStatus.ARRIVED_AT_PICKUP:
        return first.arrived_at_pickup_at
    if stop.kind is StopKind.DROPOFF and first.status == DeliveryStatus.ARRIVED_AT_DROPOFF:
        return first.arrived_at_dropoff_at
    return None
