"""Drives put together into few tables, none above a router's limit. Pure.

A router answers rectangles: every source to every destination. Neighbouring counters share
most of the drivers near them, so their drives go into one rectangle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fleetsync.core.geo import LngLat
from fleetsync.core.travel.provider import Fan

GRID: Final = 1 << 10  # cells a side in which places are put in order


@dataclass(frozen=True, slots=True)
class Block:
    """One question to a router: places by index, each once in its list."""

    sources: tuple[int, ...]
    destinations: tuple[int, ...]


def whole_table(origins: int, destinations: int, most: int) -> list[Block]:
    """Return blocks that make up all of `origins` x `destinations` (indexes from 0, and from `origins` on)."""
    if not origins or not destinations:
        return []
    rows = min(origins, max(most // 2, most - destinations))
    columns = most - rows
    return [
        Block(sources, targets)
        for sources in _parts(tuple(range(origins)), rows)
        for targets in _parts(tuple(range(origins, origins + destinations)), columns)
    ]


def blocks_of(places: Sequence[LngLat], fans: Sequence[Fan], most: int) -> list[Block]:
    """Return blocks in which every drive of the fans is, each of at most `most` sources and destinations together."""
    order = _nearby_order(places)
    found: list[Block] = []
    for inbound in (True, False):
        hubs: dict[int, None] = {}
        others: dict[int, None] = {}
        same = sorted((fan for fan in fans if fan.inbound == inbound and fan.others), key=lambda fan: order[fan.hub])
        for fan in same:
            for part in _parts(fan.others, most - 1):
                both = len(hubs.keys() | {fan.hub}) + len(others.keys() | set(part))
                if hubs and both > most:
                    found.append(_block(hubs, others, inbound))
                    hubs, others = {}, {}
                hubs[fan.hub] = None
                others |= dict.fromkeys(part)
        if hubs:
            found.append(_block(hubs, others, inbound))
    return found


def _parts(places: tuple[int, ...], size: int) -> list[tuple[int, ...]]:
    return [places[at : at + size] for at in range(0, len(places), size)]


def _block(hubs: dict[int, None], others: dict[int, None], inbound: bool) -> Block:
    return Block(tuple(others), tuple(hubs)) if inbound else Block(tuple(hubs), tuple(others))


def _nearby_order(places: Sequence[LngLat]) -> list[int]:
    """Return a number per place; near numbers are near places (Morton's curve over the box around them)."""
    if not places:
        return []
    west, south = min(place.lng for place in places), min(place.lat for place in places)
    side = max(max(place.lng for place in places) - west, max(place.lat for place in places) - south) or 1.0
    cells = [
        (int((place.lng - west) / side * (GRID - 1)), int((place.lat - south) / side * (GRID - 1))) for place in places
    ]
    return [
        sum(((x >> bit & 1) << 2 * bit) | ((y >> bit & 1) << 2 * bit + 1) for bit in range(GRID.bit_length()))
        for x, y in cells
    ]
