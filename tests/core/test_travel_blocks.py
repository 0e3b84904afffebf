"""Drives put together into tables that a router answers."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.core.geo import LngLat
from fleetsync.core.travel.blocks import Block, blocks_of, whole_table
from fleetsync.core.travel.provider import Fan


def drives(blocks):
    return [(a, b) for block in blocks for a in block.sources for b in block.destinations]


class TestBlocksOf:
    @given(seed=st.integers(0, 10_000), number=st.integers(2, 60), most=st.integers(2, 40))
    @settings(max_examples=80, deadline=None)
    def test_have_every_drive_and_never_too_many_places(self, seed, number, most):
        rng = Random(seed)
        places = [LngLat(rng.uniform(-77, -76), rng.uniform(39, 40)) for _ in range(number)]
        fans = []
        for _ in range(rng.randrange(12)):
            hub, *others = rng.sample(range(number), rng.randint(1, number))
            fans.append(Fan(hub, tuple(others), inbound=rng.random() < 0.5))
        blocks = blocks_of(places, fans, most)
        asked = {(each, fan.hub) if fan.inbound else (fan.hub, each) for fan in fans for each in fan.others}
        assert asked <= set(drives(blocks))
        assert all(len(block.sources) + len(block.destinations) <= most for block in blocks)
        assert all(len(set(side)) == len(side) for block in blocks for side in (block.sources, block.destinations))

    def test_put_neighbours_that_share_drivers_into_one(self):
        west = [LngLat(-76.6 + 0.0001 * at, 39.29) for at in range(12)]
        east = [LngLat(-76.4 + 0.0001 * at, 39.29) for at in range(12)]
        fans = [Fan(hub, tuple(range(side + 4, side + 12)), inbound=True) for hub in range(4) for side in (0, 12)]
        fans = [Fan(fan.hub + 12 * (fan.others[0] > 12), fan.others, fan.inbound) for fan in fans]
        blocks = blocks_of([*west, *east], fans, 12)
        assert sorted((sorted(block.sources), sorted(block.destinations)) for block in blocks) == [
            ([4, 5, 6, 7, 8, 9, 10, 11], [0, 1, 2, 3]),
            ([16, 17, 18, 19, 20, 21, 22, 23], [12, 13, 14, 15]),
        ]


class TestWholeTable:
    @pytest.mark.parametrize(("origins", "destinations"), [(1, 1), (3, 300), (300, 3), (70, 130), (50, 50), (0, 4)])
    def test_has_every_drive_once(self, origins, destinations):
        blocks = whole_table(origins, destinations, 100)
        every = [(a, b) for a in range(origins) for b in range(origins, origins + destinations)]
        assert sorted(drives(blocks)) == every
        assert all(len(block.sources) + len(block.destinations) <= 100 for block in blocks)

    def test_is_one_question_where_it_fits(self):
        assert whole_table(1, 2, 100) == [Block((0,), (1, 2))]
        assert len(whole_table(97, 3, 100)) == 1
        assert len(whole_table(60, 60, 100)) == 4
