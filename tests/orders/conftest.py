"""A restaurant with a small menu, and a customer at a door near it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.contrib.gis.geos import Point

from accounts.models import User
from orders.pricing import Basket, BasketItem
from orders.services import Door
from restaurants.models import MenuItem, Option, Restaurant
from tests.factories import (
    MenuCategoryFactory,
    MenuItemFactory,
    OptionFactory,
    OptionGroupFactory,
    RestaurantFactory,
    UserFactory,
)

NOW = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A kitchen that sells soup, and pizza in two sizes."""

    restaurant: Restaurant
    customer: User
    soup: MenuItem
    pizza: MenuItem
    small: Option
    large: Option
    door: Door

    def basket(self, *items: BasketItem) -> Basket:
        """Return a basket of two soups and a large pizza, or of `items`."""
        plain = (
            BasketItem(item_id=self.soup.pk, quantity=2),
            BasketItem(item_id=self.pizza.pk, quantity=1, option_ids=(self.large.pk,)),
        )
        return Basket(restaurant_id=self.restaurant.pk, items=items or plain)


@pytest.fixture
def shop(db) -> Shop:
    """Return a shop whose door is about one kilometre north of the kitchen."""
    restaurant = RestaurantFactory(preparation_min=15, minimum_minor=500)
    category = MenuCategoryFactory(restaurant=restaurant)
    pizza = MenuItemFactory(category=category, name="Pizza", price_minor=900)
    size = OptionGroupFactory(item=pizza, name="Size", least=1, most=1)
    return Shop(
        restaurant=restaurant,
        customer=UserFactory(),
        soup=MenuItemFactory(category=category, name="Soup", price_minor=450),
        pizza=pizza,
        small=OptionFactory(group=size, name="Small", price_minor=0),
        large=OptionFactory(group=size, name="Large", price_minor=300),
        door=Door(point=Point(-76.61, 39.299, srid=4326), address="9 Charles Street", note="Ring twice"),
    )
