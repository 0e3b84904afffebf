"""The result table: the same figures as JSON and on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one of our orders fared, as the database has it. Minutes are business time."""

    status: str
    click_to_door_min: float | None = None
    ready_to_pickup_min: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What became of the offers of our orders."""

    made: int = 0
    accepted: int = 0
    declined: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything a run is judged by."""

    outcomes: Sequence[Outcome]
    offers: Offers
    lost: int
    doubled: int
    latency_ms: Mapping[str, Sequence[float]]
    target_min: float = 40.0
    """Click-to-door minutes past this are overage."""

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON values; a figure that nothing was measured for is null."""
        ends = {"DELIVERED": "delivered", "CANCELLED": "cancelled", "RETURNED": "cancelled", "REJECTED": "rejected"}
        orders = {"placed": len(self.outcomes), "delivered": 0, "cancelled": 0, "rejected": 0, "open": 0}
        for outcome in self.outcomes:
            orders[ends.get(outcome.status, "open")] += 1
        delivered = [outcome for outcome in self.outcomes if outcome.status == "DELIVERED"]
        doors = [each.click_to_door_min for each in delivered if each.click_to_door_min is not None]
        waits = [each.ready_to_pickup_min for each in delivered if each.ready_to_pickup_min is not None]
        placed = orders["placed"]
        missing = placed - orders["delivered"]
        return {
            "orders": orders | {"lost": self.lost, "doubled": self.doubled},
            "offers": {
                "made": self.offers.made,
                "accepted": self.offers.accepted,
                "declined": self.offers.declined,
                "expired": self.offers.expired,
            },
            "latency_ms": {
                name: {"p50": percentile(self.latency_ms.get(name, ()), 50, 1),
                       "p99": percentile(self.latency_ms.get(name, ()), 99, 1)}
                for name in ("place_202", "place_first_offer", "due_first_offer", "place_assigned")
            },
            "minutes": {
                "click_to_door": _spread(doors),
                "ready_to_pickup": _spread(waits),
                "overage": {"mean": mean([max(0.0, door - self.target_min) for door in doors])},
            },
            "undelivered_pct": round(100.0 * missing / placed, 2) if placed else 0.0,
        }  # fmt: skip


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    return {"mean": mean(values), "p50": percentile(values, 50), "p90": percentile(values, 90)}


def mean(values: Sequence[float], digits: int = 2) -> float | None:
    """Return the mean; None of nothing."""
    return round(sum(values) / len(values), digits) if values else None


def percentile(values: Sequence[float], percent: float, digits: int = 2) -> float | None:
    """Return the percentile, linear between the two nearest values; None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    rank = (len(ranked) - 1) * percent / 100.0
    below = int(rank)
    above = min(below + 1, len(ranked) - 1)
    return round(ranked[below] + (ranked[above] - ranked[below]) * (rank - below), digits)


def holdable_speed(late_s: Sequence[float], speed: float, limit_s: float) -> tuple[float, float]:
    """Return the 95th percentile of the lateness of steps (business seconds) and the speed that would keep the limit.

    Lateness is real time times the speed, so it shrinks with it.
    """
    p95 = percentile(late_s, 95) or 0.0
    return p95, speed if p95 <= limit_s else max(1.0, float(int(speed * limit_s / p95)))


def show(result: Mapping[str, Any], console: Console, *, title: str) -> None:
    """Print the table."""
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_column(style="dim")
    rows = [
        ("orders placed", "orders.placed", ""),
        ("  delivered", "orders.delivered", ""),
        ("  cancelled", "orders.cancelled", "returned ones too"),
        ("  rejected", "orders.rejected", ""),
        ("  open", "orders.open", ""),
        ("lost", "orders.lost", "promised with a 2xx, not in the database"),
        ("doubled", "orders.doubled", "one 2xx, two orders; one order, two drivers"),
        ("offers made", "offers.made", ""),
        ("  accepted", "offers.accepted", ""),
        ("  declined", "offers.declined", ""),
        ("  expired", "offers.expired", ""),
        ("placed to 202", "latency_ms.place_202", "ms real, p50 / p99"),
        ("placed to first offer", "latency_ms.place_first_offer", "ms real, deliberate waiting included"),
        ("due to first offer", "latency_ms.due_first_offer", "ms real"),
        ("placed to assigned", "latency_ms.place_assigned", "ms real"),
        ("click to door", "minutes.click_to_door", "business minutes, mean / p50 / p90"),
        ("ready to pick-up", "minutes.ready_to_pickup", "business minutes, mean / p50 / p90"),
        ("overage", "minutes.overage", "business minutes past the target, mean"),
        ("undelivered", "undelivered_pct", "% of what was placed, open ones too"),
    ]
    for name, path, unit in rows:
        table.add_row(name, _cell(_at(result, path)), unit)
    console.print(table)


def _at(result: Any, path: str) -> Any:
    for name in path.split("."):
        result = result[name]
    return result


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return " / ".join(map(_cell, value.values()))
    if value is None:
        return "-"
    return f"{value:,.1f}" if isinstance(value, float) and value >= 100 else f"{value:,}"
