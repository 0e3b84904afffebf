"""The way of a driver: his deliveries and their stops."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.db import connection

from dispatch.models import Delivery
from dispatch.route import Carried, Stop, stops_of
from dispatch.states import ACTIVE, DeliveryStatus
from fleetsync.core.geo import LngLat, lng_lat

_CARRIED: Final = """
    SELECT id, driver_id, session_id, restaurant_id, zone_id, status, batch_id, drop_sequence,
           ST_X(pickup_point), ST_Y(pickup_point), ST_X(dropoff_point), ST_Y(dropoff_point),
           ready_at, assigned_at, arrived_at_pickup_at, picked_up_at, arrived_at_dropoff_at
    FROM dispatch_delivery WHERE driver_id = ANY(%s) AND status = ANY(%s) ORDER BY driver_id, id"""


def carried_of(row: Delivery) -> Carried | None:
    """Return what a driver's way depends on of this delivery; None when nobody holds it."""
    if row.driver_id is None or row.status not in ACTIVE:
        return None
    return Carried(
        id=row.pk,
        driver_id=row.driver_id,
        session_id=row.session_id,
        restaurant_id=row.restaurant_id,
        zone_id=row.zone_id,
        status=DeliveryStatus(row.status),
        batch_id=row.batch_id,
        drop_sequence=row.drop_sequence,
        pickup=lng_lat(row.pickup_point),
        dropoff=lng_lat(row.dropoff_point),
        ready_at=row.ready_at,
        assigned_at=row.assigned_at,
        arrived_at_pickup_at=row.arrived_at_pickup_at,
        picked_up_at=row.picked_up_at,
        arrived_at_dropoff_at=row.arrived_at_dropoff_at,
    )


def carried_by(driver_ids: Sequence[UUID]) -> dict[UUID, list[Carried]]:
    """Return the deliveries these drivers hold, by driver; who holds none is left out. One query."""
    found: dict[UUID, list[Carried]] = defaultdict(list)
    if not driver_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_CARRIED, [list(driver_ids), sorted(ACTIVE)])
        for row in cursor.fetchall():
            found[row[1]].append(
                Carried(
                    id=row[0],
                    driver_id=row[1],
                    session_id=row[2],
                    restaurant_id=row[3],
                    zone_id=row[4],
                    status=DeliveryStatus(row[5]),
                    batch_id=row[6],
                    drop_sequence=row[7],
                    pickup=LngLat(row[8], row[9]),
                    dropoff=LngLat(row[10], row[11]),
                    ready_at=row[12],
                    assigned_at=row[13],
                    arrived_at_pickup_at=row[14],
                    picked_up_at=row[15],
                    arrived_at_dropoff_at=row[16],
                )
            )
    return found


def route_of(*, driver_id: UUID) -> list[Stop]:
    """Return the stops of a driver, next one first."""
    return stops_of(carried_by([driver_id])[driver_id])


def route_through(deliveries: Iterable[Delivery]) -> list[Stop]:
    """Return the stops of one driver from rows that the caller holds."""
    return stops_of([carried for row in deliveries if (carried := carried_of(row)) is not None])
