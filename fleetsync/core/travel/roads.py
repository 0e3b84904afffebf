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
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from fleetsync.core.geo import EARTH_RADIUS_M, LngLat

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT: Final = 2
#: From a door to the road it lies on, metres a second: slowly, it is a yard.
ACCESS_MPS: Final = 3.0
CACHED_SOURCES: Final = 1024


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


class RoadTravel:
    """Times over a road graph: door to nearest crossing, the shortest drive, crossing to door.

    Shortest drives of one origin to all crossings are kept, newest used first. Safe to
    use from several threads.
    """

    def __init__(self, graph: RoadGraph, *, round_up_s: float = 0.0) -> None:
        self.graph = graph
        self.round_up_s = round_up_s
        self.name = f"roads:{graph.name}#{graph.fingerprint}"
        self.is_lasting = True
        self._rows: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @cached_property
    def _matrix(self) -> Any:
        from scipy.sparse import csr_matrix

        n = len(self.graph.lng)
        return csr_matrix((self.graph.seconds.astype(np.float64), (self.graph.start, self.graph.end)), shape=(n, n))

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

    def _from(self, nodes: list[int]) -> dict[int, NDArray[np.float32]]:
        """Return seconds to every crossing for each of these crossings."""
        with self._lock:
            known = {node: self._rows[node] for node in nodes if node in self._rows}
            for node in known:
                self._rows.move_to_end(node)
        missing = sorted({node for node in nodes if node not in known})
        if missing:
            from scipy.sparse.csgraph import dijkstra

            rows = dijkstra(self._matrix, directed=True, indices=missing).astype(np.float32)
            fresh = dict(zip(missing, rows, strict=True))
            known |= fresh
            with self._lock:
                self._rows.update(fresh)
                while len(self._rows) > CACHED_SOURCES:
                    self._rows.popitem(last=False)
        return known

    def times_s(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> list[list[float]]:
        """Return seconds, one row per origin, one column per destination."""
        if not origins or not destinations:
            return [[] for _ in origins]
        starts, start_m = self._nearest(origins)
        ends, end_m = self._nearest(destinations)
        rows = self._from([int(node) for node in starts])
        times = np.array([rows[int(node)][ends] for node in starts], dtype=np.float64)
        times += start_m[:, None] / ACCESS_MPS + end_m[None, :] / ACCESS_MPS
        if self.round_up_s:
            times = np.ceil(times / self.round_up_s) * self.round_up_s
        for i, origin in enumerate(origins):
            for j, destination in enumerate(destinations):
                if origin == destination:
                    times[i, j] = 0.0
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
