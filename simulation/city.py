"""A made-up city: the same seed gives the same streets, kitchens, menus and people. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from restaurants.menus import GroupSpec, ItemSpec, MenuSpec, OptionSpec
from simulation import names
from simulation.clients.road import Place

CENTRE: Final = Place(39.29, -76.61)
TIME_ZONE: Final = "America/New_York"
CURRENCY: Final = "USD"
#: The zone around the centre, metres east and north: a harbour bites into the south-east.
OUTLINE: Final = (
    (-4200, -1200), (-3900, 1900), (-2100, 3600), (600, 4100), (2900, 3300), (4300, 1200),
    (4100, -900), (2200, -1100), (1500, -2100), (900, -3300), (-1300, -3600), (-3100, -2800),
)  # fmt: skip
KITCHENS_WITHIN_M: Final = 2300.0
DOOR_M: Final = (600.0, 2300.0)  # from a kitchen to the doors it delivers to: an order takes 12-20 minutes
DOORS_WITHIN_M: Final = 3300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RestaurantSpec:
    """A kitchen. `hours` are (weekday, opens, closes) as HH:MM; none means always open."""

    name: str
    cuisine: str
    place: Place
    address: str
    phone: str
    preparation_min: int
    auto_accept: bool
    hours: tuple[tuple[int, str, str], ...]
    menu: MenuSpec
    osm_ref: str = ""
    """Where it comes from a map: `node/123`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSpec:
    """Somebody simulated. `place` is where a driver starts; `vehicle` is a driver's."""

    email: str
    name: str
    place: Place
    vehicle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySpec:
    """All of it."""

    name: str
    time_zone: str
    currency: str
    centre: Place
    outline: tuple[Place, ...]
    restaurants: tuple[RestaurantSpec, ...]
    drivers: tuple[PersonSpec, ...]
    customers: tuple[PersonSpec, ...]

    def named(self, name: str) -> CitySpec:
        """Return the same city under another name."""
        return replace(self, name=name)


def offset(origin: Place, east_m: float, north_m: float) -> Place:
    """Return the place so many metres away.

    Transverse Mercator on the sphere: distances of a town hold within a hundredth of a
    percent, in every direction and at every latitude.
    """
    radius = 6_371_008.8
    x, d = east_m / radius, math.radians(origin.lat) + north_m / radius
    lat = math.asin(math.sin(d) / math.cosh(x))
    lng = math.radians(origin.lng) + math.atan2(math.sinh(x), math.cos(d))
    return Place(math.degrees(lat), (math.degrees(lng) + 180.0) % 360.0 - 180.0)


def make_city(*, seed: int, restaurants: int = 24, drivers: int = 30, customers: int = 200) -> CitySpec:
    """Return the city of a seed. More of one kind changes nothing of what was there before."""
    streets = names.STREETS
    return CitySpec(
        name="Baltimore",
        time_zone=TIME_ZONE,
        currency=CURRENCY,
        centre=CENTRE,
        outline=tuple(offset(CENTRE, east, north) for east, north in OUTLINE),
        restaurants=tuple(_restaurant(seed, number, streets) for number in range(restaurants)),
        drivers=tuple(_driver(seed, number) for number in range(drivers)),
        customers=tuple(_customer(seed, number) for number in range(customers)),
    )


def door_near(kitchen: Place, chance: Random, centre: Place = CENTRE) -> Place:
    """Return a door that a kitchen delivers to, inside the city."""
    for _ in range(50):
        metres = chance.uniform(*DOOR_M)
        angle = chance.uniform(0.0, 2.0 * math.pi)
        door = offset(kitchen, metres * math.cos(angle), metres * math.sin(angle))
        if inside(door, centre, DOORS_WITHIN_M):
            return door
    return offset(centre, chance.uniform(-500, 500), chance.uniform(-500, 500))


def inside(place: Place, centre: Place, radius_m: float) -> bool:
    """Say whether a place lies within so many metres of the centre and not in the harbour."""
    north = math.radians(place.lat - centre.lat) * 6_371_008.8
    east = math.radians(place.lng - centre.lng) * 6_371_008.8 * math.cos(math.radians(centre.lat))
    return math.hypot(east, north) <= radius_m and not (east > 700 and north < -700)


def address_at(place: Place, streets: Sequence[str] = names.STREETS) -> str:
    """Return an address that goes with a place: the same place has the same one."""
    block = abs(hash((round(place.lat, 5), round(place.lng, 5))))  # numbers hash alike in every process
    return f"{block // 97 % 2400 + 1} {streets[block % len(streets)]}"


def _restaurant(seed: int, number: int, streets: Sequence[str]) -> RestaurantSpec:
    chance = Random(f"{seed}:restaurant:{number}")
    cuisine = names.CUISINES[number % len(names.CUISINES)]
    turn = number // len(names.CUISINES)
    titles = Random(f"{seed}:names:{cuisine.name}").sample(cuisine.titles, len(cuisine.titles))
    name = titles[turn % len(titles)]
    if turn >= len(titles):
        name = f"{name} {names.QUARTERS[(turn // len(titles) - 1) % len(names.QUARTERS)]}"
    place = _scatter(chance, KITCHENS_WITHIN_M)
    return RestaurantSpec(
        name=name,
        cuisine=cuisine.name,
        place=place,
        address=address_at(place, streets),
        phone=f"+1410555{chance.randint(0, 9999):04d}",
        preparation_min=chance.randint(4, 8),
        auto_accept=chance.random() < 0.2,
        hours=_hours(chance),
        menu=menu_of(cuisine, chance),
    )


def _hours(chance: Random) -> tuple[tuple[int, str, str], ...]:
    kind = chance.random()
    if kind < 0.35:
        return ()
    opens, closes = ("11:00", "23:00") if kind < 0.75 else ("16:00", "02:00")
    return tuple((day, opens, closes) for day in range(7))


def menu_of(cuisine: names.Cuisine, chance: Random) -> MenuSpec:
    """Return a menu such a kitchen may have; prices vary a little."""
    sections = []
    for section, dishes in cuisine.sections:
        kept = dishes if len(dishes) <= 4 else chance.sample(dishes, chance.randint(4, len(dishes)))
        items = tuple(
            ItemSpec(
                name=dish.name,
                description=dish.description,
                price_minor=dish.price_minor + 25 * chance.randint(-3, 6),
                groups=tuple(
                    GroupSpec(
                        name=group.name,
                        least=group.least,
                        most=group.most,
                        options=tuple(OptionSpec(name=option, price_minor=minor) for option, minor in group.options),
                    )
                    for group in dish.groups
                ),
            )
            for dish in kept
        )
        sections.append((section, items))
    return tuple(sections)


def _scatter(chance: Random, radius_m: float) -> Place:
    """Return a place in the city, denser towards the centre."""
    while True:
        metres, angle = radius_m * chance.random() ** 0.75, chance.uniform(0.0, 2.0 * math.pi)
        place = offset(CENTRE, metres * math.cos(angle), metres * math.sin(angle))
        if inside(place, CENTRE, radius_m):
            return place


def _driver(seed: int, number: int) -> PersonSpec:
    chance = Random(f"{seed}:driver:{number}")
    return PersonSpec(
        email=f"driver{number + 1:03d}@sim.fleetsync.example",
        name=_name(chance),
        place=_scatter(chance, KITCHENS_WITHIN_M),
        vehicle=chance.choices(["BICYCLE", "SCOOTER", "CAR"], [3, 5, 2])[0],
    )


def _customer(seed: int, number: int) -> PersonSpec:
    chance = Random(f"{seed}:customer:{number}")
    return PersonSpec(
        email=f"customer{number + 1:03d}@sim.fleetsync.example",
        name=_name(chance),
        place=_scatter(chance, DOORS_WITHIN_M),
    )


def _name(chance: Random) -> str:
    return f"{chance.choice(names.FIRST)} {chance.choice(names.LAST)}"
