"""What the clients were promised: every 2xx that changed something, and how long things took."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A 2xx and the event that must stand behind it, by the names of the public timeline."""

    stream: str
    """`order:ord_…` or `driver:drv_…`."""
    type: str
    """E.g. `delivery.picked_up`."""
    by: str
    """Who was promised: the e-mail of an account."""


@dataclass(slots=True, kw_only=True)
class Placement:
    """An order of ours, from the tap to the door. Real moments are monotonic seconds."""

    order_id: str
    marker: str
    """Stands in the order's drop-off note; two orders with one marker are a doubled one."""
    tapped: float
    answered: float
    end: str = ""
    """The last status heard: DELIVERED, CANCELLED, REJECTED, RETURNED, or empty."""


@dataclass(slots=True)
class Ledger:
    """The books of a run."""

    promises: list[Promise] = field(default_factory=list)
    placements: dict[str, Placement] = field(default_factory=dict)
    late_s: list[float] = field(default_factory=list)
    """Business seconds by which a step was later than it should have been."""
    counts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    """What was refused and why, e.g. `accept: offer-expired`, and how often."""
    first_offer: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    """By order: when a driver first heard an offer, and when it was due (None: not told)."""
    first_assigned: dict[str, float] = field(default_factory=dict)

    def promised(self, *, stream: str, type: str, by: str) -> None:  # noqa: A002 (the public name)
        """Enter a 2xx."""
        self.promises.append(Promise(stream=stream, type=type, by=by))

    def placed(self, *, order_id: str, marker: str, tapped: float, answered: float) -> None:
        """Enter the 202 of an order."""
        self.placements[order_id] = Placement(order_id=order_id, marker=marker, tapped=tapped, answered=answered)
        self.counts["placed"] += 1

    def offered(self, *, order_id: str, due_ago_s: float | None) -> None:
        """Enter that a driver heard an offer; `due_ago_s` are real seconds since the job was due."""
        now = time.monotonic()
        self.first_offer.setdefault(order_id, (now, None if due_ago_s is None else now - due_ago_s))

    def assigned(self, *, order_id: str) -> None:
        """Enter that a driver has the order."""
        self.first_assigned.setdefault(order_id, time.monotonic())

    def ended(self, *, order_id: str, status: str) -> None:
        """Enter the end of an order."""
        placement = self.placements.get(order_id)
        if placement is not None and not placement.end:
            placement.end = status
            self.counts[status.lower()] += 1

    def open(self) -> int:
        """Return how many of our orders have not ended, as far as we heard."""
        return sum(not placement.end for placement in self.placements.values())

    def stepped(self, late_s: float) -> None:
        """Enter how late a step was done, business seconds."""
        self.late_s.append(max(0.0, late_s))

    def latency_ms(self) -> dict[str, list[float]]:
        """Return the real milliseconds of each way, one per order that went it.

        An order that was due before it was placed was due when it was placed.
        """
        found: dict[str, list[float]] = {
            "place_202": [], "place_first_offer": [], "due_first_offer": [], "place_assigned": [],
        }  # fmt: skip
        for order_id, placement in self.placements.items():
            found["place_202"].append(placement.answered - placement.tapped)
            if order_id in self.first_offer:
                heard, due = self.first_offer[order_id]
                found["place_first_offer"].append(heard - placement.tapped)
                if due is not None:
                    found["due_first_offer"].append(max(0.0, heard - max(due, placement.tapped)))
            if order_id in self.first_assigned:
                found["place_assigned"].append(self.first_assigned[order_id] - placement.tapped)
        return {name: [1000.0 * seconds for seconds in each] for name, each in found.items()}
