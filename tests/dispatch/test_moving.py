"""What a batch of pings does."""

from datetime import timedelta

import pytest

from dispatch import services
from dispatch.models import DriverPosition, DriverSession
from dispatch.positions import MovedDriver
from fleetsync.core.geo import LngLat, moved
from fleetsync.core.ids import uuid7
from fleetsync.core.models import Event
from restaurants.models import Zone
from tests.factories import CITY, DriverFactory, ZoneFactory

HOME = LngLat(CITY.x, CITY.y)


def ping(driver_id, place: LngLat, *, at, seq: int = 1, recorded_at=None) -> MovedDriver:
    return MovedDriver(
        driver_id=driver_id,
        lng=place.lng,
        lat=place.lat,
        heading_deg=90.0,
        speed_mps=5.0,
        accuracy_m=8.0,
        recorded_at=recorded_at or at,
        seq=seq,
        received_at=at,
    )


def place_of(driver_id) -> tuple[float, float]:
    position = DriverPosition.objects.get(driver_id=driver_id)
    return position.point.x, position.point.y


class TestMoveDrivers:
    def test_moves_the_position_and_its_cell(self, kitchen):
        session = kitchen.online()
        there = moved(HOME, 900.0, 400.0)
        services.move_drivers(points=[ping(session.driver_id, there, at=kitchen.now)], now=kitchen.now)
        position = DriverPosition.objects.get()
        assert (position.point.x, position.point.y) == pytest.approx(there)
        assert position.cell.x == pytest.approx(round(there.lng / 0.005) * 0.005)
        assert position.cell.y == pytest.approx(round(there.lat / 0.005) * 0.005)
        assert (position.speed_mps, position.heading_deg, position.accuracy_m) == (5.0, 90.0, 8.0)
        assert (position.available, position.received_at) == (True, kitchen.now)

    @pytest.mark.parametrize(("earlier_s", "seq"), [(1, 9), (0, 4), (0, 5)])
    def test_lets_no_older_point_win(self, kitchen, earlier_s, seq):
        session = kitchen.online()
        newest, older = moved(HOME, 100.0, 0.0), moved(HOME, -100.0, 0.0)
        services.move_drivers(points=[ping(session.driver_id, newest, at=kitchen.now, seq=5)], now=kitchen.now)
        late = ping(
            session.driver_id, older, at=kitchen.now + timedelta(seconds=3), seq=seq,
            recorded_at=kitchen.now - timedelta(seconds=earlier_s),
        )  # fmt: skip
        services.move_drivers(points=[late], now=kitchen.now)
        assert place_of(session.driver_id) == pytest.approx(newest)

    def test_takes_the_first_point_of_a_phone_whose_clock_is_behind(self, kitchen):
        session = kitchen.online()
        there = moved(HOME, 50.0, 0.0)
        point = ping(session.driver_id, there, at=kitchen.now, recorded_at=kitchen.now - timedelta(days=400))
        services.move_drivers(points=[point], now=kitchen.now)
        assert place_of(session.driver_id) == pytest.approx(there)

    def test_renews_leases_that_are_a_quarter_gone(self, kitchen):
        session = kitchen.online()
        soon, later = kitchen.now + timedelta(seconds=5), kitchen.now + timedelta(seconds=16)
        services.move_drivers(points=[ping(session.driver_id, HOME, at=soon)], now=soon)
        assert DriverSession.objects.get().lease_until == session.lease_until
        services.move_drivers(points=[ping(session.driver_id, HOME, at=later)], now=later)
        assert DriverSession.objects.get().lease_until == later + timedelta(seconds=60)

    def test_wakes_no_session_that_has_ended(self, kitchen):
        session = kitchen.online()
        services.end_session(session_id=session.pk, reason="driver", now=kitchen.now, actor="usr_test")
        services.move_drivers(points=[ping(session.driver_id, HOME, at=kitchen.now)], now=kitchen.now)
        session.refresh_from_db()
        assert session.lease_until == kitchen.now + timedelta(seconds=60)
        assert not DriverPosition.objects.get().available

    def test_keeps_where_an_offline_driver_is_and_passes_over_unknown_ones(self, kitchen):
        driver = DriverFactory()
        services.move_drivers(
            points=[ping(driver.pk, HOME, at=kitchen.now), ping(uuid7(), HOME, at=kitchen.now)], now=kitchen.now
        )
        assert place_of(driver.pk) == pytest.approx(HOME)
        assert not DriverPosition.objects.get().available

    def test_moves_an_idle_driver_to_the_zone_where_he_stands(self, kitchen):
        east = ZoneFactory()
        Zone.objects.filter(pk=east.pk).update(
            polygon="SRID=4326;POLYGON((-76.49 39.2,-76.3 39.2,-76.3 39.38,-76.49 39.38,-76.49 39.2))"
        )
        idle, busy = kitchen.online(), kitchen.online()
        DriverSession.objects.filter(pk=busy.pk).update(load=1)
        there = LngLat(-76.4, 39.29)
        points = [ping(each.driver_id, there, at=kitchen.now) for each in (idle, busy)]
        services.move_drivers(points=points, now=kitchen.now)
        zones = dict(DriverSession.objects.values_list("pk", "zone"))
        assert zones == {idle.pk: east.pk, busy.pk: kitchen.zone.pk}

    def test_moves_him_to_the_smallest_zone_where_several_overlap(self, kitchen):
        for west, east in ((-76.49, -76.2), (-76.49, -76.3), (-76.49, -76.25)):
            Zone.objects.create(
                name=f"to {east}",
                polygon=f"SRID=4326;POLYGON(({west} 39.2,{east} 39.2,{east} 39.38,{west} 39.38,{west} 39.2))",
            )
        closed = Zone.objects.create(
            name="closed", active=False, polygon="SRID=4326;POLYGON((-76.41 39.2,-76.3 39.2,-76.3 39.38,-76.41 39.2))"
        )
        session = kitchen.online()
        services.move_drivers(points=[ping(session.driver_id, LngLat(-76.4, 39.21), at=kitchen.now)], now=kitchen.now)
        session.refresh_from_db()
        assert session.zone.name == "to -76.3"
        assert session.zone != closed

    def test_takes_the_second_point_in_a_row_for_an_arrival(self, kitchen):
        far, near = moved(HOME, 500.0, 0.0), moved(HOME, 60.0, 0.0)
        delivery, driver = kitchen.carried()
        for seq, (place, status) in enumerate(
            [
                (near, "EN_ROUTE_TO_PICKUP"),
                (far, "EN_ROUTE_TO_PICKUP"),
                (near, "EN_ROUTE_TO_PICKUP"),
                (near, "ARRIVED_AT_PICKUP"),
                (near, "ARRIVED_AT_PICKUP"),
            ],
            start=1,
        ):
            services.move_drivers(points=[ping(driver.pk, place, at=kitchen.now, seq=seq)], now=kitchen.now)
            delivery.refresh_from_db()
            assert delivery.status == status, seq
        facts = Event.objects.filter(type="delivery.arrived_at_pickup")
        assert [(fact.payload["by"], fact.actor) for fact in facts] == [("geofence", "geofence")]

    def test_counts_anew_at_the_door(self, kitchen):
        delivery, driver = kitchen.carried()
        services.pick_up(delivery_id=delivery.pk, driver_id=driver.pk, now=kitchen.now, actor="usr_test")
        door = LngLat(delivery.dropoff_point.x, delivery.dropoff_point.y)
        for seq, status in [(1, "EN_ROUTE_TO_DROPOFF"), (2, "ARRIVED_AT_DROPOFF")]:
            services.move_drivers(points=[ping(driver.pk, door, at=kitchen.now, seq=seq)], now=kitchen.now)
            delivery.refresh_from_db()
            assert delivery.status == status

    def test_asks_the_database_no_more_for_many_than_for_one(self, kitchen, django_assert_num_queries):
        sessions = [kitchen.online() for _ in range(20)]
        points = [ping(each.driver_id, moved(HOME, 10.0, 0.0), at=kitchen.now) for each in sessions]
        with django_assert_num_queries(7):  # zones, savepoint, its commit mode, leases, positions, next stops, release
            services.move_drivers(points=points, now=kitchen.now)
