"""The arrival range of an order, computed from where everything stands now."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from dispatch.conf import conf_of
from dispatch.models import Delivery, DriverPosition
from dispatch.route import Carried, stops_of
from dispatch.selectors import carried_by
from dispatch.services import update_eta
from dispatch.states import ACTIVE, DeliveryStatus
from fleetsync.core.events import change
from fleetsync.core.geo import LngLat, lng_lat
from fleetsync.core.travel import provider
from orders.states import OrderStatus
from tracking.eta import EtaRange, Service, assigned_range, moved_much, unassigned_range

log = logging.getLogger(__name__)

_SEARCHING = frozenset({DeliveryStatus.CREATED, DeliveryStatus.SEARCHING, DeliveryStatus.NO_DRIVER_FOUND})


def recompute_etas(*, delivery_ids: Collection[UUID], now: datetime) -> int:
    """Tell the arrival ranges that moved by more than two minutes; return how many. May run twice.

    Locks these deliveries in the order of their ids, then the heads of their streams.
    """
    with change(now=now, actor="eta"):
        return sum(_recompute(delivery_id, now) for delivery_id in sorted(delivery_ids))


def _recompute(delivery_id: UUID, now: datetime) -> bool:
    row = Delivery.objects.filter(pk=delivery_id).select_related("zone", "order").first()
    if row is None:
        return False
    if row.driver_id is None or row.status not in ACTIVE:
        return row.status in _SEARCHING and _tell(row, _unassigned(row, now), now)
    place = DriverPosition.objects.filter(driver=row.driver_id).first()
    here = lng_lat(place.point) if place is not None else lng_lat(row.pickup_point)
    return _tell(row, _assigned(row, carried_by([row.driver_id])[row.driver_id], here, now), now)


def refresh_etas(*, now: datetime) -> int:
    """Recompute the range of every delivery that a driver holds, in three queries; return how many moved."""
    rows = list(Delivery.objects.active().select_related("zone", "order").order_by("id"))
    drivers = sorted({row.driver_id for row in rows if row.driver_id is not None})
    carried = carried_by(drivers)
    places = {place.driver_id: lng_lat(place.point) for place in DriverPosition.objects.filter(driver__in=drivers)}
    told = 0
    for row in rows:
        if row.driver_id is not None and row.driver_id in places:
            told += _tell(row, _assigned(row, carried.get(row.driver_id, []), places[row.driver_id], now), now)
    return told


def _service(row: Delivery) -> Service:
    conf = conf_of(row.zone.dispatch)
    return Service(half_pickup_s=conf.half_pickup_s, half_dropoff_s=conf.half_dropoff_s)


def _unassigned(row: Delivery, now: datetime) -> EtaRange:
    return unassigned_range(
        now=now,
        ready_at=row.ready_at,
        food_ready=row.order.status == OrderStatus.READY,
        pickup=lng_lat(row.pickup_point),
        dropoff=lng_lat(row.dropoff_point),
        zone_delay_s=row.zone.present_delay_s,
        service=_service(row),
        travel=provider(),
    )


def _assigned(row: Delivery, carried: Sequence[Carried], here: LngLat, now: datetime) -> EtaRange | None:
    return assigned_range(
        now=now, delivery_id=row.pk, stops=stops_of(carried), position=here, service=_service(row), travel=provider()
    )


def _tell(row: Delivery, eta: EtaRange | None, now: datetime) -> bool:
    if eta is None or not moved_much((row.eta_low_at, row.eta_high_at), eta):
        return False
    return update_eta(delivery_id=row.pk, low_at=eta.low_at, high_at=eta.high_at, cause=eta.cause, now=now)
