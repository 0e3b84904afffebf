"""The arrival range of an order, computed from where everything stands now."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

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

    Asks for the ways first, then locks these deliveries in the order of their ids, and the
    heads of their streams.
    """
    moved = _moved(Delivery.objects.filter(pk__in=list(delivery_ids)), now)
    with change(now=now, actor="eta"):
        return sum(_tell(delivery_id, eta, now) for delivery_id, eta in moved)


def refresh_etas(*, now: datetime) -> int:
    """Recompute the range of every delivery that a driver holds; return how many moved.

    Three queries find them; each that moved is then written in a transaction of its own.
    """
    return sum(_tell(delivery_id, eta, now) for delivery_id, eta in _moved(Delivery.objects.active(), now))


def _moved(deliveries: QuerySet[Delivery], now: datetime) -> list[tuple[UUID, EtaRange]]:
    """Return the new ranges of those whose range moved, by id. Changes nothing and locks nothing."""
    rows = list(deliveries.select_related("zone", "order").defer("zone__polygon").order_by("pk"))
    drivers = sorted({row.driver_id for row in rows if row.driver_id is not None and row.status in ACTIVE})
    carried = carried_by(drivers)
    places = {place.driver_id: lng_lat(place.point) for place in DriverPosition.objects.filter(driver__in=drivers)}
    found: list[tuple[UUID, EtaRange]] = []
    for row in rows:
        eta: EtaRange | None = None
        if row.driver_id in carried:
            eta = _assigned(row, carried[row.driver_id], places.get(row.driver_id, lng_lat(row.pickup_point)), now)
        elif row.status in _SEARCHING:
            eta = _unassigned(row, now)
        if eta is not None and moved_much((row.eta_low_at, row.eta_high_at), eta):
            found.append((row.pk, eta))
    return found


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


def _tell(delivery_id: UUID, eta: EtaRange, now: datetime) -> bool:
    return update_eta(delivery_id=delivery_id, low_at=eta.low_at, high_at=eta.high_at, cause=eta.cause, now=now)
