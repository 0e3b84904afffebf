"""What a round sees of its zone: open deliveries and drivers, busy ones with where and when they are free."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from dispatch.conf import LEASE_FLOOR_S, DispatchConf
from dispatch.engine import Demand, Driver, DriverState, Job, Past, Policy, Snapshot, Table, Travel
from dispatch.engine import StraightLine as EngineLine
from dispatch.route import Carried, StopKind, stops_of
from dispatch.selectors.answering import Answering, answering
from dispatch.selectors.misses import misses_in_a_row
from dispatch.selectors.roster import break_of, coming_drivers, off_of
from dispatch.selectors.route import carried_by
from dispatch.states import DeliveryStatus
from fleetsync.core import clock
from fleetsync.core.geo import LngLat, distance_m
from fleetsync.core.travel import StraightLine, TravelProvider

_JOBS: Final = """
    SELECT d.id, d.restaurant_id, ST_X(d.pickup_point), ST_Y(d.pickup_point), ST_X(d.dropoff_point),
           ST_Y(d.dropoff_point), o.placed_at, d.ready_at, d.promised_at, d.priority, d.held,
           j.id, j.attempt, j.radius_m, j.refusals, j.next_attempt_at, j.due_at, j.first_due_at, j.search_until,
           asked.open_to, asked.masked, d.ready_std_s, k.vehicles
    FROM dispatch_dispatchjob j
    JOIN dispatch_delivery d ON d.id = j.delivery_id
    JOIN orders_order o ON o.id = d.order_id
    JOIN restaurants_restaurant k ON k.id = d.restaurant_id
    LEFT JOIN LATERAL (
        SELECT array_agg(f.driver_id) FILTER (WHERE f.status = 'OPEN') AS open_to,
               array_agg(f.driver_id) FILTER (
                   WHERE f.offered_at >= coalesce(j.mask_from, '-infinity') AND (
                       f.status = 'DECLINED'
                       OR f.status = 'RETURNED' AND f.reason NOT IN ('driver-offline', 'cancelled')
                       OR f.status = 'EXPIRED' AND f.answered_at > %(expired_since)s
                       OR f.status = 'UNDELIVERED' AND f.answered_at > %(unseen_since)s)) AS masked
        FROM dispatch_offer f WHERE f.delivery_id = d.id
    ) asked ON true
    WHERE j.zone_id = %(zone)s AND j.searching AND d.status = 'SEARCHING'
    ORDER BY d.id"""

_DRIVERS: Final = """
    SELECT s.driver_id, s.id, s.load, s.capacity, s.off_at, s.started_at, s.idle_since,
           ST_X(p.point), ST_Y(p.point), r.vehicle, asked.driver_id IS NOT NULL,
           f.ends_at, f.break_from, f.break_to
    FROM dispatch_driversession s
    JOIN dispatch_driverposition p ON p.driver_id = s.driver_id
    JOIN accounts_driver r ON r.id = s.driver_id
    LEFT JOIN (SELECT DISTINCT driver_id FROM dispatch_offer WHERE status = 'OPEN') asked
        ON asked.driver_id = s.driver_id
    LEFT JOIN dispatch_shift f ON f.driver_id = s.driver_id AND f.starts_at <= %(now)s AND f.ends_at > %(now)s
    WHERE s.zone_id = %(zone)s AND s.ended_at IS NULL AND s.status IN ('AVAILABLE', 'BUSY')
      AND s.lease_until > %(now)s AND p.received_at >= %(fresh_since)s
    ORDER BY s.driver_id"""


# Orders of the last hours, each counting less the older it is: its weight halves every 42 minutes.
_DEMAND: Final = """
    SELECT ST_X(pickup_point), ST_Y(pickup_point), sum(exp(extract(epoch FROM created_at - %(now)s) / 3600.0))::float8
    FROM dispatch_delivery WHERE zone_id = %(zone)s AND created_at > %(since)s AND created_at <= %(now)s
    GROUP BY pickup_point ORDER BY 1, 2"""
_DEMAND_SPAN: Final = timedelta(hours=4)
_PAST: Final = """
    SELECT d.id, ST_X(d.pickup_point), ST_Y(d.pickup_point), ST_X(d.dropoff_point), ST_Y(d.dropoff_point),
           o.placed_at, d.ready_at
    FROM dispatch_delivery d JOIN orders_order o ON o.id = d.order_id
    WHERE d.zone_id = %(zone)s AND d.created_at > %(since)s AND d.created_at <= %(now)s
    ORDER BY d.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    """A search as it stood when the round looked."""

    job_id: UUID
    delivery_id: UUID
    pickup: LngLat
    dropoff: LngLat
    ready_at: datetime
    attempt: int
    radius_m: int
    next_attempt_at: datetime
    due_at: datetime | None
    first_due_at: datetime | None
    search_until: datetime | None
    masked: frozenset[UUID]
    vehicles: frozenset[str] | None
    """What may carry it; None: anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineDriver:
    """A session as it stood when the round looked."""

    driver_id: UUID
    session_id: UUID
    load: int
    position: LngLat
    free_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A zone at one moment: what the engine gets, and the rows its ids stand for."""

    zone_id: UUID
    now: datetime
    conf: DispatchConf
    policy: Policy
    """What the engine decides by."""
    policy_version: int
    """Of the zone; 0: the engine's defaults."""
    travel: str
    """Where travel times came from."""
    travel_can_be_asked_again: bool
    """Whether that name stands for the same times for ever."""
    snapshot: Snapshot
    jobs: Mapping[str, OpenJob]
    drivers: Mapping[str, OnlineDriver]


class _Places:
    """Every place once, by index."""

    def __init__(self) -> None:
        self.at: dict[LngLat, int] = {}

    def index(self, place: LngLat) -> int:
        return self.at.setdefault(place, len(self.at))


def look_at_zone(
    *,
    zone_id: UUID,
    conf: DispatchConf,
    travel: TravelProvider,
    now: datetime,
    period: timedelta,
    memo: bytes | None,
    policy: Policy = Policy(),  # noqa: B008  # frozen
    policy_version: int = 0,
) -> Look:
    """Return the zone as it stands, the next round expected after `period`.

    Three queries whatever its size; one more where the strategy weighs how drivers answer,
    three more where it looks at what was ordered lately and who comes on duty soon, one where
    it counts who was passed over.

    Drivers who were asked and did not take a job are masked from it: for good when they
    declined or gave it back, for a while when they let the offer pass.
    """
    places = _Places()
    with connection.cursor() as cursor:
        cursor.execute(
            _JOBS,
            {
                "zone": zone_id,
                "expired_since": now - timedelta(seconds=conf.expired_mask_s),
                "unseen_since": now - clock.at_least(conf.unseen_mask_s, LEASE_FLOOR_S),
            },
        )
        job_rows = cursor.fetchall()
        cursor.execute(
            _DRIVERS,
            {"zone": zone_id, "now": now, "fresh_since": now - clock.at_least(conf.freshness_s, LEASE_FLOOR_S)},
        )
        driver_rows = cursor.fetchall() if job_rows else []
        answers = Answering()
        if policy.strategy != "nearest" and driver_rows:
            answers = answering(cursor, [row[0] for row in driver_rows], policy.answer_s)
        plans = policy.strategy == "plan" and bool(job_rows)
        misses: Mapping[UUID, int] = {}
        if plans and policy.max_misses and driver_rows:
            misses = misses_in_a_row(cursor, zone_id=zone_id, driver_ids=[row[0] for row in driver_rows], now=now)
        demand = _demand(cursor, zone_id, places, now) if plans else ()
        past = _past(cursor, zone_id, places, now, policy.foresight_s) if plans else ()
        coming: list[Driver] = []
        if plans and policy.look_ahead_s:
            within = timedelta(seconds=policy.look_ahead_s) - period
            coming = coming_drivers(cursor, zone_id=zone_id, after=now + period, within=within, place=places.index)
    held = carried_by([row[0] for row in driver_rows if row[2] > 0])
    jobs = [_job(row, places, conf) for row in job_rows]
    drivers = [
        _driver(row, held.get(row[0], []), answers, misses.get(row[0], 0), places, conf, travel, now)
        for row in driver_rows
    ]
    snapshot = Snapshot(
        zone=str(zone_id),
        now_s=now.timestamp(),
        period_s=period.total_seconds(),
        places=tuple((place.lng, place.lat) for place in places.at),  # plain: the child knows no LngLat
        jobs=tuple(job for job, _ in jobs),
        drivers=(*(driver for driver, _ in drivers), *coming),
        travel=_travel(travel, tuple(places.at)),
        half_pickup_s=conf.half_pickup_s,
        half_dropoff_s=conf.half_dropoff_s,
        demand=demand,
        past=past,
        slopes=answers.slopes,
        answer_s=answers.answer_s,
        memo=memo,
    )
    return Look(
        zone_id=zone_id,
        now=now,
        conf=conf,
        policy=policy,
        policy_version=policy_version,
        travel=travel.name,
        travel_can_be_asked_again=travel.is_lasting,
        snapshot=snapshot,
        jobs={job.id: row for job, row in jobs},
        drivers={driver.id: row for driver, row in drivers},
    )


def _demand(cursor: Any, zone_id: UUID, places: _Places, now: datetime) -> tuple[Demand, ...]:
    cursor.execute(_DEMAND, {"zone": zone_id, "now": now, "since": now - _DEMAND_SPAN})
    return tuple(Demand(place=places.index(LngLat(lng, lat)), weight=weight) for lng, lat, weight in cursor.fetchall())


def _past(cursor: Any, zone_id: UUID, places: _Places, now: datetime, span_s: float) -> tuple[Past, ...]:
    """Return the orders of the last `span_s`, whatever became of them, by id."""
    cursor.execute(_PAST, {"zone": zone_id, "now": now, "since": now - timedelta(seconds=span_s)})
    return tuple(
        Past(
            id=str(row[0]),
            pickup=places.index(LngLat(row[1], row[2])),
            dropoff=places.index(LngLat(row[3], row[4])),
            placed_s=row[5].timestamp(),
            ready_s=row[6].timestamp(),
        )
        for row in cursor.fetchall()
    )


def _job(row: Sequence[Any], places: _Places, conf: DispatchConf) -> tuple[Job, OpenJob]:
    pickup, dropoff, masked = LngLat(row[2], row[3]), LngLat(row[4], row[5]), frozenset(row[20] or ())
    way_m = distance_m(pickup, dropoff)
    job = Job(
        id=str(row[0]),
        restaurant=str(row[1]),
        pickup=places.index(pickup),
        dropoff=places.index(dropoff),
        placed_s=row[6].timestamp(),
        ready_s=row[7].timestamp(),
        ready_std_s=row[21],
        promised_s=row[8].timestamp(),
        priority=row[9],
        held=row[10],
        declined=frozenset(map(str, masked)),
        refusals=row[14],
        offered_to=frozenset(map(str, row[19] or ())),
        next_attempt_s=row[15].timestamp(),
        radius_m=float(row[13]),
        first_due_s=row[17].timestamp() if row[17] else None,
        vehicles=conf.vehicles_for(way_m, row[22]),
        pay=float(conf.pay_for(way_m)),
    )
    open_job = OpenJob(
        job_id=row[11],
        delivery_id=row[0],
        pickup=pickup,
        dropoff=dropoff,
        ready_at=row[7],
        attempt=row[12],
        radius_m=row[13],
        next_attempt_at=row[15],
        due_at=row[16],
        first_due_at=row[17],
        search_until=row[18],
        masked=masked,
        vehicles=job.vehicles,
    )
    return job, open_job


def _driver(
    row: Sequence[Any],
    held: list[Carried],
    answers: Answering,
    misses: int,
    places: _Places,
    conf: DispatchConf,
    travel: TravelProvider,
    now: datetime,
) -> tuple[Driver, OnlineDriver]:
    here = LngLat(row[7], row[8])
    place, free_at = when_free(
        held=held, here=here, idle_since=row[6], started_at=row[5], conf=conf, travel=travel, now=now
    )
    driver = Driver(
        id=str(row[0]),
        state=DriverState.BUSY if free_at > now else DriverState.IDLE,
        place=places.index(place),
        free_s=free_at.timestamp(),
        off_s=off_of(row[4], row[11]),
        break_s=break_of(row[12], row[13]),
        vehicle=row[9],
        capacity=row[3],
        has_open_offer=row[10],
        idle_s=(now - row[6]).total_seconds() if row[6] and not held else 0.0,
        misses=misses,
        position=places.index(here),
        **answers.of(row[0]),
    )
    return driver, OnlineDriver(driver_id=row[0], session_id=row[1], load=row[2], position=here, free_at=free_at)


def when_free(
    *,
    held: Sequence[Carried],
    here: LngLat,
    idle_since: datetime | None,
    started_at: datetime,
    conf: DispatchConf,
    travel: TravelProvider,
    now: datetime,
) -> tuple[LngLat, datetime]:
    """Return where and when a driver's next trip can start.

    Follows his stops with half of the service before and half after each pickup and
    drop-off. Who has just handed over is free after the second half of that.
    """
    half_pickup, half_dropoff = timedelta(seconds=conf.half_pickup_s), timedelta(seconds=conf.half_dropoff_s)
    if not held:
        if idle_since is not None and idle_since > started_at:
            return here, max(now, idle_since + half_dropoff)
        return here, now
    at, moment = here, now
    for stop in stops_of(held):
        arrived_at = _arrived(stop.kind, stop.deliveries)
        picked_up_at = max((c.picked_up_at for c in held if c.picked_up_at is not None), default=None)
        if at is here and picked_up_at is not None:
            moment = max(moment, picked_up_at + half_pickup)
        if at is not here or arrived_at is None:
            arrived_at = moment + timedelta(seconds=travel.times_s([at], [stop.place])[0][0])
        if stop.kind is StopKind.PICKUP:
            ready_at = max(c.ready_at for c in stop.deliveries)
            moment = max(arrived_at + half_pickup, ready_at, now) + half_pickup
        else:
            moment = max(arrived_at + half_dropoff, now) + half_dropoff
        at = stop.place
    return at, moment


def _arrived(kind: StopKind, deliveries: tuple[Carried, ...]) -> datetime | None:
    """Return when the driver came to this stop, if he stands there."""
    first = deliveries[0]
    if kind is StopKind.PICKUP and first.status == DeliveryStatus.ARRIVED_AT_PICKUP:
        return first.arrived_at_pickup_at
    if kind is StopKind.DROPOFF and first.status == DeliveryStatus.ARRIVED_AT_DROPOFF:
        return first.arrived_at_dropoff_at
    return None


def _travel(provider: TravelProvider, places: tuple[LngLat, ...]) -> Travel:
    """Return the provider as the engine sees it: a formula where it is one, else one table of this look."""
    if isinstance(provider, StraightLine):
        return EngineLine(speed_mps=provider.speed_mps, factor=provider.factor, round_up_s=provider.round_up_s)
    return Table(rows=tuple(map(tuple, provider.times_s(places, places))))
