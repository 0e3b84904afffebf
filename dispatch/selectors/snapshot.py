"""What a round sees of its zone: open deliveries and drivers, busy ones with where and when they are free."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from dispatch.conf import LEASE_FLOOR_S, DispatchConf
from dispatch.engine import Asked, Demand, Driver, DriverState, Job, Past, Policy, Snapshot
from dispatch.route import Stop, StopKind, stops_of
from dispatch.selectors.answering import Answering, answering
from dispatch.selectors.free import free_at, free_place, legs_of
from dispatch.selectors.misses import misses_in_a_row
from dispatch.selectors.roster import break_of, coming_drivers, off_of
from dispatch.selectors.route import carried_by
from dispatch.selectors.ways import Leg, Stand, Ways, ask_ways, fans_of_round
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
    SELECT s.driver_id, s.id, s.load, s.capacity, s.off_at, s.handed_over_at, s.idle_since,
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
    asked: Asked | None
    """How to ask there again, where that name stands for the same times for ever."""
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
        plans = policy.strategy == "plan" and bool(job_rows)
        coming: list[Driver] = []
        if plans and policy.look_ahead_s:
            within = timedelta(seconds=policy.look_ahead_s) - period
            coming = coming_drivers(cursor, zone_id=zone_id, after=now + period, within=within, place=places.index)
        answers = Answering()
        asked = [*(row[0] for row in driver_rows), *(UUID(driver.id) for driver in coming)]
        if policy.strategy != "nearest" and asked:
            answers = answering(cursor, asked, policy.answer_s)
        misses: Mapping[UUID, int] = {}
        if plans and policy.max_misses and driver_rows:
            misses = misses_in_a_row(cursor, zone_id=zone_id, driver_ids=[row[0] for row in driver_rows], now=now)
        demand = _demand(cursor, zone_id, places, now) if plans else ()
        past = _past(cursor, zone_id, places, now, policy.foresight_s) if plans else ()
    held = carried_by([row[0] for row in driver_rows if row[2] > 0])
    jobs = [_job(row, places, conf) for row in job_rows]
    stops = {row[0]: stops_of(held.get(row[0], [])) for row in driver_rows}
    stands = [_stand(row, stops[row[0]], places) for row in driver_rows]
    stands += [Stand(driver=each.id, place=each.place, is_free=False) for each in coming]
    seen = tuple((place.lng, place.lat) for place in places.at)  # plain: the child knows no LngLat
    ways = _ways(travel, places, stands, [job for job, _ in jobs], past, policy, driver_rows, stops)
    drivers = [
        _driver(row, stops[row[0]], answers, misses.get(row[0], 0), places, conf, ways, now) for row in driver_rows
    ]
    snapshot = Snapshot(
        zone=str(zone_id),
        now_s=now.timestamp(),
        period_s=period.total_seconds(),
        places=seen,
        jobs=tuple(job for job, _ in jobs),
        drivers=(*(driver for driver, _ in drivers), *(replace(each, **answers.of(UUID(each.id))) for each in coming)),
        travel=ways.travel,
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
        travel=ways.source.name,
        asked=ways.asked,
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


def _stand(row: Sequence[Any], stops: Sequence[Stop], places: _Places) -> Stand:
    """Return where a driver's next trip starts; where he is now gets an index too."""
    here = LngLat(row[7], row[8])
    place = places.index(free_place(stops, here))
    places.index(here)
    return Stand(driver=str(row[0]), place=place, is_free=not stops)


def _ways(
    provider: TravelProvider,
    places: _Places,
    stands: Sequence[Stand],
    jobs: Sequence[Job],
    past: Sequence[Past],
    policy: Policy,
    driver_rows: Sequence[Sequence[Any]],
    stops: Mapping[UUID, Sequence[Stop]],
) -> Ways:
    """Return the travel times of this look. The stops on the way get their indexes last: the engine knows none."""
    if isinstance(provider, StraightLine):
        return ask_ways(provider, places=places.at, fans=(), legs=())
    fans = fans_of_round(tuple(places.at), stands=stands, jobs=jobs, past=past, within_m=policy.stack_within_m)
    legs = [
        Leg(
            start=places.index(at),
            end=places.index(stop.place),
            from_counter=stop.kind is StopKind.DROPOFF and at == stop.deliveries[0].pickup,
        )
        for row in driver_rows
        for at, stop in legs_of(stops[row[0]], LngLat(row[7], row[8]))
    ]
    return ask_ways(provider, places=places.at, fans=fans, legs=legs)


def _driver(
    row: Sequence[Any],
    stops: Sequence[Stop],
    answers: Answering,
    misses: int,
    places: _Places,
    conf: DispatchConf,
    ways: Ways,
    now: datetime,
) -> tuple[Driver, OnlineDriver]:
    here = LngLat(row[7], row[8])
    free = free_at(stops=stops, here=here, handed_over_at=row[5], conf=conf, drive_s=ways.drive_s, now=now)
    driver = Driver(
        id=str(row[0]),
        state=DriverState.BUSY if free > now else DriverState.IDLE,
        place=places.index(free_place(stops, here)),
        free_s=free.timestamp(),
        off_s=off_of(row[4], row[11]),
        break_s=break_of(row[12], row[13]),
        vehicle=row[9],
        capacity=row[3],
        has_open_offer=row[10],
        idle_s=(now - row[6]).total_seconds() if row[6] and not stops else 0.0,
        misses=misses,
        position=places.index(here),
        **answers.of(row[0]),
    )
    return driver, OnlineDriver(driver_id=row[0], session_id=row[1], load=row[2], position=here, free_at=free)
