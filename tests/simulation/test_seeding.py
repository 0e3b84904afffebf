import io
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Driver, User
from accounts.states import Role
from restaurants.models import MenuItem, OpeningHours, Option, Restaurant, Zone
from simulation.city import make_city
from simulation.seeding import PASSWORD, seed_city

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def seed(number: int = 1, **size):
    return seed_city(city=make_city(seed=number, **{"restaurants": 4, "drivers": 3, "customers": 2} | size), now=NOW)


class TestSeedCity:
    def test_writes_the_city(self):
        seeded = seed()
        assert (seeded.restaurants_new, seeded.drivers_new, seeded.customers_new) == (4, 3, 2)
        zone = Zone.objects.get()
        assert zone.time_zone == "America/New_York"
        assert all(zone.polygon.contains(restaurant.point) for restaurant in Restaurant.objects.all())
        assert MenuItem.objects.count() > 20
        assert Option.objects.exists()
        assert Driver.objects.filter(approved_at=NOW, user__email__endswith="@sim.fleetsync.example").count() == 3

    def test_changes_nothing_the_second_time(self):
        seed()
        before = [model.objects.count() for model in (User, Driver, Restaurant, MenuItem, OpeningHours, Zone)]
        again = seed()
        assert (again.restaurants_new, again.drivers_new, again.customers_new) == (0, 0, 0)
        assert [m.objects.count() for m in (User, Driver, Restaurant, MenuItem, OpeningHours, Zone)] == before

    def test_adds_what_is_missing(self):
        seed()
        grown = seed(restaurants=6, drivers=5)
        assert (grown.restaurants_new, grown.drivers_new, grown.customers_new) == (2, 2, 0)
        assert grown.restaurants == 6

    def test_makes_the_ready_logins(self):
        seed()
        for login, role in (
            ("admin", Role.ADMIN),
            ("dispatcher", Role.DISPATCHER),
            ("restaurant", Role.RESTAURANT),
            ("driver", Role.DRIVER),
            ("customer", Role.CUSTOMER),
        ):
            user = User.objects.get(email=f"{login}@fleetsync.example")
            assert user.role == role
            assert user.check_password(PASSWORD)
        assert User.objects.get(email="restaurant@fleetsync.example").restaurants.count() == 2
        assert User.objects.get(email="driver@fleetsync.example").driver.approved_at == NOW

    def test_gives_every_kitchen_staff_of_its_own(self):
        seed()
        for restaurant in Restaurant.objects.all():
            assert restaurant.staff.filter(user__email__startswith="kitchen").count() == 1


class TestSeedCommand:
    def test_says_what_it_did(self):
        out = io.StringIO()
        call_command("seed", "--seed", "3", "--restaurants", "2", "--drivers", "2", "--customers", "1", stdout=out)
        assert "Baltimore: 2 restaurants (2 new), 2 drivers (2 new), 1 customers (1 new)" in out.getvalue()

    def test_refuses_a_city_file_that_is_not_there(self, tmp_path):
        with pytest.raises(CommandError, match="no such file"):
            call_command("seed", "--city", str(tmp_path / "nowhere.osm.pbf"))
        assert not Zone.objects.exists()

    def test_makes_a_real_city_of_an_extract(self, shared):
        call_command(
            "seed", "--city", str(shared / "osm" / "baltimore.osm.pbf"), "--restaurants", "12", stdout=io.StringIO()
        )
        zone = Zone.objects.get()
        assert zone.name == "Baltimore"
        assert Restaurant.objects.filter(zone=zone).count() == 12
        assert all(zone.polygon.contains(restaurant.point) for restaurant in Restaurant.objects.all())


class TestRefuseProduction:
    @pytest.mark.parametrize("command", ["seed", "simulate", "simulate_map"])
    def test_no_command_makes_people_with_a_known_password_there(self, settings, command):
        settings.FLEETSYNC_ENV = "production"
        with pytest.raises(CommandError, match=r"manage\.py createsuperuser"):
            call_command(command, stdout=io.StringIO())
        assert not User.objects.exists()

    def test_nor_does_the_code_below_them(self, settings):
        settings.FLEETSYNC_ENV = "production"
        with pytest.raises(CommandError, match=r"manage\.py createsuperuser"):
            seed()
        assert not User.objects.exists()
