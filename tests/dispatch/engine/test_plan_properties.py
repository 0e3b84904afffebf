import itertools
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import dispatch
from dispatch.engine import DriverState, Policy, Reason, Table, decide
from dispatch.engine.version import engine_version
from tests.dispatch.engine import timetable
from tests.dispatch.engine.builders import EVERYTHING_OPEN, MINUTE, NOW_S, WORLDS, promised, random_snapshot

SEEDS = st.integers(0, 100_000)
TOWNS = {"jobs": st.integers(0, 14), "drivers": st.integers(0, 9), "world": st.sampled_from(WORLDS)}
#: Metres between two restaurants of one trip, and minutes that restaurants lie from the middle.
WITHIN = st.sampled_from(((0.0, 6.0), (2000.0, 6.0), (800.0, 1.0)))


def routes_of(snapshot, plan):
    """The trips of every driver as the memo has them, without expected orders."""
    jobs = {j.id: j for j in snapshot.jobs}
    routes = json.loads(plan.memo)["routes"]
    return {d: [[jobs[j] for j in trip if j in jobs] for trip in trips] for d, trips in routes.items()}


class TestEveryPlan:
    @given(seed=SEEDS, within=WITHIN, **TOWNS)
    @settings(max_examples=150, deadline=None)
    def test_has_every_job_in_exactly_one_place(self, seed, within, **town):
        within_m, spread = within
        snapshot = random_snapshot(seed, spread=spread, **town)
        plan = decide(snapshot, Policy(stack_within_m=within_m))
        holding = {d.id: d.holding for d in snapshot.drivers} | {r.driver: r.jobs for r in plan.resets}
        places = [j for p in plan.proposals if not p.parallel for j in p.jobs]
        places += [*plan.waiting, *plan.unplaced, *itertools.chain(*holding.values())]
        assert sorted(places) == sorted(j.id for j in snapshot.jobs)

    @given(seed=SEEDS, within=WITHIN, fairness=st.sampled_from((0.0, 0.2)), **TOWNS)
    @settings(max_examples=150, deadline=None)
    def test_keeps_every_rule_and_tells_the_right_times(self, seed, within, fairness, **town):
        within_m, spread = within
        snapshot = random_snapshot(seed, spread=spread, **town)
        policy = Policy(stack_within_m=within_m, fairness_weight=fairness)
        plan = decide(snapshot, policy)
        start = timetable.start_costs(snapshot, policy)
        people, known = {d.id: d for d in snapshot.drivers}, {j.id: j for j in snapshot.jobs}
        busy = [p.driver for p in plan.proposals]
        assert len(busy) == len(set(busy))
        for p in plan.proposals:
            trip = [known[j] for j in p.jobs]
            driver = people[p.driver]
            assert not driver.has_open_offer
            assert driver.state is not DriverState.INBOUND
            assert driver.free_s < snapshot.now_s + snapshot.period_s
            assert all(j.holder is None or j.holder != p.driver for j in trip)
            assert not any(j.held or j.offered_to for j in trip)
            times, ok = timetable.follow(snapshot, driver, [trip], within_m)
            assert ok
            assert [p.pickup_eta_of(j) for j in p.jobs] == pytest.approx([times[j][0] for j in p.jobs], abs=1.0)
            assert p.dropoff_eta_s == pytest.approx([times[j][1] for j in p.jobs], abs=1.0)
            assert p.score["driver_s"] == pytest.approx(start[p.driver], abs=0.1)
        for r in plan.resets:
            assert known[r.jobs[0]].restaurant == people[r.driver].restaurant
            assert timetable.follow(snapshot, people[r.driver], [[known[j] for j in r.jobs]], within_m)[1]
        for name, trips in routes_of(snapshot, plan).items():
            loose = people[name].state is not DriverState.INBOUND and not people[name].has_open_offer
            if loose and all(trips):
                assert timetable.follow(snapshot, people[name], trips, within_m)[1]

    @given(
        seed=SEEDS,
        detour_s=st.sampled_from((0, 120, 600, 1800)),
        age_s=st.sampled_from((600, 1200, 5400)),
        late_s=st.sampled_from((0, 300, 3600)),
        within=WITHIN,
        **TOWNS,
    )
    @settings(max_examples=150, deadline=None)
    def test_stacks_within_the_limits_of_the_policy(self, seed, detour_s, age_s, late_s, within, **town):
        within_m, spread = within
        policy = Policy(
            max_detour_s=detour_s, max_food_age_s=age_s, max_late_s=late_s, stack_within_m=within_m, max_batch=3,
            max_stops=5,
        )  # fmt: skip
        snapshot = random_snapshot(seed, spread=spread, **town)
        plan = decide(snapshot, policy)
        people = {d.id: d for d in snapshot.drivers}
        for name, trips in routes_of(snapshot, plan).items():
            driver = people[name]
            if driver.state is DriverState.INBOUND or driver.has_open_offer or not all(trips):
                continue  # what he accepted or was asked is a fact
            assert sum(map(len, trips)) <= 5
            times, _ = timetable.follow(snapshot, driver, trips)
            for trip in trips:
                assert len(trip) <= 3
                for job in trip:
                    half = snapshot.half_pickup_at(job.restaurant)
                    pickup, door = times[job.id]
                    direct = snapshot.time_s(job.pickup, job.dropoff)
                    assert pickup < door
                    assert door - snapshot.half_dropoff_s - pickup - half - direct <= detour_s + 1e-3
                    assert len(trip) == 1 or door - pickup <= age_s + 1e-3
                    assert len(trip) == 1 or door - timetable.due_s(policy, job) <= late_s + 1e-3

    @given(seed=SEEDS, within=WITHIN, **TOWNS)
    @settings(max_examples=100, deadline=None)
    def test_is_the_same_when_the_input_is_shuffled(self, seed, within, **town):
        within_m, spread = within
        snapshot = random_snapshot(seed, spread=spread, **town)
        rng = random.Random(seed)
        places = list(range(len(snapshot.places)))
        rng.shuffle(places)
        at = {old: new for new, old in enumerate(places)}
        moved = [replace(j, pickup=at[j.pickup], dropoff=at[j.dropoff]) for j in snapshot.jobs]
        people = [replace(d, place=at[d.place]) for d in snapshot.drivers]
        past = [replace(p, pickup=at[p.pickup], dropoff=at[p.dropoff]) for p in snapshot.past]
        demand = [replace(d, place=at[d.place]) for d in snapshot.demand]
        for listed in (moved, people, past, demand):
            rng.shuffle(listed)
        travel = snapshot.travel
        if isinstance(travel, Table):
            travel = Table(rows=tuple(tuple(travel.rows[a][b] for b in places) for a in places))
        shuffled = replace(
            snapshot,
            places=tuple(snapshot.places[p] for p in places),
            jobs=tuple(moved),
            drivers=tuple(people),
            past=tuple(past),
            demand=tuple(demand),
            travel=travel,
        )
        for strategy in ("plan", "batch", "nearest"):
            policy = Policy(strategy=strategy, stack_within_m=within_m)
            assert pickle.dumps(decide(shuffled, policy)) == pickle.dumps(decide(snapshot, policy))

    @given(seed=SEEDS, within=WITHIN, refusals=st.sampled_from((0.5, 5.0)), **TOWNS)
    @example(seed=30733, within=(0.0, 6.0), refusals=0.0, jobs=2, drivers=3, world="flat")  # accepted, then apart
    @example(seed=21803, within=(800.0, 1.0), refusals=0.0, jobs=0, drivers=8, world="flat")  # all accepted swapped
    @settings(max_examples=100, deadline=None)
    def test_is_never_worse_with_one_driver_more(self, seed, within, refusals, drivers, **town):
        """The position term is left out: it compares with the average driver, and that is another one then.

        What a refusal may cost stays in: one driver more can only bring the next best nearer.
        """
        within_m, spread = within
        policy = Policy(position_weight=0.0, acceptance_weight=refusals, stack_within_m=within_m)
        snapshot = random_snapshot(seed, drivers=drivers + 1, spread=spread, **town)
        loose = [d for d in snapshot.drivers if not d.holding and not d.has_open_offer]
        if not loose:
            return
        gone = loose[seed % len(loose)]
        without = replace(snapshot, drivers=tuple(d for d in snapshot.drivers if d is not gone))
        before = decide(without, policy)
        after = decide(replace(snapshot, memo=before.memo), policy)
        assert after.stats["objective_s"] <= before.stats["objective_s"] + 1e-3

    @given(seed=SEEDS, within=WITHIN, **TOWNS)
    @settings(max_examples=50, deadline=None)
    def test_is_settled_when_asked_again_with_its_own_memo(self, seed, within, **town):
        within_m, spread = within
        snapshot, policy = random_snapshot(seed, spread=spread, **town), Policy(stack_within_m=within_m)
        first = decide(snapshot, policy)
        again = decide(replace(snapshot, memo=first.memo), policy)
        assert again.stats["objective_s"] <= first.stats["objective_s"] + 1e-3

    @given(seed=SEEDS, most=st.integers(1, 4), **TOWNS)
    @settings(max_examples=100, deadline=None)
    def test_makes_no_more_moves_than_the_policy_allows_but_for_jobs_that_get_a_place(self, seed, most, **town):
        snapshot, policy = random_snapshot(seed, **town), Policy(max_moves=most, foresight_weight=0)
        left = len(snapshot.jobs)
        for _ in range(3):
            plan = decide(snapshot, policy)
            before, left = left, list(plan.unplaced.values()).count(Reason.NO_DRIVER)
            assert plan.stats["moves"] <= most + before - left
            snapshot = replace(snapshot, memo=plan.memo)

    @given(seed=SEEDS, **TOWNS)
    @settings(max_examples=50, deadline=None)
    def test_costs_what_its_routes_cost(self, seed, **town):
        snapshot = random_snapshot(seed, rough=False, **town)
        rng = random.Random(seed)
        snapshot = replace(snapshot, jobs=tuple(rng.choice([job, promised(job, rng)]) for job in snapshot.jobs))
        plan = decide(snapshot, EVERYTHING_OPEN)
        drivers = {d.id: d for d in snapshot.drivers}
        total = sum(
            timetable.cost(snapshot, EVERYTHING_OPEN, drivers[name], trips)
            for name, trips in routes_of(snapshot, plan).items()
        )
        unplaced = sum(reason is Reason.NO_DRIVER for reason in plan.unplaced.values())
        assert plan.stats["objective_s"] == pytest.approx(total + 86400 * unplaced, abs=1.0)

    @given(seed=SEEDS, junk=st.binary(max_size=200))
    @settings(max_examples=50, deadline=None)
    def test_survives_any_memo(self, seed, junk):
        snapshot = random_snapshot(seed, jobs=4, drivers=3)
        assert decide(replace(snapshot, memo=junk), Policy()) == decide(snapshot, Policy())


def best_possible(snapshot, policy):
    """The least cost over all ways to deal the jobs, order them and stack neighbours."""
    jobs = snapshot.jobs
    sets = range(1 << len(jobs))

    def best_route(driver, chosen):
        members = [j for k, j in enumerate(jobs) if chosen >> k & 1]
        best = 0.0 if not members else float("inf")
        for order in itertools.permutations(members):
            for joins in itertools.product((False, True), repeat=len(order) - 1 if order else 0):
                trips = [[order[0]]] if order else []
                for job, joined in zip(order[1:], joins, strict=True):
                    if joined:
                        trips[-1].append(job)
                    else:
                        trips.append([job])
                best = min(best, timetable.cost(snapshot, policy, driver, trips))
        return best

    total = [0.0] + [float("inf")] * (len(sets) - 1)
    for driver in snapshot.drivers:
        route = [best_route(driver, s) for s in sets]
        total = [min(total[s ^ sub] + route[sub] for sub in sets if sub & s == sub) for s in sets]
    return total[-1]


class TestAgainstTheOptimum:
    def test_finds_it_nearly_always_and_never_beats_it(self):
        policy = replace(EVERYTHING_OPEN, max_detour_s=7200, max_food_age_s=14400, max_late_s=14400)
        ratios = []
        for seed in range(60):
            rng = random.Random(seed)
            snapshot = random_snapshot(seed, jobs=rng.randint(1, 4), drivers=rng.randint(1, 3), rough=False)
            found = decide(snapshot, policy).stats["objective_s"]
            ratios.append(found / best_possible(snapshot, policy))
        assert min(ratios) == pytest.approx(1.0, abs=1e-9)
        assert sum(r < 1 + 1e-9 for r in ratios) >= 48
        assert max(ratios) < 1.06

    def test_is_near_it_where_two_restaurants_may_share_a_trip(self):
        policy = replace(EVERYTHING_OPEN, max_detour_s=7200, max_food_age_s=14400, max_late_s=14400, stack_within_m=800)
        ratios, gained = [], 0
        for seed in range(60):
            snapshot = random_snapshot(seed, jobs=4, drivers=1 + seed % 2, rough=False, spread=1.0)
            found, best = decide(snapshot, policy).stats["objective_s"], best_possible(snapshot, policy)
            ratios.append(found / best)
            gained += best < best_possible(snapshot, replace(policy, stack_within_m=0)) - 1
        assert gained >= 20
        assert min(ratios) == pytest.approx(1.0, abs=1e-9)
        assert sum(r < 1 + 1e-9 for r in ratios) >= 40
        assert max(ratios) < 1.08

    def test_is_near_it_with_five_jobs_for_three_drivers(self):
        policy = replace(EVERYTHING_OPEN, max_detour_s=7200, max_food_age_s=14400, max_late_s=14400)
        ratios = []
        for seed in range(200, 206):
            snapshot = random_snapshot(seed, jobs=5, drivers=3, rough=False)
            ratios.append(decide(snapshot, policy).stats["objective_s"] / best_possible(snapshot, policy))
        assert min(ratios) >= 1 - 1e-9
        assert max(ratios) < 1.06


class TestKernels:
    def test_are_kept_for_exactly_this_source_whatever_file_of_it_changes(self, tmp_path):
        """numba alone would go on with what `moves.py` compiled in of the old `cost.py`."""
        source = Path(dispatch.__file__).parent
        (tmp_path / "dispatch").mkdir()
        (tmp_path / "dispatch" / "__init__.py").touch()
        shutil.copytree(source / "engine", tmp_path / "dispatch" / "engine")
        code = "from dispatch.engine.plan.moves import relocate; print(relocate.stats.cache_path)"

        def kept() -> str:
            return subprocess.run(
                [sys.executable, "-c", code],
                capture_output=True,
                text=True,
                check=True,
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "kept")},
            ).stdout

        before = kept()
        assert before == kept()
        assert before.startswith(str(tmp_path / "kept" / engine_version()))
        with (tmp_path / "dispatch" / "engine" / "plan" / "cost.py").open("a") as file:
            file.write("\n# another cost\n")
        assert kept() != before

    def test_uncompiled_they_give_the_same_bytes(self):
        code = (
            "import pickle, sys, hashlib; from dispatch.engine import Policy, decide;"
            "from tests.dispatch.engine.builders import random_snapshot;"
            "plans = [decide(random_snapshot(s, jobs=9, drivers=6), Policy(strategy=name))"
            " for name in ('plan', 'batch', 'nearest') for s in range(8)];"
            "plans += [decide(random_snapshot(s, jobs=14, drivers=9), Policy(max_detour_s=300, fairness_weight=0.2,"
            " max_misses=3)) for s in range(4)];"
            "plans += [decide(random_snapshot(s, jobs=14, drivers=5, spread=1.0, world=world), Policy(stack_within_m=800))"
            " for world in ('sphere', 'table') for s in range(3)];"
            "print(hashlib.sha256(pickle.dumps(plans)).hexdigest())"
        )
        digests = {
            subprocess.run(
                [sys.executable, "-c", code],
                capture_output=True,
                text=True,
                check=True,
                env={**os.environ, "NUMBA_DISABLE_JIT": off},
            ).stdout
            for off in ("0", "1")
        }
        assert len(digests) == 1


class TestTime:
    def test_uncertain_food_is_expected_later_than_its_mean(self):
        from dispatch.engine import candidates
        from dispatch.engine.plan import cost

        for expected_later in (cost.expected_later, candidates.expected_later):
            for at in (-9000.0, -900.0, -100.0, 0.0, 100.0, 900.0, 9000.0):
                expected = timetable.expected_pickup_s(at, 0.0, 300.0)
                assert expected_later(at, 0.0, 300.0) == pytest.approx(expected, abs=0.5)
            assert expected_later(NOW_S, NOW_S + MINUTE, 0.0) == NOW_S + MINUTE
