"""`manage.py benchmark_travel` on a small made-up graph."""

import re

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from fleetsync.core.geo import LngLat, moved
from fleetsync.core.travel.roads import RoadGraph


@pytest.fixture
def grid(tmp_path):
    """Return a file of ten by ten crossings, 200 m and 20 s apart."""
    places = [moved(LngLat(-76.6, 39.29), 200.0 * x, 200.0 * y) for y in range(10) for x in range(10)]
    ways = [(at, at + 1) for at in range(100) if at % 10 < 9] + [(at, at + 10) for at in range(90)]
    start, end = np.array(ways + [(b, a) for a, b in ways], dtype=np.int32).T
    graph = RoadGraph(
        "grid", "", np.array([p.lng for p in places]), np.array([p.lat for p in places]), start, end,
        np.full(len(start), 20, dtype=np.float32), np.zeros(100, dtype=np.int32),
    )  # fmt: skip
    graph.save(tmp_path / "grid.npz")
    return tmp_path / "grid.npz"


def test_prints_a_row_a_size(grid, capsys):
    call_command("benchmark_travel", str(grid), "--sizes", "5x4,12x9", "--looks", "1")
    lines = [re.split(r"\s*│\s*", line.strip())[1:-1] for line in capsys.readouterr().out.splitlines() if " x " in line]
    assert [line[0] for line in lines[-2:]] == ["5 x 4", "12 x 9"]
    assert all(int(number) >= 0 for line in lines[-2:] for number in (line[1], line[2], *line[4:]))


@pytest.mark.parametrize("wrong", [("--sizes", "5"), ("--sizes", "0x4"), ("--looks", "0"), ("--within", "1")])
def test_refuses_what_it_cannot_play(grid, wrong):
    with pytest.raises(CommandError):
        call_command("benchmark_travel", str(grid), *wrong)
