"""The engine behind the simulator's plain form: minutes and metres in, trips out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dispatch.engine import decide
from dispatch.engine.acceptance import Answers, common_rate, rate
from dispatch.engine.backoff import radius_m
from dispatch.engine.fairness import count_misses
from dispatch.engine.mdrp.form import AnswerForm, AssignmentForm, CourierForm, OrderForm, SnapshotForm
from dispatch.engine.mdrp.kitchens import Kitchens
from dispatch.engine.model import Demand, Driver, DriverState, Job, Past, Plan, Snapshot
from dispatch.engine.policy import Policy
from dispatch.engine.preparation import Belief
from dispatch.engine.travel import Point, StraightLine

MINUTE_S: Final = 60.0
DEMAND_MEMORY_MIN: Final = 60.0
RECENT_MIN: Final = 120
BASE_DEMAND: Final = 0.05  # orders assumed of a restaurant not ordered from yet
NEAREST_RADIUS_M: Final = 5000.0
RETRY_CAP_S: Final = 60.0


@dataclass(slots=True)
class Memory:
    """What is carried from one decision to the next, besides the engine's memo."""

    engine: bytes | None = None
    seen: dict[Any, tuple[str, int]] = field(default_factory=dict)
    """Order: (restaurant, placed)."""
    recent: tuple[tuple[Any, str, float, float, int, int], ...] = ()
    """Orders of the last two hours: (id, restaurant, x, y, placed, ready as told)."""
    asked: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """Couriers offered a new trip last time."""
    refused: dict[Any, frozenset[str]] = field(default_factory=dict)
    """Order: couriers who turned it down."""
    answers: dict[str, Answers] = field(default_factory=dict)
    """Couriers: how they answered so far."""
    next_attempt: dict[Any, tuple[int, float]] = field(default_factory=dict)
    """Order: (failed attempts, moment of the next in seconds), for `nearest`."""
    kitchens: Kitchens = field(default_factory=Kitchens)
    misses: Mapping[str, int] = field(default_factory=dict)
    """Couriers passed over: `Driver.misses`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigner:
    """A dispatcher of the plain form that decides with one policy."""

    policy: Policy = field(default_factory=Policy)
    observe: Callable[[Snapshot, Plan], None] | None = None
    """Called with every decision (tests)."""
    live: bool = False
    """Let `nearest` search in growing radii as the platform does, not at once in 5 km."""

    def __call__(self, form: SnapshotForm) -> AnswerForm:
        """Answer one decision; pure but for `observe`."""
        old = form["memo"] if isinstance(form["memo"], Memory) else Memory()
        memory = _remember(form, old)
        snapshot = self._snapshot(form, memory)
        policy = replace(self.policy, target_s=form["params"]["target"] * MINUTE_S)
        plan = decide(snapshot, policy)
        if self.observe:
            self.observe(snapshot, plan)
        orders = {str(o["id"]): o["id"] for o in form["orders"]}
        restaurant = {c["id"]: c["restaurant"] or "" for c in form["couriers"]}
        answer: list[AssignmentForm] = [
            {"courier": r.driver, "restaurant": restaurant[r.driver], "orders": [orders[j] for j in r.jobs]}
            for r in plan.resets
        ]
        for p in plan.proposals:
            trip = [orders[j] for j in p.jobs]
            offer: AssignmentForm = {"courier": p.driver, "restaurant": p.restaurant, "orders": trip}
            if p.parallel:
                if not form.get("parallel"):
                    continue  # this simulator knows one courier per order
                offer["parallel"] = True
            answer.append(offer)
            memory.asked[p.driver] = tuple(trip)
        memory.engine = plan.memo
        memory.misses = count_misses(memory.misses, plan)
        if self.policy.strategy == "nearest":
            self._back_off(form, memory, plan)
        return {"assignments": answer, "memo": memory}

    def _back_off(self, form: SnapshotForm, memory: Memory, plan: Plan) -> None:
        """Count failed searches: pauses of 2, 4, 8 ... seconds up to a minute."""
        for o in form["orders"]:
            if str(o["id"]) in plan.unplaced:
                tries, due = memory.next_attempt.get(o["id"], (0, form["now"] * MINUTE_S))
                pause = min(RETRY_CAP_S, 2.0 ** (tries + 1))
                memory.next_attempt[o["id"]] = (tries + 1, due + pause)

    def _snapshot(self, form: SnapshotForm, memory: Memory) -> Snapshot:
        params, places = form["params"], list[Point]()
        at: dict[Point, int] = {}

        def place(x: float, y: float) -> int:
            if (x, y) not in at:
                at[x, y] = len(places)
                places.append((x, y))
            return at[x, y]

        jobs, beliefs = [], dict[str, Belief]()
        for o in form["orders"]:
            ready, ready_std = memory.kitchens.ready_min(o, beliefs)
            tries, due = memory.next_attempt.get(o["id"], (0, -math.inf))
            declined = memory.refused.get(o["id"], frozenset())
            jobs.append(
                Job(
                    id=str(o["id"]),
                    restaurant=o["restaurant"],
                    pickup=place(*form["restaurants"][o["restaurant"]]),
                    dropoff=place(o["x"], o["y"]),
                    placed_s=o["placed"] * MINUTE_S,
                    ready_s=ready * MINUTE_S,
                    ready_std_s=ready_std * MINUTE_S,
                    holder=o["holder"],
                    declined=declined | _off_before(o, form, memory),
                    refusals=len(declined),
                    next_attempt_s=due,
                    radius_m=radius_m(tries) if self.live else NEAREST_RADIUS_M,
                )
            )
        chance = _chances(form, memory.answers)
        drivers = tuple(
            _driver(c, place(c["x"], c["y"]), form, chance[c["id"]], memory.misses.get(c["id"], 0))
            for c in form["couriers"]
        )
        weights = dict.fromkeys(form["restaurants"], BASE_DEMAND)
        for restaurant, placed in memory.seen.values():
            weights[restaurant] += math.exp((placed - form["now"]) / DEMAND_MEMORY_MIN)
        demand = tuple(Demand(place=place(*form["restaurants"][r]), weight=w) for r, w in weights.items())
        past = tuple(
            Past(
                id=str(o),
                pickup=place(*form["restaurants"][r]),
                dropoff=place(x, y),
                placed_s=placed * MINUTE_S,
                ready_s=ready * MINUTE_S,
            )
            for o, r, x, y, placed, ready in memory.recent
            if (form["now"] - placed) * MINUTE_S < self.policy.foresight_s
        )
        return Snapshot(
            zone="mdrp",
            now_s=form["now"] * MINUTE_S,
            period_s=form["period"] * MINUTE_S,
            places=tuple(places),
            metres=True,
            jobs=tuple(jobs),
            drivers=drivers,
            travel=StraightLine(speed_mps=params["metres_per_minute"] / MINUTE_S, factor=1.0, round_up_s=MINUTE_S),
            half_pickup_s=params["pickup_service"] / 2 * MINUTE_S,
            half_dropoff_s=params["dropoff_service"] / 2 * MINUTE_S,
            demand=demand,
            past=past,
            answer_s=form["period"] * MINUTE_S,
            memo=memory.engine,
        )


def _off_before(o: OrderForm, form: SnapshotForm, memory: Memory) -> frozenset[str]:
    """Return who is off duty by the told ready time: the rules bind the plan to what was told."""
    watched = memory.kitchens.open.get(o["id"])
    if watched is None:
        return frozenset()
    return frozenset(c["id"] for c in form["couriers"] if c["off_at"] < watched.told)


def _driver(c: CourierForm, place: int, form: SnapshotForm, chance: float, misses: int) -> Driver:
    params = form["params"]
    hours = (c["off_at"] - c["on_at"]) / 60.0
    return Driver(
        id=c["id"],
        state=DriverState(c["state"].upper()),
        place=place,
        free_s=c["free_at"] * MINUTE_S,
        on_s=c["on_at"] * MINUTE_S,
        off_s=c["off_at"] * MINUTE_S,
        restaurant=c["restaurant"],
        holding=tuple(str(o) for o in c["orders"]),
        taken=c["taken"],
        guarantee_orders=hours * params["pay_hour"] / params["pay_order"],
        accept_p=chance,
        idle_s=max(0.0, form["now"] - max(c["free_at"], c["on_at"])) * MINUTE_S if c["state"] == "idle" else 0.0,
        misses=misses,
    )


def _chances(form: SnapshotForm, answers: Mapping[str, Answers]) -> dict[str, float]:
    """Return how likely each courier takes a trip; while nobody has refused, everybody does."""
    if all(a.taken == a.offers for a in answers.values()):
        return {c["id"]: 1.0 for c in form["couriers"]}
    common = common_rate(answers.values())
    return {c["id"]: rate(answers.get(c["id"], Answers()), common) for c in form["couriers"]}


def _remember(form: SnapshotForm, old: Memory) -> Memory:
    """Return the memory with what has happened since: new orders, answers to offers.

    A courier who was asked and is not on the trip has turned it down, unless somebody asked
    together with him has it.
    """
    held = {o["id"]: o["holder"] for o in form["orders"]}
    refused = {o: who for o, who in old.refused.items() if o in held}
    for c in form["couriers"]:
        for o in c.get("refused", ()):
            if o in held:
                refused[o] = refused.get(o, frozenset()) | {c["id"]}
    answers = dict(old.answers)
    for courier, orders in old.asked.items():
        holders = {held.get(o, courier) for o in orders}  # an order that is gone was picked up by him
        if holders == {None}:
            refused |= {o: refused.get(o, frozenset()) | {courier} for o in orders}
        no = any(courier in refused.get(o, ()) for o in orders)
        if no or courier in holders:
            before = answers.get(courier, Answers())
            answers[courier] = Answers(offers=before.offers + 1, taken=before.taken + (not no))
    seen = dict(old.seen)
    recent = [p for p in old.recent if p[4] > form["now"] - RECENT_MIN]
    for o in form["orders"]:
        if o["id"] not in seen:
            seen[o["id"]] = (o["restaurant"], o["placed"])
            recent.append((o["id"], o["restaurant"], o["x"], o["y"], o["placed"], o["ready"]))
    return Memory(
        engine=old.engine,
        seen=seen,
        recent=tuple(recent),
        refused=refused,
        answers=answers,
        next_attempt={o: v for o, v in old.next_attempt.items() if o in held},
        kitchens=old.kitchens.after(form),
        misses=old.misses,
    )
