from random import Random

import pytest

from simulation.city import CENTRE, DOOR_M, address_at, door_near, inside, make_city
from simulation.clients.road import distance_m


class TestMakeCity:
    def test_is_the_same_for_the_same_seed(self):
        assert make_city(seed=7) == make_city(seed=7)
        assert make_city(seed=7) != make_city(seed=8)

    def test_changes_nothing_of_what_is_there_when_it_grows(self):
        small, large = make_city(seed=7), make_city(seed=7, restaurants=60, drivers=80, customers=300)
        assert large.restaurants[:24] == small.restaurants
        assert large.drivers[:30] == small.drivers
        assert large.customers[:200] == small.customers

    @pytest.mark.parametrize("number", [24, 300])
    def test_names_no_two_restaurants_alike(self, number):
        names = [restaurant.name for restaurant in make_city(seed=1, restaurants=number).restaurants]
        assert len(names) == number
        assert len(set(names)) == number

    def test_has_menus_that_can_be_ordered_from(self):
        for restaurant in make_city(seed=3).restaurants:
            items = [item for _, dishes in restaurant.menu for item in dishes]
            assert items
            for item in items:
                assert item.price_minor > 0
                for group in item.groups:
                    assert 0 <= group.least <= group.most
                    assert group.least <= len(group.options)

    def test_has_kitchens_of_four_to_eight_minutes(self):
        assert (
            {4, 8}
            <= {each.preparation_min for each in make_city(seed=1, restaurants=60).restaurants}
            <= set(range(4, 9))
        )


class TestDoorNear:
    def test_is_near_the_kitchen_and_in_the_city(self):
        chance = Random(1)
        for restaurant in make_city(seed=1).restaurants:
            door = door_near(restaurant.place, chance)
            assert distance_m(restaurant.place, door) <= DOOR_M[1] + 1
            assert inside(door, CENTRE, 3400.0)


def test_a_place_has_one_address():
    assert address_at(CENTRE) == address_at(CENTRE)
    assert address_at(CENTRE)[0].isdigit()
