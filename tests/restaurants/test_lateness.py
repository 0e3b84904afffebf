"""What was learned of a kitchen, looked up for one order."""

from datetime import UTC, datetime

import pytest

from restaurants import selectors, services
from restaurants.lateness import AS_STATED, Lateness, lateness_for, read
from restaurants.models import Preparation
from tests.factories import RestaurantFactory

NOON = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
ANY = Lateness(late_s=60.0, std_s=30.0, orders=9.0)
SMALL = Lateness(hour=12, pieces=2, late_s=120.0, std_s=30.0, orders=4.0)
BIG = Lateness(hour=12, pieces=8, late_s=600.0, std_s=90.0, orders=3.0)


class TestLatenessFor:
    def test_knows_nothing_of_a_new_kitchen(self):
        assert lateness_for((), hour=12, pieces=2) == AS_STATED == Lateness(late_s=0.0, std_s=0.0, orders=0.0)

    @pytest.mark.parametrize(
        ("hour", "pieces", "found"), [(12, 1, SMALL), (12, 3, SMALL), (12, 5, BIG), (12, 40, BIG), (13, 2, ANY)]
    )
    def test_takes_the_nearest_basket_of_the_hour_else_any(self, hour, pieces, found):
        assert lateness_for((ANY, SMALL, BIG), hour=hour, pieces=pieces) == found

    def test_survives_the_way_through_the_table(self):
        cells = (ANY, SMALL, BIG)
        assert read(cell.to_json() for cell in cells) == cells


@pytest.mark.django_db
class TestExpectedLateness:
    def test_goes_by_the_kitchens_own_clock(self):
        restaurant = RestaurantFactory(time_zone="America/New_York")
        evening = Lateness(hour=7, pieces=2, late_s=240.0, std_s=30.0, orders=5.0)
        services.set_preparation(restaurant_id=restaurant.pk, learned=[ANY, evening], orders=14, now=NOON)
        assert selectors.expected_lateness(restaurant=restaurant, at=NOON, pieces=2) == evening

    def test_is_replaced_not_added_to(self):
        restaurant = RestaurantFactory()
        for learned in ([ANY, SMALL], [ANY]):
            services.set_preparation(restaurant_id=restaurant.pk, learned=learned, orders=9, now=NOON)
        assert selectors.learned_preparation(restaurant=restaurant) == (ANY,)
        assert Preparation.objects.count() == 1
