"""The streets of a real city for the people simulated in it: where they live, how they drive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry

from fleetsync.core.geo import LngLat
from fleetsync.core.travel import TravelProvider
from fleetsync.core.travel.roads import RoadGraph, RoadTravel
from simulation.city import DOOR_M, address_at
from simulation.clients.road import Pass, Place, distance_m


class RealStreets:
    """What of a road graph the simulation uses: doors at crossings, addresses, ways."""

    def __init__(self, graph: RoadGraph, zones: Iterable[GEOSGeometry] = ()) -> None:
        """`zones`: where people live who order; none: everywhere in the graph."""
        self.graph = graph
        self._travel = RoadTravel(graph)
        area = shapely.union_all([shapely.from_wkb(bytes(zone.wkb)) for zone in zones])
        inside = np.flatnonzero(shapely.contains_xy(area, graph.lng, graph.lat))
        self._doors = inside if len(inside) else np.arange(len(graph.lng))

    @classmethod
    def of(cls, provider: TravelProvider, zones: Iterable[GEOSGeometry] = ()) -> RealStreets | None:
        """Return the streets the platform measures by; None where it knows none."""
        return cls(provider.graph, zones) if isinstance(provider, RoadTravel) else None

    def near(self, place: Place) -> Place:
        """Return the nearest place that can be driven to."""
        return self._place(self._node(place))

    def door_near(self, kitchen: Place, chance: Random) -> Place:
        """Return a door in a zone that the kitchen delivers to; the nearest looked at where none is so near."""
        looked = [self._place(int(self._doors[chance.randrange(len(self._doors))])) for _ in range(40)]
        right = (door for door in looked if DOOR_M[0] <= distance_m(kitchen, door) <= DOOR_M[1])
        return next(right, None) or min(looked, key=lambda door: distance_m(kitchen, door))

    def address_at(self, place: Place) -> str:
        """Return a made-up number in the street of a place."""
        street = self.graph.names[int(self.graph.street[self._node(place)])]
        return address_at(place, (street,)) if street else address_at(place)

    def ways(self, a: Place, b: Place) -> Sequence[Pass]:
        """Return how one drives from a place to another."""
        drive = self._travel.drive(LngLat(a.lng, a.lat), LngLat(b.lng, b.lat))
        return [Pass(Place(place.lat, place.lng), seconds) for place, seconds in drive]

    def within(self, centre: Place, metres: float) -> list[Place]:
        """Return the crossings so near to a place."""
        places = map(self._place, range(len(self.graph.lng)))
        return [place for place in places if distance_m(place, centre) <= metres]

    def _node(self, place: Place) -> int:
        return self._travel.nearest(LngLat(place.lng, place.lat))

    def _place(self, node: int) -> Place:
        return Place(float(self.graph.lat[node]), float(self.graph.lng[node]))
