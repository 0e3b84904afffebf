"""Reads the roads of an OpenStreetMap extract into a `RoadGraph`.

Source of the tags' meaning: the OpenStreetMap wiki, "Key:highway", "Key:oneway",
"Key:maxspeed". The data is © OpenStreetMap contributors, ODbL.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from fleetsync.core.geo import LngLat
from fleetsync.core.travel.roads import RoadGraph, node_distance_m

ATTRIBUTION: Final = "© OpenStreetMap contributors"
#: Speed where none is signed (km/h, as driven in a city, not the limit) and how a map draws it.
ROADS: Final[Mapping[str, tuple[float, str]]] = {
    "motorway": (80, "main"),
    "motorway_link": (50, "main"),
    "trunk": (60, "main"),
    "trunk_link": (45, "main"),
    "primary": (42, "main"),
    "primary_link": (35, "main"),
    "secondary": (36, "second"),
    "secondary_link": (30, "second"),
    "tertiary": (32, "second"),
    "tertiary_link": (28, "second"),
    "unclassified": (28, "minor"),
    "residential": (24, "minor"),
    "living_street": (10, "minor"),
    "service": (15, "minor"),
    "road": (24, "minor"),
}
#: The part of a signed limit that a city's traffic and lights leave.
FLOW: Final = 0.75
MPH: Final = 1.609344
#: A road without a crossing is cut after this many metres.
LONGEST_M: Final = 150.0
#: It is cut too where the straight line between two cuts would be shorter by this: it bends.
BEND_M: Final = 2.0


class OsmFileError(ValueError):
    """The extract cannot be read, or has no roads."""


@dataclass(frozen=True, slots=True)
class _Way:
    nodes: tuple[int, ...]
    mps: float
    kind: str
    street: str
    forward: bool
    backward: bool


def speed_kmh(text: str) -> float | None:
    """Return a `maxspeed` in km/h: `50`, `30 mph`; None where it is no number."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(mph|km/h|kmh)?\s*", text)
    if not match:
        return None
    return float(match[1]) * (MPH if match[2] == "mph" else 1.0)


def directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Return whether a road may be driven along and against its drawing."""
    oneway = tags.get("oneway", "")
    if oneway in ("-1", "reverse"):
        return False, True
    one = oneway in ("yes", "true", "1") or (
        oneway == "" and (tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway")
    )
    return True, not one


def import_roads(path: Path, *, name: str) -> RoadGraph:
    """Read an extract (`.osm.pbf`, `.osm`).

    Raises:
        OsmFileError: missing, unreadable or without roads.
    """
    import osmium

    if not path.is_file():
        raise OsmFileError(f"{path}: no such file; expected an OpenStreetMap extract such as city.osm.pbf")
    ways: list[_Way] = []
    places: dict[int, LngLat] = {}
    try:
        for way in osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations():
            if not isinstance(way, osmium.osm.Way) or way.tags.get("highway") not in ROADS:
                continue
            tags = {tag.k: tag.v for tag in way.tags}
            if (
                tags.get("access") in ("no", "private")
                or tags.get("area") == "yes"
                or tags.get("motor_vehicle") == "no"
            ):
                continue
            nodes = []
            for node in way.nodes:
                if node.location.valid():
                    places.setdefault(node.ref, LngLat(node.location.lon, node.location.lat))
                    nodes.append(node.ref)
            if len(nodes) < 2:
                continue
            usual, kind = ROADS[tags["highway"]]
            signed = speed_kmh(tags.get("maxspeed", ""))
            kmh = signed * FLOW if signed else usual
            forward, backward = directions(tags)
            ways.append(_Way(tuple(nodes), kmh / 3.6, kind, tags.get("name", ""), forward, backward))
    except RuntimeError as error:
        raise OsmFileError(f"{path}: not readable as OpenStreetMap data ({error})") from error
    if not ways:
        raise OsmFileError(f"{path}: no roads in it")
    return _graph(name, ways, places)


def _graph(name: str, ways: list[_Way], places: Mapping[int, LngLat]) -> RoadGraph:
    """Make pieces of road into edges and keep the largest strongly connected part."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    uses = Counter(node for way in ways for node in way.nodes)
    for way in ways:  # ends are crossings, so that no chain is lost
        uses[way.nodes[0]] += 1
        uses[way.nodes[-1]] += 1
    index: dict[int, int] = {}
    edges: list[tuple[int, int, float]] = []
    for way, piece in _pieces(ways, uses, places):
        seconds = sum(node_distance_m(places[a], places[b]) for a, b in pairwise(piece)) / way.mps
        start, end = (index.setdefault(node, len(index)) for node in (piece[0], piece[-1]))
        if start == end:
            continue
        if way.forward:
            edges.append((start, end, seconds))
        if way.backward:
            edges.append((end, start, seconds))
    best: dict[tuple[int, int], float] = {}
    for start, end, seconds in edges:  # parallel roads: the quicker one
        best[start, end] = min(seconds, best.get((start, end), seconds))
    pairs = sorted(best)
    starts, ends = (np.array([pair[side] for pair in pairs], dtype=np.int32) for side in (0, 1))
    drives = np.maximum(0.05, np.array([best[pair] for pair in pairs], dtype=np.float32))
    n = len(index)
    _, part = connected_components(csr_matrix((drives, (starts, ends)), shape=(n, n)), connection="strong")
    keep = part == np.bincount(part).argmax()
    renumbered = np.cumsum(keep) - 1
    inside = keep[starts] & keep[ends]
    refs = np.array(list(index))[keep]
    streets = {node: way.street for way in ways if way.street for node in way.nodes}
    names = ("", *sorted({streets[ref] for ref in refs if ref in streets}))
    number = {name: at for at, name in enumerate(names)}
    return RoadGraph(
        name=name,
        attribution=ATTRIBUTION,
        lng=np.array([places[ref].lng for ref in refs]),
        lat=np.array([places[ref].lat for ref in refs]),
        start=renumbered[starts[inside]].astype(np.int32),
        end=renumbered[ends[inside]].astype(np.int32),
        seconds=drives[inside],
        street=np.array([number[streets.get(ref, "")] for ref in refs], dtype=np.int32),
        names=names,
        lines=tuple(
            (way.kind, [[round(places[node].lng, 5), round(places[node].lat, 5)] for node in way.nodes]) for way in ways
        ),
    )


def _pieces(ways: list[_Way], uses: Counter[int], places: Mapping[int, LngLat]) -> Iterator[tuple[_Way, list[int]]]:
    """Yield each way cut at its crossings, and where a piece grows long or bends.

    A door must find a node near it, and a drive drawn from node to node keeps to the road.
    """
    for way in ways:
        piece, metres = [way.nodes[0]], 0.0
        for before, node in pairwise(way.nodes):
            piece.append(node)
            metres += node_distance_m(places[before], places[node])
            bends = metres - node_distance_m(places[piece[0]], places[node]) > BEND_M
            if uses[node] > 1 or metres > LONGEST_M or bends:
                yield way, piece
                piece, metres = [node], 0.0
