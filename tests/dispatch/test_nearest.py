"""The true nearest, against brute force on the spheroid, and by the index."""

from datetime import timedelta

import pytest
from django.contrib.gis.geos import Point
from django.db import connection

from dispatch.selectors import nearest_drivers
from dispatch.selectors.nearest import NEAREST
from fleetsync.core import clock
from fleetsync.core.geo import LngLat, moved
from tests.factories import DriverFactory, DriverPositionFactory

SPREAD = """
    WITH people AS (
        INSERT INTO accounts_user (id, password, is_superuser, email, name, phone, role, is_active, is_staff,
                                   token_version, created_at)
        SELECT gen_random_uuid(), '', false, 'd' || n || '@many.example', '', '', 'DRIVER', true, false, 0, %(now)s
        FROM generate_series(1, %(number)s) AS n RETURNING id
    ), drivers AS (
        INSERT INTO accounts_driver (id, user_id, vehicle, capacity, plate, approved_at)
        SELECT gen_random_uuid(), id, 'SCOOTER', 2, '', %(now)s FROM people RETURNING id
    ), places AS (
        SELECT id, ST_Project(
            ST_SetSRID(ST_MakePoint(%(lng)s, %(lat)s), 4326)::geography,
            %(radius_m)s * sqrt(random()), 2 * pi() * random())::geometry AS point
        FROM drivers
    )
    INSERT INTO dispatch_driverposition (driver_id, point, cell, available, recorded_at, seq, received_at, near_stop)
    SELECT id, point, ST_SnapToGrid(point, 0.005)::geography, random() < %(share)s, %(now)s, 1, %(now)s, 0 FROM places"""
BRUTE_FORCE = """
    SELECT driver_id, ST_Distance(point::geography, ST_SetSRID(ST_MakePoint(%s, %s), 4326)::geography) AS metres
    FROM dispatch_driverposition WHERE available AND received_at >= %s
    ORDER BY metres, driver_id LIMIT %s"""


def spread(place: LngLat, *, number: int, radius_m: float, now, share: float = 0.8) -> None:
    """Scatter drivers evenly over a disc."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute(
            SPREAD,
            {"number": number, "lng": place.lng, "lat": place.lat, "radius_m": radius_m, "share": share, "now": now},
        )
        cursor.execute("ANALYZE accounts_user, accounts_driver, dispatch_driverposition")


def brute_force(place: LngLat, limit: int, since) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(BRUTE_FORCE, [place.lng, place.lat, since, limit])
        return cursor.fetchall()


def found(place: LngLat, *, now, limit: int = 10, radius_m: float = 1e6) -> list[tuple]:
    near = nearest_drivers(origin=place.to_point(), radius_m=radius_m, limit=limit, now=now)
    return [(each.driver_id, pytest.approx(each.distance_m)) for each in near]


@pytest.mark.django_db
class TestNearestDrivers:
    @pytest.mark.parametrize("lat", [0.0, 41.0, 60.0, 80.0, -41.0])
    @pytest.mark.parametrize("lng", [-76.6, 180.0, -179.998])
    def test_finds_the_true_ten_at_every_latitude_and_across_the_date_line(self, lat, lng):
        now, place = clock.now(), LngLat(lng, lat)
        spread(place, number=1000, radius_m=20_000, now=now)
        true = brute_force(place, 10, now)
        assert found(place, now=now) == true

    def test_finds_the_true_ten_among_a_hundred_thousand(self):
        now, place = clock.now(), LngLat(-76.61, 39.29)
        spread(place, number=100_000, radius_m=20_000, now=now, share=0.3)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")  # a busy machine checks 300,000 foreign keys slowly
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for corner in (place, moved(place, 7_000.0, -4_000.0), moved(place, 60_000.0, 0.0)):
            assert found(corner, now=now) == brute_force(corner, 10, now)

    def test_sees_past_sixty_silent_phones_next_door(self):
        now, place = clock.now(), LngLat(-76.61, 39.29)
        spread(place, number=300, radius_m=15, now=now - timedelta(seconds=61), share=1.0)
        real = DriverPositionFactory(point=moved(place, 900.0, 0.0).to_point(), received_at=now)
        near = nearest_drivers(origin=place.to_point(), radius_m=3_000, limit=10, now=now)
        assert [each.driver_id for each in near] == [real.driver_id]
        assert near[0].distance_m == pytest.approx(900, rel=0.01)
        assert near[0].age_s == 0.0

    def test_stops_at_the_radius(self):
        now, place = clock.now(), LngLat(-76.61, 39.29)
        for metres in (500.0, 1_400.0, 1_600.0):
            DriverPositionFactory(point=moved(place, 0.0, metres).to_point(), received_at=now)
        near = nearest_drivers(origin=place.to_point(), radius_m=1_500, limit=10, now=now)
        assert [round(each.distance_m, -2) for each in near] == [500, 1400]

    def test_passes_over_who_is_not_available(self):
        DriverPositionFactory(driver=DriverFactory(), available=False)
        assert nearest_drivers(origin=Point(-76.61, 39.29, srid=4326), radius_m=1e6, limit=5, now=clock.now()) == []

    def test_walks_the_partial_index_and_looks_at_few_rows(self):
        now, place = clock.now(), LngLat(-76.61, 39.29)
        spread(place, number=20_000, radius_m=20_000, now=now)
        with connection.cursor() as cursor:
            cursor.execute(
                "EXPLAIN (ANALYZE, FORMAT JSON) " + NEAREST,
                {
                    "lng": place.lng, "lat": place.lat, "candidates": 64, "radius_m": 3000.0,
                    "fresh_since": now - timedelta(seconds=60), "limit": 10,
                },
            )  # fmt: skip
            plan = cursor.fetchone()[0]
        nodes = list(_nodes(plan[0]["Plan"]))
        scans = [node for node in nodes if node.get("Relation Name") == "dispatch_driverposition"]
        assert [(node["Node Type"], node["Index Name"]) for node in scans] == [("Index Scan", "position_available")]
        assert scans[0]["Actual Rows"] == 64

    def test_asks_once_where_drivers_are_plenty(self, django_assert_num_queries):
        now, place = clock.now(), LngLat(-76.61, 39.29)
        spread(place, number=5_000, radius_m=20_000, now=now)
        with django_assert_num_queries(1):
            nearest_drivers(origin=place.to_point(), radius_m=5_000, limit=10, now=now)


def _nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
