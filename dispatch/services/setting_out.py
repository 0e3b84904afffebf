"""Which delivery a driver is on his way with: the one of his next stop."""

from collections.abc import Iterable
from datetime import datetime

from dispatch.events import DriverEnRouteToDropoff, DriverEnRouteToPickup
from dispatch.models import Delivery, DriverPosition
from dispatch.route import StopKind
from dispatch.selectors.route import route_through
from dispatch.services.facts import of_delivery
from dispatch.states import DeliveryStatus
from fleetsync.core.events import Emit

_SETS_OUT = {
    StopKind.PICKUP: (DeliveryStatus.ASSIGNED, DeliveryStatus.EN_ROUTE_TO_PICKUP, DriverEnRouteToPickup),
    StopKind.DROPOFF: (DeliveryStatus.PICKED_UP, DeliveryStatus.EN_ROUTE_TO_DROPOFF, DriverEnRouteToDropoff),
}


def set_out(*, held: Iterable[Delivery], now: datetime, emit: Emit) -> None:
    """Let the deliveries of the next stop be under way; `held` are all rows of one driver, locked.

    Arrival at the new stop is counted anew: two points in a row inside its geofence.
    """
    rows = {row.pk: row for row in held}
    stops = route_through(rows.values())
    if not stops:
        return
    driver_id = stops[0].deliveries[0].driver_id
    DriverPosition.objects.filter(driver_id=driver_id).exclude(near_stop=0).update(near_stop=0)
    step = _SETS_OUT.get(stops[0].kind)
    if step is None:
        return
    before, after, fact = step
    for carried in stops[0].deliveries:
        row = rows[carried.id]
        if row.status == before:
            row.status = after
            row.save(update_fields=["status"])
            emit(fact(**of_delivery(row), driver_id=driver_id, by="implied"))
