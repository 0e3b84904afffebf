"""Writes a city into the database, idempotently: what is there by name stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.gis.geos import Polygon
from django.core.management.base import CommandError
from django.db import transaction

from accounts.models import Driver, User
from accounts.states import Role
from fleetsync.core.geo import LngLat
from restaurants.models import OpeningHours, Restaurant, RestaurantStaff, Zone
from restaurants.services import write_menu
from simulation.city import CitySpec, PersonSpec, RestaurantSpec
from simulation.clients.road import Place
from simulation.roads import RealStreets
from simulation.streets import make_basemap
from tracking.models import Basemap
from tracking.services import set_basemap

PASSWORD: Final = "fleetsync-demo"  # noqa: S105 (the demo's accounts are local, and it stands on the screen)
SIM_DOMAIN: Final = "sim.fleetsync.example"
#: The demo's settings of dispatch: doors are near, so handing over takes a minute, not four.
DISPATCH: Final = {"half_pickup_s": 45.0, "half_dropoff_s": 45.0}
CAPACITY: Final = {"BICYCLE": 2, "SCOOTER": 2, "CAR": 3}
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """How much was new, and how much there is."""

    restaurants: int
    restaurants_new: int
    drivers: int
    drivers_new: int
    customers: int
    customers_new: int


def refuse_production() -> None:
    """Keep made-up people away from a production platform; their password is in this file.

    Raises:
        CommandError: this is one; says what to do instead.
    """
    if settings.FLEETSYNC_ENV == "production":
        raise CommandError(
            "FLEETSYNC_ENV is production, and made-up people have a password everybody knows. Make the first admin with "
            "`manage.py createsuperuser`; restaurants come from `manage.py import_restaurants` or the back office."
        )


def _silent(_what: str, _done: int, _of: int) -> None:
    return


def seed_city(
    *, city: CitySpec, now: datetime, streets: RealStreets | None = None, progress: Progress = _silent
) -> Seeded:
    """Bring the city into the database and return what was new. One transaction; may run again.

    With `streets` these are the zone's map, else made-up ones.
    People share one password hash: hashing costs 0.4 s of a processor each.

    Raises:
        CommandError: this is a production platform.
    """
    refuse_production()
    with transaction.atomic():
        zone = seed_zone(city)
        if not Basemap.objects.filter(zone=zone).exists():
            _draw_map(zone, city, streets)
        known = set(User.objects.values_list("email", flat=True))
        password = _shared_password()
        _staff_logins(known, password, now)
        fresh = [spec for spec in city.restaurants if not _is_there(zone, spec)]
        for done, spec in enumerate(fresh, start=1):
            seed_restaurant(zone, spec)
            progress("restaurants", done, len(fresh))
        _kitchen_staff(zone, known, password)
        drivers = seed_drivers(city.drivers, known=known, password=password, now=now)
        progress("drivers", drivers, drivers)
        customers = seed_customers(city.customers, known=known, password=password)
        progress("customers", customers, customers)
    simulated = User.objects.filter(email__endswith="@" + SIM_DOMAIN)
    return Seeded(
        restaurants=Restaurant.objects.filter(zone=zone).count(),
        restaurants_new=len(fresh),
        drivers=simulated.filter(role=Role.DRIVER).count(),
        drivers_new=drivers,
        customers=simulated.filter(role=Role.CUSTOMER).count(),
        customers_new=customers,
    )


def _draw_map(zone: Zone, city: CitySpec, streets: RealStreets | None) -> None:
    if streets is None:
        set_basemap(zone_id=zone.pk, geojson=make_basemap(seed=1, centre=city.centre, name=city.name))
        return
    drawn = streets.graph.geojson()
    drawn["features"].append(
        {
            "type": "Feature",
            "properties": {"kind": "zone", "name": city.name},
            "geometry": {"type": "Polygon", "coordinates": zone.polygon.coords},
        }
    )
    set_basemap(zone_id=zone.pk, geojson=drawn, attribution=streets.graph.attribution)


def seed_zone(city: CitySpec) -> Zone:
    """Return the city's zone, made if it is not there."""
    ring = [_lng_lat(corner) for corner in (*city.outline, city.outline[0])]
    zone, _ = Zone.objects.get_or_create(
        name=city.name,
        defaults={
            "polygon": Polygon(ring, srid=4326),
            "time_zone": city.time_zone,
            "currency": city.currency,
            "dispatch": DISPATCH,
        },
    )
    return zone


def _is_there(zone: Zone, spec: RestaurantSpec) -> bool:
    """Say whether a kitchen is there already: by its element of the map, else by its name."""
    if spec.osm_ref:
        return Restaurant.objects.filter(osm_ref=spec.osm_ref).exists()
    return Restaurant.objects.filter(zone=zone, name=spec.name).exists()


def seed_restaurant(zone: Zone, spec: RestaurantSpec) -> Restaurant:
    """Write a restaurant with its hours and menu."""
    point = LngLat(spec.place.lng, spec.place.lat).to_point()
    restaurant = Restaurant.objects.create(
        name=spec.name,
        zone=zone,
        point=point,
        address=spec.address,
        phone=spec.phone,
        cuisine=spec.cuisine,
        time_zone=zone.time_zone,
        currency=zone.currency,
        preparation_min=spec.preparation_min,
        auto_accept=spec.auto_accept,
        minimum_minor=1000,
        delivery_radius_m=6000,
        always_open=not spec.hours,
        osm_ref=spec.osm_ref,
    )
    OpeningHours.objects.bulk_create(
        OpeningHours(restaurant=restaurant, weekday=day, opens=_hour(opens), closes=_hour(closes))
        for day, opens, closes in spec.hours
    )
    write_menu(restaurant=restaurant, menu=spec.menu)
    return restaurant


def _staff_logins(known: set[str], password: str, now: datetime) -> None:
    """Make the ready logins: one of each role."""
    people = (
        ("admin", "Ada Admin", Role.ADMIN),
        ("dispatcher", "Dee Dispatcher", Role.DISPATCHER),
        ("restaurant", "Remy Restaurant", Role.RESTAURANT),
        ("driver", "Dan Driver", Role.DRIVER),
        ("customer", "Cleo Customer", Role.CUSTOMER),
    )
    for login, name, role in people:
        email = f"{login}@fleetsync.example"
        if email in known:
            continue
        user = User.objects.create(
            email=email,
            name=name,
            role=role,
            password=password,
            is_staff=role in (Role.ADMIN, Role.DISPATCHER),
            is_superuser=role == Role.ADMIN,
        )
        if role == Role.DRIVER:
            Driver.objects.create(user=user, approved_at=now)


def _kitchen_staff(zone: Zone, known: set[str], password: str) -> None:
    """Give every restaurant of the zone staff: a simulated account each; the ready login works for the first two."""
    restaurants = list(Restaurant.objects.filter(zone=zone).order_by("id"))
    for number, restaurant in enumerate(restaurants, start=1):
        email = f"kitchen{number:03d}@{SIM_DOMAIN}"
        user = User.objects.filter(email=email).first() or User.objects.create(
            email=email, name=f"{restaurant.name} kitchen"[:120], role=Role.RESTAURANT, password=password
        )
        known.add(email)
        RestaurantStaff.objects.get_or_create(restaurant=restaurant, user=user)
    ready = User.objects.filter(email="restaurant@fleetsync.example").first()
    for restaurant in restaurants[:2] if ready else ():
        RestaurantStaff.objects.get_or_create(restaurant=restaurant, user=ready)


def seed_drivers(people: Sequence[PersonSpec], *, known: Iterable[str], password: str, now: datetime) -> int:
    """Write approved drivers who are not there yet; return how many."""
    there = set(known)
    fresh = [spec for spec in people if spec.email not in there]
    users = User.objects.bulk_create(
        User(email=spec.email, name=spec.name, role=Role.DRIVER, password=password) for spec in fresh
    )
    Driver.objects.bulk_create(
        Driver(user=user, vehicle=spec.vehicle, capacity=CAPACITY.get(spec.vehicle, 2), approved_at=now)
        for user, spec in zip(users, fresh, strict=True)
    )
    return len(fresh)


def seed_customers(people: Sequence[PersonSpec], *, known: Iterable[str], password: str) -> int:
    """Write customers who are not there yet; return how many."""
    there = set(known)
    fresh = [spec for spec in people if spec.email not in there]
    User.objects.bulk_create(
        User(email=spec.email, name=spec.name, role=Role.CUSTOMER, password=password) for spec in fresh
    )
    return len(fresh)


def _shared_password() -> str:
    """Return the hash the simulated people share: the one in use, else a new one."""
    there = User.objects.filter(email=f"customer001@{SIM_DOMAIN}").values_list("password", flat=True).first()
    return there or make_password(PASSWORD)


def _hour(text: str) -> time:
    return time.fromisoformat(text)


def _lng_lat(place: Place) -> tuple[float, float]:
    return (place.lng, place.lat)
