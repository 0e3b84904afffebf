"""Places, distances, and the constraint that keeps impossible points out."""

import math

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.core.geo import LngLat, distance_m, lng_lat, moved

BALTIMORE = LngLat(-76.6122, 39.2904)


class TestDistance:
    def test_of_a_degree_on_the_equator(self):
        assert distance_m(LngLat(0, 0), LngLat(1, 0)) == pytest.approx(111_195, abs=1)

    def test_across_the_antimeridian_is_short(self):
        assert distance_m(LngLat(179.999, 0), LngLat(-179.999, 0)) == pytest.approx(222.4, abs=0.1)

    def test_of_opposite_poles_is_half_the_way_round(self):
        assert distance_m(LngLat(0, 90), LngLat(0, -90)) == pytest.approx(math.pi * 6_371_008.8)

    @given(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90))
    def test_is_the_same_both_ways_and_never_more_than_half_the_way_round(self, a, b, c, d):
        one, other = LngLat(a, b), LngLat(c, d)
        assert distance_m(one, other) == pytest.approx(distance_m(other, one))
        assert 0 <= distance_m(one, other) <= math.pi * 6_371_008.8 + 1


class TestMoved:
    @pytest.mark.parametrize("lat", [0, 41, 60, 80])
    def test_goes_so_many_metres(self, lat):
        start = LngLat(10, lat)
        assert distance_m(start, moved(start, 300, 400)) == pytest.approx(500, rel=1e-3)

    def test_wraps_at_180_degrees(self):
        assert moved(LngLat(179.9999, 0), 100, 0).lng < -179.99


class TestLngLat:
    def test_comes_back_from_a_point(self):
        point = BALTIMORE.to_point()
        assert point.srid == 4326
        assert lng_lat(point) == BALTIMORE


@pytest.mark.django_db
class TestValidPoint:
    @pytest.mark.parametrize(
        "point",
        [
            "ST_MakePoint('NaN', 0)",
            "ST_MakePoint(0, 'NaN')",
            "ST_MakePoint('Infinity', 0)",
            "ST_MakePoint(0, '-Infinity')",
            "ST_MakePoint(180.0001, 0)",
            "ST_MakePoint(-500, 95)",
            "ST_MakePoint(0, 90.0001)",
            "'POINT EMPTY'::geometry",
        ],
    )
    def test_keeps_impossible_points_out(self, point):
        assert self._insert(point) is False

    @pytest.mark.parametrize(("lng", "lat"), [(180, 90), (-180, -90), (0, 0), (-76.6122, 39.2904)])
    def test_lets_every_place_on_earth_in(self, lng, lat):
        assert self._insert(f"ST_MakePoint({lng}, {lat})") is True

    def _insert(self, point: str) -> bool:
        """Use the order's own constraint on a copy of its table that holds nothing else."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'order_point'")
            (check,) = cursor.fetchone()
            cursor.execute(f"CREATE TEMP TABLE place (dropoff_point geometry(Point, 4326), {check}) ON COMMIT DROP")
            try:
                with transaction.atomic():
                    cursor.execute(f"INSERT INTO place VALUES (ST_SetSRID({point}, 4326))")
            except IntegrityError:
                return False
            return True
