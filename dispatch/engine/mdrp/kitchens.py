"""What a dispatcher of the plain form can learn of the kitchens during a day.

Only from what the form says: what was told of an order, whether a courier stands at the
counter, and when an order is gone. Nothing is learned where ready times are known exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dispatch.engine.mdrp.form import OrderForm, SnapshotForm
from dispatch.engine.preparation import Belief, Seen

MINUTE_S: Final = 60.0
UNKNOWN: Final = Belief.log_normal(900.0, 0.6, high_s=5400.0)  # any kitchen of any city: about 15 min
UNKNOWN_ORDERS: Final = 20.0  # that many orders of the day count as much
DAY_ORDERS: Final = 2.0  # orders of one restaurant that count as much as all others of the day
DAY_WIDTH_S: Final = 60.0
OWN_WIDTH_S: Final = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An order as it was when it was last in the form."""

    restaurant: str
    placed: int
    told: int
    """Ready as it was first told."""
    ready: int
    known: bool
    """`ready` is exact."""
    asked_at: int | None
    """Minute at which a courier at the counter saw that it was not ready; None: nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kitchens:
    """What was seen today, and the orders still open."""

    open: Mapping[Any, Watched] = field(default_factory=dict)
    day: Belief = UNKNOWN
    """Of all restaurants together."""
    orders: int = 0
    """Orders `day` is made of."""
    own: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)

    def after(self, form: SnapshotForm) -> Kitchens:
        """Return what is known with this form: who is gone has been picked up.

        Where a courier stood at the counter before it was, it was ready at that moment; else
        it was ready by then.
        """
        arrived = {
            (c["id"], c["restaurant"])
            for c in form["couriers"]
            if c["state"] == "inbound" and c["free_at"] <= form["now"]
        }
        now_open = {o["id"]: self._watch(o, form["now"], arrived) for o in form["orders"] if o.get("ready_std", 0) > 0}
        for o in form["orders"]:
            if o.get("ready_std") == 0 and o["id"] in self.open:
                now_open[o["id"]] = replace(self.open[o["id"]], ready=o["ready"], known=True)
        gone = [w for o, w in self.open.items() if o not in now_open]
        learned = [(w.restaurant, _took(w, form["now"])) for w in gone]
        own = dict(self.own)
        for restaurant, seen in learned:
            own[restaurant] = (*own.get(restaurant, ()), seen)
        return Kitchens(
            open=now_open,
            day=self.day.narrowed(
                [seen for _, seen in learned], strength=UNKNOWN_ORDERS + self.orders, width_s=DAY_WIDTH_S
            ),
            orders=self.orders + len(learned),
            own=own,
        )

    def ready_min(self, order: OrderForm, beliefs: dict[str, Belief]) -> tuple[float, float]:
        """Return the expected ready time of an order and its standard deviation, minutes."""
        std, watched = order.get("ready_std", 0.0), self.open.get(order["id"])
        if std <= 0.0 or watched is None or watched.known:
            return float(order["ready"]), 0.0
        name = order["restaurant"]
        if name not in beliefs:
            beliefs[name] = self.day.narrowed(self.own.get(name, ()), strength=DAY_ORDERS, width_s=OWN_WIDTH_S)
        belief = beliefs[name].told((watched.told - watched.placed) * MINUTE_S, std * MINUTE_S, least_s=0.0)
        if watched.asked_at is not None:
            belief = belief.not_before((watched.asked_at - watched.placed) * MINUTE_S)
        return watched.placed + belief.mean_s / MINUTE_S, belief.std_s / MINUTE_S

    def _watch(self, o: OrderForm, now: int, arrived: Set[tuple[str, str | None]]) -> Watched:
        before = self.open.get(o["id"])
        told = before.told if before else o["ready"]
        asked = (o["holder"], o["restaurant"]) in arrived or o["ready"] > told
        return Watched(
            restaurant=o["restaurant"],
            placed=o["placed"],
            told=told,
            ready=o["ready"],
            known=False,
            asked_at=now if asked else before.asked_at if before else None,
        )


def _took(w: Watched, now: int) -> Seen:
    """Return how long an order took that is gone at `now`."""
    if w.known:
        return Seen(value_s=(w.ready - w.placed) * MINUTE_S)
    return Seen(value_s=(now - w.placed) * MINUTE_S, exact=w.asked_at is not None)
