"""What a batch of pings means: positions move, leases are renewed, zones change, stops are reached."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from dispatch.conf import CELL_DEG, DEFAULTS, GEOFENCE_POINTS, LEASE_FLOOR_S, DispatchConf, conf_of
from dispatch.positions import MovedDriver
from dispatch.route import Carried, Stop, StopKind, stops_of
from dispatch.selectors.route import carried_by
from dispatch.services.steps import arrive
from dispatch.services.zones import follow_zones
from dispatch.states import BEFORE_PICKUP, DeliveryStatus
from fleetsync.core import clock
from fleetsync.core.errors import DomainError
from fleetsync.core.geo import LngLat, distance_m
from restaurants.models import Zone

log = logging.getLogger(__name__)

# A lease is written again when a quarter of it is gone: a ping a second need not write a row a second.
_RENEW: Final = """
    WITH due AS (
        SELECT s.id, m.received_at + z.lease AS until
        FROM unnest(%(drivers)s::uuid[], %(received_at)s::timestamptz[]) AS m (driver_id, received_at)
        JOIN dispatch_driversession s ON s.driver_id = m.driver_id AND s.ended_at IS NULL
        JOIN unnest(%(zones)s::uuid[], %(leases)s::interval[]) AS z (id, lease) ON z.id = s.zone_id
        WHERE s.lease_until < m.received_at + z.lease * 0.75
        ORDER BY s.id FOR NO KEY UPDATE OF s
    )
    UPDATE dispatch_driversession s SET lease_until = due.until FROM due WHERE s.id = due.id"""
_MOVED: Final = """
    SELECT m.*, ST_SetSRID(ST_MakePoint(m.lng, m.lat), 4326) AS point
    FROM unnest(%(drivers)s::uuid[], %(lng)s::float8[], %(lat)s::float8[], %(heading_deg)s::float8[],
                %(speed_mps)s::float8[], %(accuracy_m)s::float8[], %(recorded_at)s::timestamptz[],
                %(seq)s::bigint[], %(received_at)s::timestamptz[])
        AS m (driver_id, lng, lat, heading_deg, speed_mps, accuracy_m, recorded_at, seq, received_at)
    ORDER BY m.driver_id"""
_MOVE: Final = f"""
    WITH moved AS ({_MOVED}), old AS (
        SELECT p.driver_id, p.cell, m.lng, m.lat, m.heading_deg, m.speed_mps, m.accuracy_m, m.recorded_at, m.seq,
               m.received_at, m.point, ST_SnapToGrid(m.point, %(cell)s)::geography AS new_cell
        FROM moved m JOIN dispatch_driverposition p ON p.driver_id = m.driver_id
        WHERE (m.recorded_at, m.seq) > (p.recorded_at, p.seq) AND m.received_at >= p.received_at
        ORDER BY p.driver_id FOR NO KEY UPDATE OF p
    )
    UPDATE dispatch_driverposition p
    SET point = old.point, cell = old.new_cell, heading_deg = old.heading_deg, speed_mps = old.speed_mps,
        accuracy_m = old.accuracy_m, recorded_at = old.recorded_at, seq = old.seq, received_at = old.received_at
    FROM old WHERE p.driver_id = old.driver_id
    RETURNING p.driver_id, old.lng, old.lat, p.near_stop, NOT ST_Equals(old.cell::geometry, old.new_cell::geometry)"""  # noqa: S608  # constants
_PLACE_NEW: Final = f"""
    INSERT INTO dispatch_driverposition
        (driver_id, point, cell, available, heading_deg, speed_mps, accuracy_m, recorded_at, seq, received_at, near_stop)
    SELECT m.driver_id, m.point, ST_SnapToGrid(m.point, %(cell)s)::geography, false, m.heading_deg, m.speed_mps,
           m.accuracy_m, m.recorded_at, m.seq, m.received_at, 0
    FROM ({_MOVED}) AS m JOIN accounts_driver d ON d.id = m.driver_id
    ON CONFLICT (driver_id) DO NOTHING"""  # noqa: S608  # constants
_COUNT_NEAR: Final = """
    UPDATE dispatch_driverposition p SET near_stop = n.near
    FROM unnest(%(drivers)s::uuid[], %(near)s::int[]) AS n (driver_id, near) WHERE p.driver_id = n.driver_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    place: LngLat
    near_stop: int


def move_drivers(*, points: Sequence[MovedDriver], now: datetime) -> None:
    """Write the newest point of each driver; an older one never wins, nor one from before he went online here.

    One transaction renews the leases of live sessions (locked by id), moves positions (locked
    by driver) and counts points inside the next stop's geofence. What follows has transactions
    of its own, since it locks what comes before positions: idle drivers change their zone, and
    the second point in a row is an arrival, the same service as the driver's tap. Hand in one
    point per driver.
    """
    if not points:
        return
    points = sorted(points, key=lambda each: each.driver_id)
    confs = {pk: conf_of(settings) for pk, settings in Zone.objects.values_list("pk", "dispatch")}
    columns = _columns(points, confs)
    with transaction.atomic(), connection.cursor() as cursor:
        # A position lost in a crash comes again within seconds; an arrival, below, waits for the disk.
        cursor.execute("SET LOCAL synchronous_commit TO off")
        cursor.execute(_RENEW, columns)
        cursor.execute(_MOVE, columns)
        rows = cursor.fetchall()
        if len(rows) < len(points):
            cursor.execute(_PLACE_NEW, columns)
        placed = {row[0]: _Placed(place=LngLat(row[1], row[2]), near_stop=row[3]) for row in rows}
        arrived = _find_arrivals(placed, confs, cursor)
    if crossed := [row[0] for row in rows if row[4]]:
        follow_zones(driver_ids=crossed)
    for stop in arrived:
        _arrive(stop, now)


def _columns(points: Sequence[MovedDriver], confs: Mapping[UUID, DispatchConf]) -> dict[str, Any]:
    return {
        "drivers": [each.driver_id for each in points],
        "lng": [each.lng for each in points],
        "lat": [each.lat for each in points],
        "heading_deg": [each.heading_deg for each in points],
        "speed_mps": [each.speed_mps for each in points],
        "accuracy_m": [each.accuracy_m for each in points],
        "recorded_at": [each.recorded_at for each in points],
        "seq": [each.seq for each in points],
        "received_at": [each.received_at for each in points],
        "cell": CELL_DEG,
        "zones": list(confs),
        "leases": [clock.at_least(conf.lease_s, LEASE_FLOOR_S) for conf in confs.values()],
    }


def _find_arrivals(placed: Mapping[UUID, _Placed], confs: Mapping[UUID, DispatchConf], cursor: Any) -> list[Stop]:
    """Count points inside the next stops' geofences; return the stops that were reached."""
    counts: dict[UUID, int] = {}
    arrived: list[Stop] = []
    for driver_id, held in carried_by(list(placed)).items():
        stop, here = stops_of(held)[0], placed[driver_id]
        near = here.near_stop + 1 if _inside(stop, here.place, confs) else 0
        if near != here.near_stop and near <= GEOFENCE_POINTS:
            counts[driver_id] = near
        if near >= GEOFENCE_POINTS and _expected(stop):
            arrived.append(stop)
    if counts:
        cursor.execute(_COUNT_NEAR, {"drivers": list(counts), "near": list(counts.values())})
    return arrived


def _inside(stop: Stop, place: LngLat, confs: Mapping[UUID, DispatchConf]) -> bool:
    conf = confs.get(stop.deliveries[0].zone_id, DEFAULTS)
    return distance_m(place, stop.place) <= conf.geofence_m


def _expected(stop: Stop) -> bool:
    """Say whether somebody at this stop has not arrived yet."""
    return stop.kind is not StopKind.RETURN and any(_on_the_way(each) for each in stop.deliveries)


def _on_the_way(carried: Carried) -> bool:
    if carried.status in BEFORE_PICKUP:
        return carried.status != DeliveryStatus.ARRIVED_AT_PICKUP
    return carried.status != DeliveryStatus.ARRIVED_AT_DROPOFF


def _arrive(stop: Stop, now: datetime) -> None:
    for carried in stop.deliveries:
        if not _on_the_way(carried):
            continue
        try:
            arrive(delivery_id=carried.id, driver_id=carried.driver_id, now=now, actor="geofence", by="geofence")
        except DomainError as error:  # cancelled or given back a moment ago
            log.info("dispatch.geofence.late", extra={"delivery_id": str(carried.id), "code": error.code})
