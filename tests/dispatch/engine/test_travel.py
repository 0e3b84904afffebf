import math

import numpy as np
import pytest

from dispatch.engine import Pairs, StraightLine, Table
from dispatch.engine.arrays import roads_of, times
from dispatch.engine.plan.cost import go
from dispatch.engine.plan.problem import RULES, Problem
from dispatch.engine.travel import sphere_distance_m
from tests.dispatch.engine.builders import Town

WORLD = ((24.94, 60.17), (24.95, 60.18), (179.99, -41.0), (-179.99, -41.01), (2.35, 48.85))


def kernel_time(snapshot, a, b):
    roads = roads_of(snapshot)
    rules = np.zeros(1, dtype=RULES).view(np.recarray)
    rules["pace"], rules["arc"], rules["step"] = roads.pace, roads.arc, roads.step
    none, nobody, nowhere = rules[:0], np.zeros((0, 0)), np.zeros((0, 0), dtype=bool)
    problem = Problem(none, none, rules, nowhere, nowhere, roads.table, roads.points, floor=nobody, refusal=nobody)
    return go(problem, a, b)


class TestStraightLine:
    def test_crosses_the_date_line_the_short_way(self):
        metres = sphere_distance_m((179.99, -41.0), (-179.99, -41.0))
        assert metres == pytest.approx(0.02 * 111_195 * math.cos(math.radians(41)), rel=1e-4)

    @pytest.mark.parametrize("a", range(5))
    @pytest.mark.parametrize("b", range(5))
    def test_is_the_same_alone_in_arrays_and_in_the_kernel(self, a, b):
        snapshot = Town().snapshot(places=WORLD, metres=False, travel=StraightLine())
        alone = snapshot.time_s(a, b)
        assert times(roads_of(snapshot), np.array(a), np.array(b)) == pytest.approx(alone, rel=1e-7, abs=1e-3)
        assert kernel_time(snapshot, a, b) == pytest.approx(alone, rel=1e-7, abs=1e-3)

    def test_rounds_up_to_whole_steps_and_leaves_whole_ones(self):
        places = ((0.0, 0.0), (3200.0, 0.0), (3201.0, 0.0))
        travel = StraightLine(speed_mps=320 / 60, factor=1.0, round_up_s=60)
        snapshot = Town().snapshot(places=places, travel=travel)
        assert times(roads_of(snapshot), np.array([0, 0]), np.array([1, 2])).tolist() == [600, 660]
        assert [kernel_time(snapshot, 0, b) for b in (1, 2)] == [600, 660]


class TestTables:
    def test_may_be_asymmetric_and_have_gaps(self):
        rows = ((0, 10.0), (math.nan, 0))
        snapshot = Town().snapshot(places=WORLD[:2], travel=Table(rows=rows))
        assert [snapshot.time_s(0, 1), snapshot.time_s(1, 0)] == [10, math.inf]
        assert kernel_time(snapshot, 0, 1) == 10
        assert kernel_time(snapshot, 1, 0) == 1e12

    def test_pairs_not_asked_for_have_no_way(self):
        snapshot = Town().snapshot(places=WORLD[:3], travel=Pairs(seconds={(0, 1): 7.0}))
        assert [snapshot.time_s(*p) for p in ((0, 1), (1, 0), (2, 2))] == [7, math.inf, 0]
        assert kernel_time(snapshot, 0, 1) == 7
        assert kernel_time(snapshot, 0, 2) == 1e12

    def test_pairs_not_asked_for_are_estimated_where_there_is_a_line(self):
        line = StraightLine(speed_mps=1.0, factor=0.5)
        travel = Pairs(seconds={(0, 1): 7.0, (1, 0): math.inf}, line=line)
        snapshot = Town().snapshot(places=((0.0, 0.0), (300.0, 0.0), (0.0, 400.0)), travel=travel)
        expected = [[0, 7, 200], [math.inf, 0, 250], [200, 250, 0]]
        assert [[snapshot.time_s(a, b) for b in range(3)] for a in range(3)] == expected
        expected[1][0] = 1e12  # a way the source does not know stays none
        assert [[kernel_time(snapshot, a, b) for b in range(3)] for a in range(3)] == expected
