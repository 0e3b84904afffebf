import math

import pytest

from simulation.city import offset
from simulation.clients.road import Leg, Pass, Place, Vehicle, distance_m, leg

HERE = Place(39.29, -76.61)


class TestDistanceM:
    def test_is_the_metres_of_a_degree_north(self):
        assert distance_m(HERE, Place(40.29, -76.61)) == pytest.approx(111_195.08, abs=0.01)

    def test_is_what_the_platform_measures(self):
        from fleetsync.core.geo import LngLat
        from fleetsync.core.geo import distance_m as theirs

        there = Place(39.35, -76.5)
        assert distance_m(HERE, there) == theirs(LngLat(HERE.lng, HERE.lat), LngLat(there.lng, there.lat))


class TestOffset:
    @pytest.mark.parametrize("lat", [0.0, 39.29, 60.0, -33.9, 80.0])
    def test_keeps_the_distances_of_a_plane_of_55_km(self, lat):
        origin = Place(lat, 179.9)
        corners = [(x, y) for x in (-27_000, -900, 0, 14_000, 27_000) for y in (-27_000, 0, 5_000, 27_000)]
        for a in corners:
            for b in corners:
                metres = math.dist(a, b)
                measured = distance_m(offset(origin, *a), offset(origin, *b))
                assert measured == pytest.approx(metres, rel=1e-4)

    def test_crosses_the_date_line(self):
        assert offset(Place(0.0, 179.9999), 1000.0, 0.0).lng < -179.9


class TestVehicle:
    def test_drives_at_its_speed(self):
        assert Vehicle(speed_mps=5.0).way(HERE, offset(HERE, 300.0, 400.0))[-1].seconds == pytest.approx(
            100.0, abs=1e-3
        )

    @pytest.mark.parametrize(("metres", "seconds"), [(0, 0), (1, 60), (320, 60), (321, 120), (640, 120)])
    def test_rounds_up_to_whole_minutes(self, metres, seconds):
        rounded = Vehicle(speed_mps=320 / 60, round_up_s=60.0)
        assert rounded.way(HERE, offset(HERE, metres, 0.0))[-1].seconds == seconds


class TestLeg:
    def test_is_half_way_at_half_time(self):
        route = leg(Vehicle(speed_mps=5.0), HERE, offset(HERE, 0.0, 1000.0), leave_s=100.0)
        assert route.arrive_s == pytest.approx(300.0, abs=1e-3)
        assert distance_m(HERE, route.at(200.0)) == pytest.approx(500.0, abs=0.1)
        assert route.heading_deg(200.0) == pytest.approx(0.0)
        assert route.speed_mps(200.0) == pytest.approx(5.0)

    def test_stays_at_its_ends(self):
        there = offset(HERE, 10.0, 0.0)
        route = Leg((Pass(HERE, 0.0), Pass(there, 10.0)), 100.0)
        assert route.at(50.0) == HERE
        assert route.at(110.0) == there

    def test_of_no_length_is_there_at_once(self):
        route = leg(Vehicle(speed_mps=5.0), HERE, HERE, leave_s=100.0)
        assert route.at(100.0) == HERE
        assert route.speed_mps(100.0) == 0.0

    def test_follows_its_way_around_corners(self):
        corner, end = offset(HERE, 100.0, 0.0), offset(HERE, 100.0, 300.0)
        route = leg(
            Vehicle(speed_mps=5.0, ways=lambda a, b: (Pass(a, 0), Pass(corner, 10), Pass(b, 20))), HERE, end, 50.0
        )
        assert route.arrive_s == 70.0
        assert distance_m(route.at(55.0), offset(HERE, 50.0, 0.0)) < 0.1
        assert route.at(60.0) == corner
        assert (route.speed_mps(55.0), route.speed_mps(65.0)) == (
            pytest.approx(10, rel=1e-3),
            pytest.approx(30, rel=1e-3),
        )
        assert (route.heading_deg(55.0), route.heading_deg(65.0)) == (
            pytest.approx(90, abs=0.1),
            pytest.approx(0, abs=0.1),
        )
