"""Travel providers for tests."""

import math
from collections.abc import Sequence

from django.test.utils import CaptureQueriesContext

from fleetsync.core.geo import LngLat
from fleetsync.core.travel import Fan, Fanned


class NoWay:
    """A map on which no road leads from one place to another."""

    name = "no-way"
    is_lasting = False

    def times_s(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> list[list[float]]:
        """Return no way but to where one is."""
        return [[0.0 if a == b else math.inf for b in destinations] for a in origins]

    def fans_s(self, places: Sequence[LngLat], fans: Sequence[Fan]) -> Fanned:
        """Return no way for any of these drives."""
        return Fanned(self, [[math.inf] * len(fan.others) for fan in fans])


class Watching(NoWay):
    """Notes how many locking statements had been sent when it was asked."""

    def __init__(self, asked: CaptureQueriesContext) -> None:
        self.asked, self.locks = asked, list[int]()

    def times_s(self, origins: Sequence[LngLat], destinations: Sequence[LngLat]) -> list[list[float]]:
        """Note, and know no way."""
        sent = [query["sql"] for query in self.asked.captured_queries]
        self.locks.append(sum(sql.startswith("UPDATE") or "FOR NO KEY UPDATE" in sql for sql in sent))
        return super().times_s(origins, destinations)
