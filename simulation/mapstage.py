"""A zone full of moving drivers for measuring the live map: rows once, then positions through the service that takes pings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from accounts.models import Driver, User
from accounts.states import Role
from dispatch.models import Delivery, DispatchJob, DriverPosition, DriverSession, Offer
from dispatch.states import DeliveryStatus, SessionStatus
from fleetsync.core import clock
from fleetsync.core.geo import LngLat, lng_lat, moved
from orders.models import Order
from orders.states import OrderStatus
from restaurants.models import Restaurant, Zone
from simulation.city import make_city
from simulation.seeding import SIM_DOMAIN, seed_city
from tracking.pings import PingPoint
from tracking.services import take_positions

KITCHENS: Final = 60
SPEED_MPS: Final = 7.0
FREE_SHARE: Final = 0.2
ABOARD_SHARE: Final = 0.6  # of those with a job; the others ride to the kitchen
SEARCHING_SHARE: Final = 0.04  # orders without a driver, of the number of drivers
OFFERS: Final = 12
SPREAD_M: Final = 3000.0
D = DeliveryStatus


@dataclass(slots=True, kw_only=True)
class Rider:
    """A driver on the way to somewhere; `place` moves."""

    driver: Driver
    place: LngLat
    goal: LngLat
    seq: int = 0
    heading_deg: float = 0.0


def set_map(*, drivers: int, seed: int, now: datetime) -> list[Rider]:
    """Write a city with so many drivers online, four of five with a job, into an empty database; return them."""
    random = Random(seed)
    seed_city(city=make_city(seed=seed, restaurants=KITCHENS, drivers=drivers, customers=20), now=now)
    zone = Zone.objects.get()
    people = list(Driver.objects.filter(user__email__endswith="@" + SIM_DOMAIN).order_by("id")[:drivers])
    kitchens = list(Restaurant.objects.order_by("id"))
    customers = list(User.objects.filter(role=Role.CUSTOMER).order_by("id"))
    sessions = [
        DriverSession(
            driver=driver, zone=zone, capacity=driver.capacity, started_at=now, lease_until=now + timedelta(hours=6)
        )
        for driver in people
    ]
    riders = [Rider(driver=each, place=somewhere(zone, random), goal=somewhere(zone, random)) for each in people]
    orders: list[Order] = []
    deliveries: list[Delivery] = []
    for number, (session, rider) in enumerate(zip(sessions, riders, strict=True)):
        if random.random() < FREE_SHARE:
            session.idle_since = now
            continue
        kitchen, door = random.choice(kitchens), somewhere(zone, random)
        status = D.EN_ROUTE_TO_DROPOFF if random.random() < ABOARD_SHARE else D.EN_ROUTE_TO_PICKUP
        rider.goal = door if status is D.EN_ROUTE_TO_DROPOFF else lng_lat(kitchen.point)
        order = _order(number, kitchen, random.choice(customers), door, now, random)
        orders.append(order)
        session.status, session.load = SessionStatus.BUSY, 1
        deliveries.append(_delivery(order, status, session, now))
    for number in range(max(OFFERS, int(drivers * SEARCHING_SHARE))):
        kitchen, door = random.choice(kitchens), somewhere(zone, random)
        orders.append(_order(drivers + number, kitchen, random.choice(customers), door, now, random))
        deliveries.append(_delivery(orders[-1], D.SEARCHING, None, now))
    DriverSession.objects.bulk_create(sessions)
    Order.objects.bulk_create(orders)
    Delivery.objects.bulk_create(deliveries)
    _search(deliveries, [each for each in sessions if each.load == 0], now)
    DriverPosition.objects.bulk_create(
        DriverPosition(
            driver=rider.driver,
            point=rider.place.to_point(),
            cell=rider.place.to_point(),
            received_at=now,
            recorded_at=now,
        )
        for rider in riders
    )
    return riders


def _order(number: int, kitchen: Restaurant, customer: User, door: LngLat, now: datetime, random: Random) -> Order:
    placed = now - timedelta(minutes=random.uniform(5, 30))
    return Order(
        customer=customer,
        restaurant=kitchen,
        zone=kitchen.zone,
        status=OrderStatus.PREPARING,
        code=str(1000 + number),
        dropoff_point=door.to_point(),
        dropoff_address=f"{number + 1} Harbor Street",
        currency=kitchen.currency,
        subtotal_minor=2000,
        total_minor=2000,
        placed_at=placed,
        accept_by=placed + timedelta(minutes=5),
        accepted_at=placed,
        ready_at=placed + timedelta(minutes=12),
        promised_at=placed + timedelta(minutes=random.uniform(32, 75)),
    )


def _delivery(order: Order, status: DeliveryStatus, session: DriverSession | None, now: datetime) -> Delivery:
    ready = order.ready_at or now
    row = Delivery(
        order=order,
        restaurant=order.restaurant,
        zone=order.zone,
        status=status,
        pickup_point=order.restaurant.point,
        dropoff_point=order.dropoff_point,
        ready_at=ready,
        promised_at=order.promised_at,
        created_at=order.placed_at,
    )
    if session is not None:
        row.driver, row.session, row.assigned_at = session.driver, session, order.placed_at + timedelta(seconds=40)
        row.pickup_eta_at, row.dropoff_eta_at = ready, now + timedelta(minutes=12)
        if status is D.EN_ROUTE_TO_DROPOFF:
            order.status, order.picked_up_at = OrderStatus.PICKED_UP, now
            row.arrived_at_pickup_at = row.picked_up_at = now
    return row


def _search(deliveries: list[Delivery], free: list[DriverSession], now: datetime) -> None:
    """Let the orders without a driver be searched for, and ask some free drivers; the answer may take an hour."""
    searching = [row for row in deliveries if row.status == D.SEARCHING]
    DispatchJob.objects.bulk_create(
        DispatchJob(delivery=row, zone=row.zone, next_attempt_at=now + timedelta(hours=1)) for row in searching
    )
    Offer.objects.bulk_create(
        Offer(
            delivery=row,
            driver=session.driver,
            session=session,
            distance_m=900,
            pickup_eta_at=now + timedelta(minutes=5),
            dropoff_eta_at=now + timedelta(minutes=15),
            offered_at=now,
            expires_at=now + timedelta(hours=1),
            ack_by=clock.real_now() + timedelta(hours=1),
            acked_at=now,
        )
        for row, session in zip(searching[:OFFERS], free, strict=False)
    )


def somewhere(zone: Zone, random: Random) -> LngLat:
    """Return a place in the zone, not far from its middle."""
    middle = lng_lat(zone.polygon.centroid)
    return moved(middle, random.uniform(-SPREAD_M, SPREAD_M), random.uniform(-SPREAD_M, SPREAD_M))


def ride(riders: list[Rider], *, zone: Zone, seconds: float, now: datetime, random: Random) -> None:
    """Move every driver so many seconds towards his goal, to a new one once he is there, and report where he is."""
    for rider in riders:
        lat_m, lng_m = 111_195.0, 111_195.0 * math.cos(math.radians(rider.place.lat))
        east, north = (rider.goal.lng - rider.place.lng) * lng_m, (rider.goal.lat - rider.place.lat) * lat_m
        far, step = math.hypot(east, north), SPEED_MPS * seconds
        if far <= step:
            rider.goal = somewhere(zone, random)
            continue
        rider.place = moved(rider.place, east / far * step, north / far * step)
        rider.heading_deg = math.degrees(math.atan2(east, north)) % 360
        rider.seq += 1
        point = PingPoint(
            lat=rider.place.lat,
            lng=rider.place.lng,
            recorded_at=now,
            seq=rider.seq,
            heading_deg=rider.heading_deg,
            speed_mps=SPEED_MPS,
            accuracy_m=5.0,
        )
        take_positions(driver_id=rider.driver.pk, points=[point], now=now)
