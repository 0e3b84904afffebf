"""A router over HTTP: the table call of OSRM or the matrix call of Valhalla."""

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from fleetsync.core.geo import LngLat
from fleetsync.core.travel.blocks import Block, blocks_of, whole_table
from fleetsync.core.travel.provider import Fan, Fanned, TravelDown

AT_ONCE: Final = 4  # questions under way: as many as a small router has cores


@dataclass(slots=True)
class HttpTable:
    """Asks a router for tables; late, refused or odd answers are `TravelDown`.

    A question names each place once and at most `most_places` of them; what is bigger goes
    out in parts, a few at once. `kind` is `osrm` or `valhalla`; `limit_s` is the time for all
    parts together, machine time. One part that fails fails the whole.
    """

    kind: str
    url: str
    limit_s: float = 0.8
    costing: str = "auto"
    most_places: int = 100
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        """Open the connection pool."""
        if self.kind not in ("osrm", "valhalla"):
            raise ValueError(f"unknown router {self.kind!r}: expected osrm or valhalla")
        if self.most_places < 2:
            raise ValueError(f"most_places: expected at least 2, got {self.most_places}")
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
        starts, ends = list(dict.fromkeys(origins)), list(dict.fromkeys(destinations))
        places = [*starts, *ends]
        known = self._drives(places, whole_table(len(starts), len(ends), self.most_places))
        row = {place: at for at, place in enumerate(starts)}
        column = {place: len(starts) + at for at, place in enumerate(ends)}
        return [[known[row[a], column[b]] for b in destinations] for a in origins]

    def fans_s(self, places: Sequence[LngLat], fans: Sequence[Fan]) -> Fanned:
        """Return the seconds of these drives; inf where there is no way.

        Raises:
            TravelDown: no usable answer within the limit.
        """
        known = self._drives(places, blocks_of(places, fans, self.most_places))
        return Fanned(
            self,
            [[known[(each, fan.hub) if fan.inbound else (fan.hub, each)] for each in fan.others] for fan in fans],
        )

    def _drives(self, places: Sequence[LngLat], blocks: Sequence[Block]) -> dict[tuple[int, int], float]:
        """Return the seconds of all drives of these blocks, by the indexes of start and end."""
        found: dict[tuple[int, int], float] = {}
        for block, rows in zip(blocks, self._answers(places, blocks), strict=True):
            for source, row in zip(block.sources, rows, strict=True):
                found.update(zip(((source, end) for end in block.destinations), row, strict=True))
        return found

    def _answers(self, places: Sequence[LngLat], blocks: Sequence[Block]) -> list[list[list[float]]]:
        if len(blocks) <= 1:
            return [self._answer(places, block) for block in blocks]
        pool = ThreadPoolExecutor(min(AT_ONCE, len(blocks)), thread_name_prefix="router")
        try:
            asked = [pool.submit(self._answer, places, block) for block in blocks]
            _, late = wait(asked, timeout=self.limit_s, return_when=FIRST_EXCEPTION)
            for each in asked:
                if each.done():
                    each.result()  # raises what went wrong with it
            if late:
                raise TravelDown(f"{self.kind}: {len(late)} of {len(asked)} parts late")
            return [each.result() for each in asked]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, places: Sequence[LngLat], block: Block) -> list[list[float]]:
        origins, destinations = [places[at] for at in block.sources], [places[at] for at in block.destinations]
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
        at: dict[LngLat, int] = {}
        sources, targets = ([at.setdefault(place, len(at)) for place in side] for side in (origins, destinations))
        listed = [*at] if len(at) > 1 else [*at, *at]  # OSRM refuses to have less than two
        places = ";".join(f"{p.lng:.6f},{p.lat:.6f}" for p in listed)
        return self.client.get(
            f"/table/v1/driving/{places}",
            params={
                "sources": ";".join(map(str, sources)),
                "destinations": ";".join(map(str, targets)),
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
