"""Supply and demand by H3 cell: free drivers against orders that look for one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import h3  # type: ignore[import-untyped]

from dispatch.conf import DEFAULTS, LEASE_FLOOR_S
from dispatch.states import DeliveryStatus, SessionStatus
from fleetsync.core import clock
from fleetsync.core.geo import LngLat, lng_lat
from tracking.selectors.zone import LiveZone

#: Cells of about 900 m across: a ride of some minutes.
RESOLUTION: Final = 8
_WAITING: Final = frozenset({DeliveryStatus.SEARCHING, DeliveryStatus.NO_DRIVER_FOUND})


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """One cell: free drivers in it, orders of its kitchens that have none, and its outline."""

    cell: str
    supply: int
    demand: int
    outline: tuple[LngLat, ...]


def heat_of(zone: LiveZone) -> list[HeatCell]:
    """Return the cells in which somebody is free or something waits, by cell."""
    fresh_s = clock.at_least(DEFAULTS.freshness_s, LEASE_FLOOR_S) / timedelta(seconds=1)
    busy = {row.driver_id for row in zone.deliveries if row.driver_id is not None}
    supply = _count(
        each.place
        for each in zone.drivers
        if each.status == SessionStatus.AVAILABLE and each.age_s <= fresh_s and each.driver_id not in busy
    )
    demand = _count(lng_lat(row.pickup_point) for row in zone.deliveries if row.status in _WAITING)
    return [
        HeatCell(
            cell=cell,
            supply=supply[cell],
            demand=demand[cell],
            outline=tuple(LngLat(round(lng, 6), round(lat, 6)) for lat, lng in h3.cell_to_boundary(cell)),
        )
        for cell in sorted(supply.keys() | demand.keys())
    ]


def _count(places: Iterable[LngLat]) -> Counter[str]:
    return Counter(h3.latlng_to_cell(each.lat, each.lng, RESOLUTION) for each in places)
