"""A road graph: compact arrays, nearest node, shortest times with a cache.

Built from an OpenStreetMap extract (`osm.py`, `manage.py import_roads`), kept as one
compressed file. Short bends without a crossing are part of one edge; only the largest part
in which every place reaches every other is kept, so that there is always a way.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from fleetsync.core.geo import EARTH_RADIUS_M, LngLat
from fleetsync.core.travel.provider import Fan, Fanned

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT: Final = 2
#: From a door to the road it lies on, metres a second: slowly, it is a yard.
ACCESS_MPS: Final = 3.0
#: Of kept searches, for one process.
CACHED_BYTES: Final = 256 << 20
#: How far a search goes, seconds: at first only as far as most drives of a zone, at last to the end of the graph.
REACHES_S: Final = (300.0, 600.0, 1200.0, 2400.0, math.inf)
#: Of straight line, in a city by car; decides alone where a search begins to be limited.
ABOUT_S_PER_M: Final = 0.15
#: Seconds of drives that one call of the search may hold, which makes them dense.
DENSE: Final = 4 << 20


class RoadFileError(ValueError):
    """The file is not a road graph of this version."""


@dataclass(frozen=True, slots=True)
class RoadGraph:
    """Nodes (crossings, and points of long roads) and the drives between them.

    `lng`, `lat`: degrees of n nodes, float64. `start`, `end`: node indexes of m
    directed edges, int32; `seconds`: their drive, float32. `street`: for each node the
    index of a street's name in `names`, int32; `names[0]` is none. `lines`: what a map
    draws, (kind, [[lng, lat], …]) with kind minor, second or main.
    """

    name: str
    attribution: str
    lng: NDArray[np.float64]
    lat: NDArray[np.float64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    seconds: NDArray[np.float32]
    street: NDArray[np.int32]
    names: tuple[str, ...] = ("",)
    lines: tuple[tuple[str, list[list[float]]], ...] = ()

    @property
    def fingerprint(self) -> str:
        """Return eight letters that stand for every node and drive."""
        digest = hashlib.sha256()
        for column in (self.lng, self.lat, self.start, self.end, self.seconds):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()[:8]

    def save(self, path: Path) -> None:
        """Write one compressed file, whole or not at all."""
        meta = {
            "format": FORMAT,
            "name": self.name,
            "attribution": self.attribution,
            "names": self.names,
            "lines": self.lines,
        }
        part = path.with_suffix(".part.npz")
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            part,
            lng=self.lng,
            lat=self.lat,
            start=self.start,
            end=self.end,
            seconds=self.seconds,
            street=self.street,
            meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8),
        )
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> RoadGraph:
        """Read a file that `save` wrote.

        Raises:
            RoadFileError: it is missing, broken or of another version.
        """
        try:
            with np.load(path, allow_pickle=False) as data:
                meta = json.loads(data["meta"].tobytes())
                if meta.get("format") != FORMAT:
                    raise RoadFileError(f"{path}: format {meta.get('format')}, expected {FORMAT}; import it again")
                return cls(
                    meta["name"],
                    meta["attribution"],
                    data["lng"],
                    data["lat"],
                    data["start"],
                    data["end"],
                    data["seconds"],
                    data["street"],
                    tuple(meta["names"]),
                    tuple((kind, line) for kind, line in meta["lines"]),
                )
        except (OSError, KeyError, ValueError) as error:
            if isinstance(error, RoadFileError):
                raise
            raise RoadFileError(f"{path}: not a road graph ({error})") from error

    def geojson(self) -> dict[str, Any]:
        """Return the roads as a FeatureCollection, one feature per kind."""
        by_kind: dict[str, list[list[list[float]]]] = {}
        for kind, line in self.lines:
            by_kind.setdefault(kind, []).append(line)
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"kind": kind},
                    "geometry": {"type": "MultiLineString", "coordinates": lines},
                }
                for kind, lines in sorted(by_kind.items())
            ],
        }


class Pass(NamedTuple):
    """A point of a drive and the seconds from its beginning."""

    place: LngLat
    seconds: float


@dataclass(frozen=True, slots=True)
class _Search:
    """What a search from (or back to) one crossing found: the crossings within `limit_s`, sorted, and their seconds."""

    limit_s: float
    nodes: NDArray[np.int32]
    seconds: NDArray[np.float32]

    def to(self, nodes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the seconds of these crossings; inf beyond the limit."""
        at = np.minimum(np.searchsorted(self.nodes, nodes), len(self.nodes) - 1)
        return np.where(self.nodes[at] == nodes, self.seconds[at].astype(np.float64), np.inf)

    @property
    def size(self) -> int:
        """Return how many bytes it takes."""
        return self.nodes.nbytes + self.seconds.nbytes


class RoadTravel:
    """Times over a road graph: door to nearest crossing, the shortest drive, crossing to door.

    A search goes out from one end of many drives, or back to it on the reversed graph, and no
    farther than they reach; it is kept, newest used first. What a drive takes depends on
    neither. Safe to use from several threads.
    """

    def __init__(self, graph: RoadGraph, *, round_up_s: float = 0.0) -> None:
        self.graph = graph
        self.round_up_s = round_up_s
        self.name = f"roads:{graph.name}#{graph.fingerprint}"
        self.is_lasting = True
        self._kept: OrderedDict[tuple[bool, int], _Search] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    @cached_property
    def _matrix(self) -> Any:
        from scipy.sparse import csr_matrix

        n = len(self.graph.lng)
        return csr_matrix((self.graph.seconds.astype(np.float64), (self.graph.start, self.graph.end)), shape=(n, n))

    @cached_property
    def _reversed(self) -> Any:
        return self._matrix.T.tocsr()

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(self._sphere(self.graph.lng, self.graph.lat))

    @staticmethod
    def _sphere(lng: Any, lat: Any) -> NDArray[np.float64]:
        """Return points on the sphere, metres, so that nearest is right at any latitude and across ±180°."""
        lam, phi = np.radians(lng), np.radians(lat)
        return EARTH_RADIUS_M * np.column_stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)))

    def _nearest(self, places: Sequence[LngLat]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return for each place the nearest crossing and the metres to it."""
        points = np.array(places, dtype=np.float64).reshape(-1, 2)
        metres, nodes = self._tree.query(self._sphere(points[:, 0], points[:, 1]))
        return nodes, metres

    def _searches(self, wanted: Mapping[int, NDArray[np.int64]], *, inbound: bool) -> dict[int, _Search]:
        """Return for each crossing a search that reaches the crossings wanted of it."""
        with self._lock:
            found = {hub: self._kept[inbound, hub] for hub in wanted if (inbound, hub) in self._kept}
            for hub in found:
                self._kept.move_to_end((inbound, hub))
        about_s = {hub: self._about_s(hub, nodes) for hub, nodes in wanted.items() if hub not in found}
        for limit_s in REACHES_S:
            short = sorted(
                hub
                for hub, nodes in wanted.items()
                if (hub in found and found[hub].limit_s < limit_s and np.isinf(found[hub].to(nodes)).any())
                or (hub not in found and about_s[hub] <= limit_s)
            )
            if short:
                fresh = self._search(short, limit_s, inbound=inbound)
                self._keep(fresh, inbound=inbound)
                found |= fresh
        return found

    def _about_s(self, hub: int, nodes: NDArray[np.int64]) -> float:
        """Return about how long the longest of these drives takes, so that no search is begun that falls short."""
        return float(np.linalg.norm(self._tree.data[nodes] - self._tree.data[hub], axis=1).max()) * ABOUT_S_PER_M

    def _search(self, hubs: list[int], limit_s: float, *, inbound: bool) -> dict[int, _Search]:
        from scipy.sparse.csgraph import dijkstra

        graph = self._reversed if inbound else self._matrix
        found: dict[int, _Search] = {}
        at_once = max(1, DENSE // graph.shape[0])
        for first in range(0, len(hubs), at_once):
            some = hubs[first : first + at_once]
            rows = dijkstra(graph, directed=True, indices=some, limit=limit_s)
            for hub, row in zip(some, rows, strict=True):
                reached = np.flatnonzero(np.isfinite(row))
                found[hub] = _Search(limit_s, reached.astype(np.int32), row[reached].astype(np.float32))
        return found

    def _keep(self, fresh: Mapping[int, _Search], *, inbound: bool) -> None:
        with self._lock:
            for hub, search in fresh.items():
                before = self._kept.pop((inbound, hub), None)
                self._kept[inbound, hub] = search
                self._kept_bytes += search.size - (before.size if before else 0)
            while self._kept_bytes > CACHED_BYTES:
                self._kept_bytes -= self._kept.popitem(last=False)[1].size

    def _fans(self, places: Sequence[LngLat], fans: Sequence[Fan]) -> list[NDArray[np.float64]]:
        if not places:
            return []
        nodes, metres = self._nearest(places)
        access_s = metres / ACCESS_MPS
        ends = [nodes[list(fan.others)] for fan in fans]
        found: dict[bool, dict[int, _Search]] = {}
        for inbound in (True, False):
            wanted: dict[int, list[NDArray[np.int64]]] = {}
            for fan, others in zip(fans, ends, strict=True):
                if fan.inbound == inbound and fan.others:
                    wanted.setdefault(int(nodes[fan.hub]), []).append(others)
            found[inbound] = self._searches(
                {hub: np.concatenate(others) for hub, others in wanted.items()}, inbound=inbound
            )
        drives: list[NDArray[np.float64]] = []
        for fan, others in zip(fans, ends, strict=True):
            if not fan.others:
                drives.append(np.zeros(0))
                continue
            seconds = found[fan.inbound][int(nodes[fan.hub])].to(others)
            seconds += access_s[fan.hub] + access_s[list(fan.others)]
            if self.round_up_s:
                seconds = np.ceil(seconds / self.round_up_s) * self.round_up_s
            drives.append(seconds)
        return drives

    def fans_s(self, places: Sequence[LngLat], fans: Sequence[Fan]) -> Fanned:
        """Return the seconds of these drives: one search a hub, none for one that was asked before."""
        return Fanned(self, [seconds.tolist() for seconds in self._fans(places, fans)])

    def times_s(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> list[list[float]]:
        """Return seconds, one row per origin, one column per destination; searches from the side with fewer places."""
        at: dict[LngLat, int] = {}
        starts = np.array([at.setdefault(place, len(at)) for place in origins], dtype=np.int64)
        ends = np.array([at.setdefault(place, len(at)) for place in destinations], dtype=np.int64)
        if not len(starts) or not len(ends):
            return [[] for _ in origins]
        inbound = len(set(destinations)) < len(set(origins))
        hubs, others = (ends, starts) if inbound else (starts, ends)
        rows = np.array(self._fans([*at], [Fan(int(hub), tuple(others.tolist()), inbound) for hub in hubs]))
        times = rows.T if inbound else rows
        times[starts[:, None] == ends[None, :]] = 0.0
        result: list[list[float]] = times.tolist()
        return result

    def drive(self, origin: LngLat, destination: LngLat) -> list[Pass]:
        """Return the points of the shortest drive, both ends included; it takes as long as `time_s` says.

        `round_up_s` is left out: it is the last point's to be late.
        """
        from scipy.sparse.csgraph import dijkstra

        (start, end), (start_m, end_m) = self._nearest([origin, destination])
        seconds, before = dijkstra(self._matrix, directed=True, indices=int(start), return_predecessors=True)
        nodes = [int(end)]
        while nodes[-1] != start:
            nodes.append(int(before[nodes[-1]]))
        access_s, exit_s = float(start_m) / ACCESS_MPS, float(end_m) / ACCESS_MPS
        passes = [Pass(origin, 0.0)]
        passes += [Pass(self.place(node), access_s + float(seconds[node])) for node in reversed(nodes)]
        return [*passes, Pass(destination, passes[-1].seconds + exit_s)]

    def place(self, node: int) -> LngLat:
        """Return where a crossing lies."""
        return LngLat(float(self.graph.lng[node]), float(self.graph.lat[node]))

    def nearest(self, place: LngLat) -> int:
        """Return the crossing nearest to a place."""
        return int(self._nearest([place])[0][0])

    def time_s(self, origin: LngLat, destination: LngLat) -> float:
        """Return the seconds of one drive."""
        return self.times_s([origin], [destination])[0][0]


def node_distance_m(a: LngLat, b: LngLat) -> float:
    """Return metres between two near points on a local plane; cheap, within 0.1 % below 10 km."""
    x = math.radians(b.lng - a.lng) * math.cos(math.radians((a.lat + b.lat) / 2))
    y = math.radians(b.lat - a.lat)
    return EARTH_RADIUS_M * math.hypot(x, y)
