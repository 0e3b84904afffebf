"""Who orders what, when: the demo's day. Pure; the same seed gives the same orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from simulation.city import address_at, door_near
from simulation.clients.road import Place
from simulation.clients.shops import Shop, basket
from simulation.clients.world import PlannedOrder
from simulation.roads import RealStreets


@dataclass(frozen=True, slots=True, kw_only=True)
class Appetite:
    """How the city eats. Spans are business seconds."""

    orders_per_hour: float = 90.0
    cook_s: tuple[float, float] = (240.0, 480.0)
    """A kitchen takes so long: 4-8 minutes."""
    kitchen_think_s: tuple[float, float] = (5.0, 40.0)
    reject: float = 0.015
    """Chance that a kitchen refuses."""
    cancel: float = 0.02
    """Chance that the customer thinks better of it."""
    late: float = 0.1
    """Chance that a kitchen is later than it promised."""


def orders_of(
    *,
    shops: Sequence[Shop],
    seed: int,
    start_s: float,
    appetite: Appetite,
    centre: Place | None = None,
    streets: RealStreets | None = None,
) -> Iterator[PlannedOrder]:
    """Yield orders without end, in the order of their moments; the first one comes at `start_s`.

    Doors lie at `streets` where there are any. Each order has a source of chance of its own, so a later one never depends on how an earlier one was used.
    """
    if not shops:
        return
    middle = centre or Place(
        sum(shop.place.lat for shop in shops) / len(shops), sum(shop.place.lng for shop in shops) / len(shops)
    )
    popularity = [Random(f"{seed}:popular:{number}").uniform(0.4, 1.6) for number in range(len(shops))]
    moment_s, number = start_s, 0
    while True:
        chance = Random(f"{seed}:order:{number}")
        shop = chance.choices(shops, popularity)[0]
        door = streets.door_near(shop.place, chance) if streets else door_near(shop.place, chance, middle)
        yield PlannedOrder(
            number=number,
            place_s=moment_s,
            restaurant_id=shop.id,
            items=basket(shop, chance),
            door=door,
            address=streets.address_at(door) if streets else address_at(door),
            tip_minor=chance.choice([0, 200, 300, 500]),
            cook_s=chance.uniform(*appetite.cook_s),
            think_s=chance.uniform(*appetite.kitchen_think_s),
            late_s=chance.uniform(60.0, 180.0) if chance.random() < appetite.late else 0.0,
            reject=chance.choice(["too busy", "sold out"]) if chance.random() < appetite.reject else "",
            cancel_s=chance.uniform(30.0, 150.0) if chance.random() < appetite.cancel else None,
        )
        number += 1
        moment_s += chance.expovariate(appetite.orders_per_hour / 3600.0)
