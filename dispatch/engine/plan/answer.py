"""From routes to what is said and done now: offers, resets, waiting, reasons."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from dispatch.engine.arrays import FAR, Arrays, Floats, Ints, times
from dispatch.engine.fairness import goes_first
from dispatch.engine.model import (
    DriverState,
    Exclusion,
    Plan,
    Proposal,
    Reason,
    Reset,
    Snapshot,
    Waiting,
)
from dispatch.engine.plan import memo
from dispatch.engine.plan.cost import expected_later, follow, go, route_cost
from dispatch.engine.plan.moves import follow_all
from dispatch.engine.plan.problem import Problem, Routes
from dispatch.engine.policy import Policy

UNPLACED_S: Final = 86400.0  # what a job nobody can take counts in the objective


class Answer:
    """Collects the plan of one round, driver by driver."""

    def __init__(self, snapshot: Snapshot, policy: Policy, a: Arrays, p: Problem, r: Routes) -> None:
        self.snapshot, self.policy, self.a, self.p, self.r = snapshot, policy, a, p, r
        self.proposals: list[Proposal] = []
        self.resets: list[Reset] = []
        self.waiting: dict[str, Waiting] = {}
        self.unplaced: dict[str, Reason] = dict(a.left_out)
        self.exclusions: dict[str, tuple[Exclusion, ...]] = {}
        self.asked: set[int] = set()
        self.asked_about: dict[int, set[int]] = {}
        """Job: the drivers who are asked for it."""
        self.pickup, self.door = np.zeros(r.seq.shape), np.zeros(r.seq.shape)
        follow_all(p, r, self.pickup, self.door)
        self.first_leg = np.zeros(len(a.drivers))
        if len(a.jobs):
            self.first_leg = times(a.roads, a.place, a.pickup[r.seq[:, 0]])

    def plan(self, moves: int) -> Plan:
        """Return the round's plan; `moves` is how many moves the search made."""
        a, r = self.a, self.r
        routes = {a.drivers[d].id: self._route(int(d)) for d in np.nonzero(r.length)[0]}
        self._ask_in_parallel()
        unplaced = np.nonzero(r.where < 0)[0]
        for k in unplaced[unplaced < a.real]:
            job = a.jobs[k]
            if job.holder is not None:
                self.unplaced[job.id] = Reason.NOT_ON_DUTY  # its driver is not in the snapshot
            elif job.offered_to:
                self._wait(int(k), 0.0, min(job.offered_to))
            else:
                self.unplaced[job.id] = Reason.NO_DRIVER
                self.exclusions[job.id] = self._why_not(int(k), -1)
        return Plan(
            strategy="plan",
            proposals=tuple(self.proposals),
            resets=tuple(self.resets),
            waiting={job: self.waiting[job] for job in sorted(self.waiting)},
            unplaced={job: self.unplaced[job] for job in sorted(self.unplaced)},
            exclusions={job: self.exclusions[job] for job in sorted(self.exclusions)},
            memo=memo.write(routes),
            stats={
                "jobs": a.real,
                "expected": len(a.jobs) - a.real,
                "drivers": len(a.drivers),
                "moves": moves,
                "objective_s": float(r.cost[r.cost < FAR / 2].sum()) + UNPLACED_S * float(a.weight[unplaced].sum()),
            },
        )

    def _route(self, d: int) -> memo.Trips:
        """Say what becomes of one driver's route; return its trips for the memo."""
        a, n = self.a, int(self.r.length[d])
        seq, new = self.r.seq[d], self.r.new[d]
        pickup, door = self.pickup[d], self.door[d]
        end = next((i for i in range(1, n) if new[i]), n)
        trip = tuple(a.jobs[k].id for k in seq[:end])
        driver, record = a.drivers[d], self.p.drivers[d]
        if record["shut"]:
            for k in seq[:n]:
                if a.jobs[k].holder is None:
                    self._wait(int(k), 0.0, driver.id)
            return (trip,)
        if record["sealed"]:
            for k in seq[:end]:
                if a.jobs[k].holder is None:
                    self._wait(int(k), 0.0, driver.id)
        elif record["fixed"] >= 0:
            if trip != driver.holding:
                self._reset(d, trip, pickup, door)
        else:
            self._offer_or_wait(d, end, pickup, door)
        self._wait_for_tail(d, end, n, pickup, door)
        starts = [i for i in range(n) if new[i]] + [n]
        return tuple(tuple(a.jobs[k].id for k in seq[i:j]) for i, j in pairwise(starts))

    def _reset(self, d: int, trip: tuple[str, ...], pickup: Floats, door: Floats) -> None:
        driver, now = self.a.drivers[d], self.snapshot.now_s
        self.resets.append(
            Reset(
                driver=driver.id,
                jobs=trip,
                added=tuple(j for j in trip if j not in driver.holding),
                removed=tuple(j for j in driver.holding if j not in trip),
                pickup_eta_s=now + float(pickup[0]),
                dropoff_eta_s=tuple(now + float(t) for t in door[: len(trip)]),
            )
        )

    def _offer_or_wait(self, d: int, end: int, pickup: Floats, door: Floats) -> None:
        """Offer the first trip if waiting one more round would delay its food."""
        a, driver = self.a, self.a.drivers[d]
        jobs = self.r.seq[d, :end]
        if jobs[0] >= a.real:
            return  # the driver is kept for an order that is expected
        way = float(self.first_leg[d])
        free = float(a.free[d])
        leave = max(free, self._latest(jobs, way))
        lead = a.lead(self.policy, d, int(jobs[0]))
        period = self.snapshot.period_s
        if (free > 0.0 and free >= period) or leave - lead >= period:
            for k in jobs:
                self._wait(int(k), leave - lead, driver.id)
            return
        self.asked.add(d)
        self._propose(d, jobs, leave, way, pickup, door, parallel=False)
        for k in jobs:
            self.exclusions[a.jobs[k].id] = self._why_not(int(k), d)

    def _latest(self, jobs: Ints, way: float) -> float:
        """Return the latest departure of a trip that delays none of its food; `way` leads to its first restaurant."""
        a, latest = self.a, -FAR
        for place in self._fetched_at(jobs):
            here = jobs[a.restaurant[jobs] == a.restaurant[place]]
            if place != jobs[0]:
                way += float(a.half_pickup[jobs[0]]) * 2 + float(go(self.p, a.pickup[jobs[0]], a.pickup[place]))
            latest = max(latest, float(a.timed[here].max()) - float(a.half_pickup[place]) - way)
        return latest

    def _fetched_at(self, jobs: Ints) -> list[int]:
        """Return the first job of each restaurant of a trip, in the order of its stops."""
        first: dict[int, int] = {}
        for k in jobs:
            first.setdefault(int(self.a.restaurant[k]), int(k))
        return list(first.values())

    def _propose(
        self,
        d: int,
        jobs: Ints,
        leave: float,
        way: float,
        pickup: Floats,
        door: Floats,
        *,
        parallel: bool,
    ) -> None:
        a, now = self.a, self.snapshot.now_s
        for k in jobs:
            self.asked_about.setdefault(int(k), set()).add(d)
        one_pickup = len(self._fetched_at(jobs)) == 1
        self.proposals.append(
            Proposal(
                driver=a.drivers[d].id,
                restaurant=a.restaurants[a.restaurant[jobs[0]]],
                jobs=tuple(a.jobs[k].id for k in jobs),
                leave_s=now + leave,
                pickup_eta_s=now + float(pickup[0]),
                dropoff_eta_s=tuple(now + float(t) for t in door[: len(jobs)]),
                pickup_etas_s=() if one_pickup else tuple(now + float(t) for t in pickup[: len(jobs)]),
                score={
                    "travel_s": way,
                    "driver_s": float(self.p.drivers[d]["start_cost"]),
                    **({"misses": float(a.drivers[d].misses)} if goes_first(a.drivers[d], self.policy) else {}),
                },
                job_scores=tuple(
                    {
                        "click_to_door_s": float(door[i] - a.placed[k]),
                        "late_s": max(0.0, float(door[i] - a.due[k])),
                        "food_waits_s": float(pickup[i] - a.ready[k]),
                    }
                    for i, k in enumerate(jobs)
                ),
                parallel=parallel,
            )
        )

    def _wait_for_tail(self, d: int, start: int, n: int, pickup: Floats, door: Floats) -> None:
        """Jobs of later trips wait until the driver can set out for them."""
        a, seq, new = self.a, self.r.seq[d], self.r.new[d]
        leave = 0.0
        for i in range(start, n):
            k = int(seq[i])
            if new[i]:
                way = float(go(self.p, a.dropoff[seq[i - 1]], a.pickup[k]))
                leave = float(pickup[i]) - float(a.half_pickup[k]) - way - self.policy.lead_s
            self._wait(k, leave, a.drivers[d].id)

    def _wait(self, k: int, due: float, driver: str) -> None:
        if k >= self.a.real:
            return
        due_s = self.snapshot.now_s + max(0.0, due)
        self.waiting[self.a.jobs[k].id] = Waiting(due_s=due_s, driver=driver)

    def _ask_in_parallel(self) -> None:
        """Ask a second, otherwise unasked idle driver for trips that were refused before.

        Also for a trip that is out as an offer with one driver alone, because the other of
        two has refused meanwhile. Nobody is asked who would bring it much later than the first:
        his yes may come first, and costs more than another refusal would. That is the likelier
        the more there were.
        """
        a = self.a
        idle = [
            d
            for d, driver in enumerate(a.drivers)
            if driver.state is DriverState.IDLE and a.fixed[d] < 0 and not driver.has_open_offer
        ]
        at = {job.id: k for k, job in enumerate(a.jobs)}
        index = {driver.id: d for d, driver in enumerate(a.drivers)}
        trips = [(index[proposal.driver], [at[j] for j in proposal.jobs]) for proposal in self.proposals]
        for asked in np.nonzero(self.p.drivers["sealed"])[0]:
            trip = [int(k) for k in self.r.seq[asked, : self.r.length[asked]] if a.locked[k] == asked]
            if trip and all(len(a.jobs[k].offered_to) == 1 for k in trip):
                trips.append((int(asked), trip))
        for first, trip in trips:
            often = max(a.jobs[k].refusals for k in trip) - self.policy.parallel_after + 1
            if often < 1:
                continue
            jobs, n = np.array(trip, dtype=np.int64), len(trip)
            new = np.array([1] + [0] * (n - 1), dtype=np.int64)
            unasked = [d for d in idle if d not in self.asked]
            costs = [float(route_cost(self.p, jobs, new, n, d)) for d in unasked]
            if not costs or min(costs) >= FAR / 2:
                continue
            d = unasked[costs.index(min(costs))]
            pickup, door = np.zeros(n), np.zeros(n)
            follow(self.p, jobs, new, n, d, pickup, door)
            later = float((a.weight[jobs] * (door - self.door[first, :n])).sum())
            if later > often * self.policy.parallel_within_s * float(a.weight[jobs].sum()):
                continue
            way = float(go(self.p, a.place[d], a.pickup[jobs[0]]))
            leave = max(0.0, self._latest(jobs, way))
            self.asked.add(d)
            self._propose(d, jobs, leave, way, pickup, door, parallel=True)
            for k in trip:
                if a.jobs[k].id in self.exclusions:
                    self.exclusions[a.jobs[k].id] = self._why_not(k, first)

    def _why_not(self, k: int, chosen: int) -> tuple[Exclusion, ...]:
        """Return the drivers who could be at the pickup first and are not asked for the job, and why."""
        a, seq = self.a, self.r.seq
        there = a.free + times(a.roads, a.place, a.pickup[k])
        door = float(self.door[chosen, seq[chosen] == k][0]) if chosen >= 0 else FAR
        out: list[Exclusion] = []
        for d in map(int, np.argsort(there, kind="stable")):
            if len(out) >= self.policy.explain_top:
                break
            if d in self.asked_about.get(k, ()):
                continue
            in_hand_s, door_s = self._alone(k, d)
            reason = self._reason(k, d, in_hand_s, door_s)
            later_s = max(0.0, door_s - door) if reason is Reason.LATER else 0.0
            out.append(Exclusion(driver=a.drivers[d].id, reason=reason, value=later_s))
        return tuple(out)

    def _alone(self, k: int, d: int) -> tuple[float, float]:
        """Return when the driver would have the food in hand, and hand it over, if this job were his very next trip."""
        a = self.a
        half, way = float(a.half_pickup[k]), float(go(self.p, a.place[d], a.pickup[k]))
        there = max(0.0, float(a.free[d]) + way + half)
        in_hand = float(expected_later(there, float(a.ready[k]), float(a.ready_std[k])))
        return in_hand, in_hand + half + float(self.p.jobs[k]["direct"]) + a.half_dropoff

    def _reason(self, k: int, d: int, in_hand_s: float, door_s: float) -> Reason:
        a = self.a
        driver, job = a.drivers[d], a.jobs[k]
        if driver.id in job.declined:
            return Reason.DECLINED
        if job.vehicles is not None and driver.vehicle not in job.vehicles:
            return Reason.VEHICLE
        if a.banned[d, k]:
            return Reason.CAPACITY
        if driver.has_open_offer:
            return Reason.HOLDS_OFFER
        if driver.state is DriverState.UPCOMING:
            return Reason.NOT_ON_DUTY
        if door_s >= FAR / 2:
            return Reason.NO_WAY
        if in_hand_s > a.off[d]:
            return Reason.SHIFT_ENDS
        if door_s + a.half_dropoff > a.break_from[d] and a.free[d] < a.break_to[d]:
            return Reason.BREAK
        if driver.state is not DriverState.IDLE or a.fixed[d] >= 0:
            return Reason.BUSY
        return Reason.NOT_WEIGHED if self.p.floor[k, d] >= FAR / 2 else Reason.LATER
