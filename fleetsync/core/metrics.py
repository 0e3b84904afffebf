"""Figures of requests, the relay and its queues, in Prometheus's form."""

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from fleetsync.core import clock

REQUEST_S = Histogram(
    "fleetsync_request_s",
    "Real seconds from the first byte in to the answer.",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
)
HANDLED = Counter("fleetsync_relay_handled", "Outbox rows handed on.")
FAILED = Counter("fleetsync_relay_failed", "Tries of a handler that failed.")
TRAVEL_TABLES = Counter(
    "fleetsync_travel_tables", "Tables of travel times, by router and by who answered.", ["router", "answer"]
)
TIMER_LATE = Gauge("fleetsync_relay_timer_late_s", "Real seconds a due moment waited, by timer.", ["timer"])
TIMER_FAILED = Counter("fleetsync_relay_timer_failed", "Due rows that could not be handled, by timer.", ["timer"])

QUEUE = """
    SELECT count(*) FILTER (WHERE parked_at IS NULL),
           count(*) FILTER (WHERE parked_at IS NOT NULL),
           coalesce(max(extract(epoch FROM %(now)s - e.at)) FILTER (WHERE parked_at IS NULL), 0)
    FROM core_outbox o JOIN core_event e ON e.id = o.event_id
    WHERE o.handled_at IS NULL"""


class QueueFigures(Collector):
    """Ask the outbox when the metrics are read, not at every turn."""

    def collect(self) -> list[GaugeMetricFamily]:
        """Return rows waiting, rows given up, and how old the oldest waiting one is (business seconds)."""
        from django.db import DatabaseError, connection

        try:
            with connection.cursor() as cursor:
                cursor.execute(QUEUE, {"now": clock.now()})
                waiting, parked, age_s = cursor.fetchone()
        except DatabaseError:
            return []
        finally:
            if not connection.in_atomic_block:
                connection.close()
        return [
            GaugeMetricFamily("fleetsync_outbox_waiting", "Due but unhandled outbox rows.", value=waiting),
            GaugeMetricFamily("fleetsync_outbox_parked", "Rows given up: the ops queue.", value=parked),
            GaugeMetricFamily("fleetsync_outbox_age_s", "Age of the oldest waiting row.", value=float(age_s)),
        ]


def watch_queue() -> None:
    """Let this process's `/metrics` tell the queue's state, too."""
    REGISTRY.register(QueueFigures())
