"""A router over HTTP: the table call of OSRM or the matrix call of Valhalla."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from fleetsync.core.geo import LngLat
from fleetsync.core.travel.provider import TravelDown


@dataclass(slots=True)
class HttpTable:
    """Asks a router for a whole matrix at once; late, refused or odd answers are `TravelDown`.

    `kind` is `osrm` or `valhalla`; `limit_s` is the whole call's, machine time.
    """

    kind: str
    url: str
    limit_s: float = 0.8
    costing: str = "auto"
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        """Open the connection pool."""
        if self.kind not in ("osrm", "valhalla"):
            raise ValueError(f"unknown router {self.kind!r}: expected osrm or valhalla")
        self.client = httpx.Client(base_url=self.url.rstrip("/"), timeout=self.limit_s)

    @property
    def name(self) -> str:
        """Return what stands in records and metrics."""
        return self.kind

    @property
    def is_lasting(self) -> bool:
        """Say no: what a router answers changes with its roads."""
        return False

    def times_s(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> list[list[float]]:
        """Return seconds, one row per origin; inf where there is no way.

        Raises:
            TravelDown: no usable answer within the limit.
        """
        if not origins or not destinations:
            return [[] for _ in origins]
        try:
            answer = self._osrm(origins, destinations) if self.kind == "osrm" else self._valhalla(origins, destinations)
            answer.raise_for_status()
            rows = self._rows(answer.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise TravelDown(f"{self.kind}: {type(error).__name__}") from error
        if len(rows) != len(origins) or any(len(row) != len(destinations) for row in rows):
            raise TravelDown(f"{self.kind}: a table of another shape")
        return rows

    def _osrm(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> httpx.Response:
        places = ";".join(f"{p.lng:.6f},{p.lat:.6f}" for p in (*origins, *destinations))
        n, m = len(origins), len(destinations)
        return self.client.get(
            f"/table/v1/driving/{places}",
            params={
                "sources": ";".join(map(str, range(n))),
                "destinations": ";".join(map(str, range(n, n + m))),
                "annotations": "duration",
            },
        )

    def _valhalla(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> httpx.Response:
        body = {
            "sources": [{"lat": p.lat, "lon": p.lng} for p in origins],
            "targets": [{"lat": p.lat, "lon": p.lng} for p in destinations],
            "costing": self.costing,
        }
        return self.client.post("/sources_to_targets", json=body)

    def _rows(self, body: Any) -> list[list[float]]:
        if self.kind == "osrm":
            if body["code"] != "Ok":
                raise ValueError(body["code"])
            return [[float("inf") if each is None else float(each) for each in row] for row in body["durations"]]
        return [
            [float("inf") if each["time"] is None else float(each["time"]) for each in row]
            for row in body["sources_to_targets"]
        ]
