"""What can be bought where: restaurants and menus as anybody sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import httpx
import orjson

from simulation.clients.api import Gate, Unreachable
from simulation.clients.road import Place
from simulation.clients.world import PlannedItem

MOST_ITEMS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A restaurant and its menu: items as the API lists them, only what is available."""

    id: str
    name: str
    place: Place
    minimum_minor: int
    items: Sequence[dict[str, Any]]


async def read_shops(gate: Gate) -> list[Shop]:
    """Return every published restaurant that sells something, in the order of their ids.

    Raises:
        Unreachable: the platform does not answer.
    """
    shops: list[Shop] = []
    page: str | None = "restaurants?limit=100"
    while page:
        listed = await _get(gate, page)
        for each in listed["results"]:
            menu = await _get(gate, f"restaurants/{each['id']}/menu")
            items = [item for section in menu["categories"] for item in section["items"] if item["available"]]
            if items:
                shops.append(
                    Shop(
                        id=each["id"],
                        name=each["name"],
                        place=Place.of(each["position"]),
                        minimum_minor=int(each.get("minimum_minor") or 0),
                        items=items,
                    )
                )
        page = listed.get("next")
    return sorted(shops, key=lambda shop: shop.id)


async def _get(gate: Gate, path: str) -> Any:
    try:
        response = await gate.http.get(path)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise Unreachable(f"GET {path}: {error}") from error
    return orjson.loads(response.content)


def basket(shop: Shop, chance: Random) -> tuple[PlannedItem, ...]:
    """Return what somebody buys there: enough for the minimum, options as each group wants them."""
    chosen: list[PlannedItem] = []
    total = 0
    wanted = chance.choices([1, 2, 3], [5, 4, 2])[0]
    while len(chosen) < wanted or (total < shop.minimum_minor and len(chosen) < MOST_ITEMS):
        item = chance.choice(shop.items)
        options = tuple(option for group in item["option_groups"] for option in _choose(group, chance))
        quantity = 2 if chance.random() < 0.15 else 1
        chosen.append(PlannedItem(item_id=item["id"], quantity=quantity, options=options))
        total += quantity * int(item["price_minor"])
    return tuple(chosen)


def _choose(group: dict[str, Any], chance: Random) -> list[str]:
    there = [option["id"] for option in group["options"] if option["available"]]
    most = min(int(group["most"]), len(there))
    number = min(most, max(int(group["least"]), chance.randint(0, most)))
    return chance.sample(there, number)
