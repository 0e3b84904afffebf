"""Travel times."""

import pytest

from fleetsync.core.geo import LngLat, distance_m, moved
from fleetsync.core.travel import StraightLine, drive_s, provider, straight_line
from tests.travel import NoWay

A = LngLat(-76.6, 39.3)
B = moved(A, 3000, 4000)


class TestStraightLine:
    def test_is_distance_times_factor_by_speed(self):
        metres = distance_m(A, B)
        assert StraightLine(factor=1.3, speed_mps=6).time_s(A, B) == pytest.approx(metres * 1.3 / 6)

    def test_rounds_every_drive_up_where_told_to(self):
        line = StraightLine(factor=1, speed_mps=10, round_up_s=60)
        assert line.time_s(A, B) == 540  # 500 s and a little
        assert line.time_s(A, A) == 0

    def test_answers_a_row_for_each_origin_and_a_column_for_each_destination(self):
        table = StraightLine().times_s([A, B], [A, B, B])
        assert [len(row) for row in table] == [3, 3]
        assert table[0][0] == 0
        assert table[0][1] == table[0][2] == table[1][0] > 0


class TestDriveS:
    def test_is_what_the_provider_says(self):
        line = StraightLine(factor=1, speed_mps=10)
        assert drive_s(line, A, B) == line.time_s(A, B)

    def test_is_the_straight_lines_where_the_map_knows_no_way(self):
        assert drive_s(NoWay(), A, B) == straight_line().time_s(A, B)


class TestProvider:
    def test_is_made_from_the_settings(self, settings):
        provider.cache_clear()
        settings.FLEETSYNC_TRAVEL_SPEED_MPS = 12.0
        try:
            assert provider().times_s([A], [B])[0][0] == pytest.approx(distance_m(A, B) * 1.3 / 12)
        finally:
            provider.cache_clear()
