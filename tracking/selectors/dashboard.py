"""The figures of the dashboard: how orders fared over a span, and why some were late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection

from dispatch.selectors.shares import pay_an_hour
from tracking.selectors.spans import Span

#: Below this nothing is called late: clocks of kitchens and phones are not that exact.
GRACE_S: Final = 180
#: How long each part of an order's way may take before it counts as what made it late, seconds.
ALLOWED_S: Final[Mapping[str, int]] = {
    "search": GRACE_S,  # from when it was due to when a driver had it
    "kitchen": GRACE_S,  # behind the kitchen's own word
    "driver": 300,  # the food stands at the counter and a driver has it
    "way": 900,  # from counter to door
    "door": 300,  # at the door
}
CLICK_STEP_MIN: Final = 5
CLICK_BARS: Final = 13
OFFER_BARS: Final = 5

_SPAN: Final = """
    FROM orders_order o LEFT JOIN dispatch_delivery d ON d.order_id = o.id
    LEFT JOIN dispatch_dispatchjob j ON j.delivery_id = d.id
    LEFT JOIN dispatch_offer a ON a.delivery_id = d.id AND a.status = 'ACCEPTED'
    WHERE o.placed_at >= %(from)s AND o.placed_at < %(end)s AND (%(zone)s::uuid IS NULL OR o.zone_id = %(zone)s)"""
# One look gives both spans and every bar of the present one: the sets (past), (past, bar).
_FLOW: Final = f"""
    WITH each AS (
        SELECT o.placed_at < %(start)s AS past,
               floor(extract(epoch FROM o.placed_at - %(start)s) / %(bar_s)s)::int AS bar,
               o.delivered_at, o.promised_at,
               extract(epoch FROM o.delivered_at - o.placed_at) AS click_s,
               extract(epoch FROM o.promised_at - o.placed_at) AS promise_s,
               extract(epoch FROM d.assigned_at - greatest(d.created_at, j.first_due_at)) AS assign_s,
               o.status IN ('CANCELLED', 'REJECTED', 'RETURNED', 'RETURNING') AS lost,
               a.pay_minor
        {_SPAN}
    )
    SELECT past, bar, grouping(bar) AS total, count(*) AS placed,
           count(*) FILTER (WHERE delivered_at > promised_at
                            OR (delivered_at IS NULL AND NOT lost AND promised_at < %(end)s)) AS late,
           count(delivered_at) AS delivered,
           count(*) FILTER (WHERE delivered_at <= promised_at) AS kept,
           count(*) FILTER (WHERE lost) AS lost,
           avg(click_s) AS click_s,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY promise_s) AS promise_s,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(0, assign_s)) FILTER (WHERE assign_s IS NOT NULL)
               AS assign_typical_s,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(0, assign_s)) FILTER (WHERE assign_s IS NOT NULL)
               AS assign_slowest_s,
           avg(pay_minor) AS pay_minor
    FROM each GROUP BY GROUPING SETS ((past), (past, bar))"""  # noqa: S608  # constants
_CLICK: Final = """
    SELECT least(%(bars)s - 1, floor(extract(epoch FROM delivered_at - placed_at) / %(step_s)s))::int, count(*)
    FROM orders_order
    WHERE placed_at >= %(start)s AND placed_at < %(end)s AND delivered_at IS NOT NULL
      AND (%(zone)s::uuid IS NULL OR zone_id = %(zone)s) GROUP BY 1"""
_OFFERS: Final = """
    SELECT least(%(bars)s, asked), count(*), sum(asked) FROM (
        SELECT (SELECT count(*) FROM dispatch_offer f WHERE f.delivery_id = d.id AND f.status <> 'UNDELIVERED') AS asked
        FROM orders_order o JOIN dispatch_delivery d ON d.order_id = o.id
        WHERE o.placed_at >= %(start)s AND o.placed_at < %(end)s AND d.assigned_at IS NOT NULL
          AND (%(zone)s::uuid IS NULL OR o.zone_id = %(zone)s)) AS counted
    WHERE asked > 0 GROUP BY 1"""
_CAUSES: Final = """
    WITH late AS (
        SELECT d.id, extract(epoch FROM d.assigned_at - greatest(d.created_at, j.first_due_at)) - %(search)s AS search_s,
               extract(epoch FROM o.food_ready_at - o.ready_at) - %(kitchen)s AS kitchen_s,
               extract(epoch FROM d.picked_up_at - greatest(o.food_ready_at, d.assigned_at)) - %(driver)s AS driver_s,
               extract(epoch FROM coalesce(d.arrived_at_dropoff_at, d.delivered_at) - d.picked_up_at) - %(way)s AS way_s,
               extract(epoch FROM d.delivered_at - d.arrived_at_dropoff_at) - %(door)s AS door_s
        FROM orders_order o JOIN dispatch_delivery d ON d.order_id = o.id
        LEFT JOIN dispatch_dispatchjob j ON j.delivery_id = d.id
        WHERE o.placed_at >= %(start)s AND o.placed_at < %(end)s AND o.delivered_at > o.promised_at
          AND (%(zone)s::uuid IS NULL OR o.zone_id = %(zone)s)
    ), worst AS (
        SELECT late.*, greatest(search_s, kitchen_s, driver_s, way_s, door_s) AS most_s FROM late
    )
    SELECT CASE WHEN coalesce(most_s, 0) <= 0 THEN 'tight'
                WHEN kitchen_s = most_s THEN 'kitchen'
                WHEN search_s = most_s AND EXISTS (
                    SELECT 1 FROM dispatch_offer f
                    WHERE f.delivery_id = worst.id AND f.status IN ('DECLINED', 'EXPIRED')) THEN 'refused'
                WHEN search_s = most_s THEN 'no_driver'
                WHEN driver_s = most_s THEN 'driver'
                WHEN way_s = most_s THEN 'way'
                ELSE 'door' END AS cause, count(*)
    FROM worst GROUP BY 1 ORDER BY 2 DESC, 1"""
_KITCHENS: Final = """
    SELECT r.id, r.name, avg(extract(epoch FROM o.food_ready_at - o.ready_at)) AS behind_s, count(*)
    FROM orders_order o JOIN restaurants_restaurant r ON r.id = o.restaurant_id
    WHERE o.placed_at >= %(start)s AND o.placed_at < %(end)s AND o.food_ready_at IS NOT NULL AND o.ready_at IS NOT NULL
      AND (%(zone)s::uuid IS NULL OR o.zone_id = %(zone)s)
    GROUP BY r.id, r.name HAVING avg(extract(epoch FROM o.food_ready_at - o.ready_at)) >= 60
    ORDER BY 3 DESC, r.name LIMIT 5"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What became of the orders placed in a span; None where nothing happened. Seconds, minor units."""

    placed: int = 0
    late: int = 0
    delivered: int = 0
    kept: int = 0
    lost: int = 0
    click_s: float | None = None
    promise_s: float | None = None
    assign_typical_s: float | None = None
    assign_slowest_s: float | None = None
    pay_minor: float | None = None

    @property
    def kept_percent(self) -> float | None:
        """Return how many of the delivered came in time."""
        return 100.0 * self.kept / self.delivered if self.delivered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A kitchen whose food comes later than it says, on average."""

    restaurant_id: UUID
    name: str
    behind_s: float
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A span's figures. `bars` has one flow for each of the span's bars; histograms count orders."""

    span: Span
    total: Flow
    before: Flow
    bars: Sequence[Flow]
    click: Sequence[int]
    offers: Sequence[int]
    offers_mean: float | None
    causes: Mapping[str, int] = field(default_factory=dict)
    kitchens: Sequence[Behind] = ()
    hourly_minor: Sequence[float] = ()
    """What each driver earned per hour online, least first."""


def dashboard(*, span: Span, zone_id: UUID | None = None) -> Dashboard:
    """Return how the orders placed in the span fared, of one zone or of all; six queries.

    Click to door in bars of `CLICK_STEP_MIN` minutes, the last one open; offers per order
    that found a driver, an offer that no phone confirmed not counted. A late order counts
    for the part of its way that ran over its allowance (`ALLOWED_S`) by most: `kitchen`,
    `refused` or `no_driver` (the search), `driver` (food waits for him), `way`, `door`; and
    `tight` where no part did, so that the promise itself was too short.
    """
    moments = {"from": span.before, "start": span.start, "end": span.end, "zone": zone_id}
    flows = {(row.pop("past"), row.pop("total"), row.pop("bar")): row for row in _rows(_FLOW, moments | _bar(span))}
    offers = [(int(asked), int(orders), int(total)) for asked, orders, total in _all(_OFFERS, moments, OFFER_BARS)]
    with_offers = sum(orders for _, orders, _ in offers)
    return Dashboard(
        span=span,
        total=_flow(flows.get((False, 1, None))),
        before=_flow(flows.get((True, 1, None))),
        bars=[_flow(flows.get((False, 0, number))) for number in range(len(span.bars))],
        click=_counts(dict(_all(_CLICK, moments, CLICK_BARS)), CLICK_BARS),
        offers=_counts({asked - 1: orders for asked, orders, _ in offers}, OFFER_BARS),
        offers_mean=sum(total for _, _, total in offers) / with_offers if with_offers else None,
        causes=dict(_all(_CAUSES, moments | dict(ALLOWED_S))),
        kitchens=[
            Behind(restaurant_id=pk, name=name, behind_s=float(behind_s), orders=orders)
            for pk, name, behind_s, orders in _all(_KITCHENS, moments)
        ],
        hourly_minor=pay_an_hour(start=span.start, end=span.end, zone_id=zone_id),
    )


def _bar(span: Span) -> dict[str, float]:
    return {"bar_s": span.bar.total_seconds()}


def _all(sql: str, values: Mapping[str, Any], bars: int = 0) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values, "bars": bars, "step_s": CLICK_STEP_MIN * 60})
        return list(cursor.fetchall())


def _rows(sql: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _flow(row: Mapping[str, Any] | None) -> Flow:
    if row is None:
        return Flow()
    whole = ("placed", "late", "delivered", "kept", "lost")
    values: dict[str, Any] = {name: int(row[name]) for name in whole}
    values |= {name: None if value is None else float(value) for name, value in row.items() if name not in whole}
    return Flow(**values)


def _counts(found: Mapping[int, int], bars: int) -> list[int]:
    return [int(found.get(bar, 0)) for bar in range(bars)]


__all__ = ["ALLOWED_S", "Behind", "Dashboard", "Flow", "dashboard"]
