"""Discovery and zones against plain Python."""

from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest
from django.contrib.gis.geos import Point, Polygon
from django.db import DataError, connection, transaction

from fleetsync.core.errors import InvalidInput
from fleetsync.core.geo import LngLat, moved
from restaurants import selectors
from restaurants.models import OpeningHours, Restaurant
from tests.factories import CITY, ClosureFactory, OpeningHoursFactory, RestaurantFactory, ZoneFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)  # Monday noon in New York


def near(origin=CITY, radius_m=5_000, now=NOW, **other):
    return selectors.restaurants_near(origin=origin, radius_m=radius_m, now=now, **other)


def at(east_m, north_m=0.0, origin=CITY):
    return moved(LngLat(origin.x, origin.y), east_m, north_m).to_point()


class TestRestaurantsNear:
    def test_lists_open_ones_first_then_nearest_first(self):
        zone = ZoneFactory()
        closed = RestaurantFactory(zone=zone, point=at(100), always_open=False)
        far = RestaurantFactory(zone=zone, point=at(900))
        close = RestaurantFactory(zone=zone, point=at(300))
        RestaurantFactory(zone=zone, point=at(6_000))
        RestaurantFactory(zone=zone, point=at(50), published=False)
        rows = near().rows
        assert [row.id for row in rows] == [close.pk, far.pk, closed.pk]
        assert [row.is_open for row in rows] == [True, True, False]
        assert [round(row.distance_m, -2) for row in rows] == [300, 900, 100]
        assert [row.id for row in near(only_open=True).rows] == [close.pk, far.pk]

    @pytest.mark.parametrize("latitude", [0.0, 41.0, 60.0, 80.0])
    def test_orders_by_metres_at_every_latitude(self, latitude):
        origin = Point(20.0, latitude, srid=4326)
        zone = ZoneFactory()
        east = RestaurantFactory(zone=zone, point=at(1_000, 0, origin))
        north = RestaurantFactory(zone=zone, point=at(0, 1_400, origin))
        assert [row.id for row in near(origin).rows] == [east.pk, north.pk]

    def test_sees_across_the_180th_meridian(self):
        zone = ZoneFactory()
        row = RestaurantFactory(zone=zone, point=Point(-179.999, 10.0, srid=4326))
        (found,) = near(Point(179.999, 10.0, srid=4326)).rows
        assert (found.id, round(found.distance_m, -1)) == (row.pk, 220)

    def test_searches_name_and_cuisine_and_takes_wildcards_as_letters(self):
        zone = ZoneFactory()
        curry = RestaurantFactory(zone=zone, name="Curry_100%")
        thai = RestaurantFactory(zone=zone, cuisine="Thai curry")
        RestaurantFactory(zone=zone, name="Pizza")
        assert {row.id for row in near(search="CURRY").rows} == {curry.pk, thai.pk}
        assert [row.id for row in near(search="y_1").rows] == [curry.pk]
        assert [row.id for row in near(search="0%").rows] == [curry.pk]
        assert near(search="'; DROP TABLE x; --").rows == []

    def test_pages_hold_every_row_once_while_kitchens_open_and_close(self):
        rng, zone = Random(1), ZoneFactory()
        rows = [
            RestaurantFactory(
                zone=zone, point=at(rng.uniform(-3e3, 3e3), rng.uniform(-3e3, 3e3)), always_open=n % 3 > 0
            )
            for n in range(23)
        ]
        for row in rows[:6]:  # the closed ones of these open an hour later
            OpeningHoursFactory(restaurant=row, weekday=0, opens=time(13), closes=time(20))
        whole = near(limit=100).rows
        assert len(whole) == 23
        seen, cursor, now = [], "", NOW
        while True:
            page = near(limit=5, cursor=cursor, now=now)
            seen += page.rows
            cursor, now = page.cursor, now + timedelta(hours=1)
            if not cursor:
                break
        assert seen == whole

    def test_breaks_ties_by_id(self):
        zone = ZoneFactory()
        rows = sorted(RestaurantFactory(zone=zone).pk for _ in range(4))
        first = near(limit=2)
        assert [row.id for row in first.rows + near(limit=2, cursor=first.cursor).rows] == rows

    @pytest.mark.parametrize("cursor", ["x", "é", "W10", "WzEsMiwzLDRd", "bnVsbA", "=" * 9])
    def test_refuses_a_cursor_that_is_not_ours(self, cursor):
        with pytest.raises(InvalidInput):
            near(cursor=cursor)

    def test_walks_the_geography_index(self):
        zone = ZoneFactory()
        Restaurant.objects.bulk_create(
            [
                Restaurant(zone=zone, name=str(n), point=point, place=point, always_open=True)
                for n, point in ((n, at(37.0 * n, 11.0 * n)) for n in range(2_000))
            ]
        )
        from restaurants import conf
        from restaurants.selectors import discovery

        sql = discovery.NEAREST_SQL.format(columns=discovery.COLUMNS, open=discovery.OPEN_SQL.format(r="r"))
        params = {
            "origin": f"SRID=4326;POINT({CITY.x} {CITY.y})",
            "radius_m": 5_000,
            "at": NOW,
            "looked_at": conf.NEAREST_LOOKED_AT,
        }
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE restaurants_restaurant")
            cursor.execute(f"EXPLAIN {sql}", params)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Index Scan using restaurants_restaurant_place" in plan

    def test_is_one_query(self, django_assert_num_queries):
        zone = ZoneFactory()
        for n in range(5):
            RestaurantFactory(zone=zone, point=at(n))
        with django_assert_num_queries(1):
            assert len(near().rows) == 5


class TestOpenInSql:
    """The list asks the database, one restaurant asks Python: they must agree to the second."""

    ZONES = ("America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Pacific/Apia")

    def test_agrees_with_python_around_midnight_and_clock_changes(self):
        rng, zone = Random(7), ZoneFactory()
        moments = [
            datetime(2026, month, day, tzinfo=UTC) + timedelta(minutes=rng.randrange(-1_440, 2_880))
            for month, day in ((3, 8), (3, 29), (4, 4), (4, 5), (10, 3), (10, 25), (11, 1), (11, 23), (1, 1))
            for _ in range(12)
        ]
        rows = []
        for n in range(36):
            row = RestaurantFactory(
                zone=zone,
                time_zone=self.ZONES[n % len(self.ZONES)],
                always_open=n % 9 == 0,
                paused_until=rng.choice([None, None, rng.choice(moments)]),
            )
            walls = [time(hour, minute) for hour in range(24) for minute in (0, 15, 30)]
            for weekday in range(7):
                for opens in rng.sample(walls, 2):
                    OpeningHours.objects.create(restaurant=row, weekday=weekday, opens=opens, closes=rng.choice(walls))
            if n % 4 == 0:
                start = rng.choice(moments)
                ClosureFactory(restaurant=row, starts_at=start, ends_at=start + timedelta(hours=30))
            rows.append(row)
        full = list(Restaurant.objects.prefetch_related("opening_hours", "closures"))
        states = set()
        for moment in moments:
            listed = {row.id: row.is_open for row in near(now=moment, limit=100).rows}
            expected = {row.pk: selectors.is_open(restaurant=row, now=moment) for row in full}
            assert listed == expected, moment
            states |= set(listed.values())
        assert states == {True, False}


class TestIsOpen:
    def test_is_never_for_an_unpublished_one(self):
        row = RestaurantFactory(published=False)
        assert not selectors.is_open(restaurant=row, now=NOW)
        assert selectors.next_opening(restaurant=row, now=NOW) is None


class TestZoneAt:
    def test_takes_the_smallest_active_zone_that_covers_the_place(self):
        large = ZoneFactory()
        small = ZoneFactory(polygon=Polygon.from_bbox((-76.62, 39.28, -76.60, 39.30)))
        ZoneFactory(polygon=Polygon.from_bbox((-76.615, 39.285, -76.605, 39.295)), active=False)
        assert selectors.zone_at(point=CITY) == small
        assert selectors.zone_at(point=Point(-76.70, 39.25, srid=4326)) == large
        assert selectors.zone_at(point=Point(0, 0, srid=4326)) is None

    def test_counts_the_edge_as_inside(self):
        zone = ZoneFactory()
        assert selectors.zone_at(point=Point(-76.73, 39.30, srid=4326)) == zone


class TestTimeZoneConstraint:
    def test_keeps_an_unknown_zone_out_of_the_table(self):
        row = RestaurantFactory()
        with pytest.raises(DataError), transaction.atomic():
            Restaurant.objects.filter(pk=row.pk).update(time_zone="Mars/Olympus")
        row.refresh_from_db()
        assert row.time_zone == "America/New_York"
