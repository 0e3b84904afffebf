"""Figures of the rounds, in Prometheus's form, told by the relay: what workers decided stands in the rows."""

from datetime import timedelta
from typing import Final

from django.db import DatabaseError, connection
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from fleetsync.core import clock

SPAN: Final = timedelta(hours=1)

_ZONES: Final = "SELECT count(*) FROM dispatch_round WHERE fallback <> ''"
_ROUNDS: Final = """
    SELECT strategy, count(*) FILTER (WHERE fallback <> ''), count(*)
    FROM dispatch_roundrecord WHERE at > %(since)s GROUP BY strategy ORDER BY strategy"""


class RoundFigures(Collector):
    """Ask the rows when the metrics are read: zones in trouble now, and how the last hour was decided."""

    def describe(self) -> list[GaugeMetricFamily]:
        """Name nothing: registering must not ask the database."""
        return []

    def collect(self) -> list[GaugeMetricFamily]:
        """Return zones whose last round fell back, and the rounds of the last business hour by strategy."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(_ZONES)
                zones = cursor.fetchone()[0]
                cursor.execute(_ROUNDS, {"since": clock.now() - SPAN})
                rows = cursor.fetchall()
        except DatabaseError:
            return []
        finally:
            if not connection.in_atomic_block:
                connection.close()
        now = GaugeMetricFamily(
            "fleetsync_zones_fallback", "Zones whose last round a simpler strategy decided.", value=zones
        )
        decided = GaugeMetricFamily(
            "fleetsync_rounds_decided",
            "Rounds of the last business hour that decided something, by who decided and whether in place of another.",
            labels=["strategy", "fallback"],
        )
        for strategy, fallen_back, number in rows:
            decided.add_metric([strategy, "no"], number - fallen_back)
            decided.add_metric([strategy, "yes"], fallen_back)
        return [now, decided]


REGISTRY.register(RoundFigures())
