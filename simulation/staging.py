"""Writes a recorded day into an empty database: its zone, kitchens, roster and customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.contrib.gis.geos import Polygon
from django.db import transaction

from accounts.models import Driver, User
from accounts.states import Role
from dispatch.services import change_policy
from fleetsync.core.geo import LngLat
from restaurants.models import MenuCategory, MenuItem, Restaurant, RestaurantStaff, Zone
from simulation.replay import RUN_ON_MIN, Recording
from simulation.seeding import SIM_DOMAIN

KITCHENS_PER_ACCOUNT: Final = 12  # a socket may follow so many topics at once without being a flood
CAPACITY: Final = 4
CUSTOMERS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What was written, in the order of the recording."""

    zone: Zone
    restaurants: Sequence[Restaurant]
    items: Sequence[MenuItem]
    kitchens: Sequence[User]
    drivers: Sequence[Driver]
    customers: Sequence[User]


def dispatch_settings(recording: Recording) -> dict[str, Any]:
    """Return the zone's settings: the day's service minutes; nothing is given up before the run is over."""
    return {
        "half_pickup_s": recording.half_pickup_s,
        "half_dropoff_s": recording.half_dropoff_s,
        "search_limit_s": 60.0 * RUN_ON_MIN,
        "neighbours": False,
    }


def dispatch_policy(recording: Recording, *, strategy: str | None) -> dict[str, Any]:
    """Return the zone's policy: the day's target, and the strategy where one was asked for."""
    return {"target_s": 60.0 * recording.target_min} | ({"strategy": strategy} if strategy else {})


def set_stage(*, recording: Recording, time_zone: str, strategy: str | None, now: datetime) -> Stage:
    """Write it all in one transaction; nobody can log in by password."""
    nobody = make_password(None)
    with transaction.atomic():
        ring = [(corner.lng, corner.lat) for corner in (*recording.outline, recording.outline[0])]
        zone = Zone.objects.create(
            name=f"Replay {recording.name}"[:80],
            polygon=Polygon(ring, srid=4326),
            time_zone=time_zone,
            dispatch=dispatch_settings(recording),
        )
        change_policy(
            zone_id=zone.pk,
            parameters=dispatch_policy(recording, strategy=strategy),
            note=f"replay of {recording.name}",
            now=now,
            actor="replay",
        )
        restaurants = []
        for public, place in zip(recording.restaurant_ids, recording.restaurants, strict=True):
            point = LngLat(place.lng, place.lat).to_point()
            restaurants.append(
                Restaurant(
                    name=f"Kitchen {public}"[:120],
                    zone=zone,
                    point=point,
                    place=point,
                    time_zone=time_zone,
                    always_open=True,
                    delivery_radius_m=200_000,
                    accept_within_s=3600,  # a machine that cannot keep up is late; the day knows no refusals
                )
            )
        Restaurant.objects.bulk_create(restaurants)
        sections = MenuCategory.objects.bulk_create(MenuCategory(restaurant=each, name="Menu") for each in restaurants)
        items = MenuItem.objects.bulk_create(
            MenuItem(restaurant=section.restaurant, category=section, name="Meal", price_minor=2000)
            for section in sections
        )
        accounts = -(-len(restaurants) // KITCHENS_PER_ACCOUNT)
        kitchens = _people("kitchen", accounts, Role.RESTAURANT, nobody)
        RestaurantStaff.objects.bulk_create(
            RestaurantStaff(restaurant=restaurant, user=kitchens[number // KITCHENS_PER_ACCOUNT])
            for number, restaurant in enumerate(restaurants)
        )
        users = _people("driver", len(recording.couriers), Role.DRIVER, nobody)
        drivers = Driver.objects.bulk_create(
            Driver(user=user, vehicle="CAR", capacity=CAPACITY, approved_at=now) for user in users
        )
        customers = _people("customer", min(CUSTOMERS, len(recording.orders)), Role.CUSTOMER, nobody)
        ops = User(email="dispatcher@fleetsync.example", role=Role.DISPATCHER, is_staff=True, password=nobody)
        ops.save()
    return Stage(
        zone=zone, restaurants=restaurants, items=items, kitchens=kitchens, drivers=drivers, customers=customers
    )


def _people(kind: str, number: int, role: Role, password: str) -> list[User]:
    return User.objects.bulk_create(
        User(
            email=f"{kind}{n:03d}@{SIM_DOMAIN}",
            name=f"{kind.title()} {n}",
            role=role,
            password=password,
        )
        for n in range(1, number + 1)
    )
