"""Days of the trail."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tests.factories import DriverPositionFactory, DriverSessionFactory
from tracking import services

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_trail(transactional_db):
    """Empty what Django does not: no model manages the trail."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracking_positiontrail")


class TestPartitions:
    NOW = datetime(2031, 5, 30, 23, 0, tzinfo=UTC)

    @pytest.fixture(autouse=True)
    def _gone_again(self):
        services.drop_partitions(now=self.NOW)  # what other tests, or the day, left behind
        yield
        services.drop_partitions(now=datetime(2040, 1, 1, tzinfo=UTC))

    def test_are_made_ahead_once_and_take_rows_out_of_the_default(self):
        driver = DriverPositionFactory().driver
        DriverSessionFactory(driver=driver)
        services.mark_trail(driver_id=driver.pk, status="PICKED_UP", at=self.NOW)
        made = services.make_partitions(now=self.NOW)
        days = ["20310530", "20310531", "20310601", "20310602"]
        assert made == [f"tracking_positiontrail_{day}" for day in days]
        assert services.make_partitions(now=self.NOW) == []
        services.mark_trail(driver_id=driver.pk, status="DELIVERED", at=self.NOW + timedelta(hours=2))
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text, status FROM tracking_positiontrail ORDER BY at")
            assert cursor.fetchall() == [(made[0], "PICKED_UP"), (made[1], "DELIVERED")]

    def test_are_dropped_after_the_retention(self):
        services.make_partitions(now=self.NOW)
        assert services.drop_partitions(now=self.NOW + timedelta(days=30)) == []
        assert services.drop_partitions(now=self.NOW + timedelta(days=32)) == [
            "tracking_positiontrail_20310530",
            "tracking_positiontrail_20310531",
        ]
