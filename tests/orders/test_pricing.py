"""Prices, fees and promises, by hand and by property."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import errors
from orders.conf import ETA, FEES, FeePolicy
from orders.pricing import (
    Basket,
    BasketItem,
    GroupSold,
    ItemSold,
    OptionSold,
    PricedLine,
    basket_of,
    check_minimum,
    eta_range,
    fee_lines,
    price_lines,
)

RESTAURANT, SOUP, PIZZA, SMALL, LARGE, OLIVES, HAM, GONE = (UUID(int=number) for number in range(1, 9))
MENU = {
    SOUP: ItemSold(id=SOUP, name="Soup", price_minor=450, available=True, groups=()),
    PIZZA: ItemSold(
        id=PIZZA,
        name="Pizza",
        price_minor=900,
        available=True,
        groups=(
            GroupSold(
                name="Size",
                least=1,
                most=1,
                options=(
                    OptionSold(id=SMALL, name="Small", price_minor=0, available=True),
                    OptionSold(id=LARGE, name="Large", price_minor=300, available=True),
                ),
            ),
            GroupSold(
                name="Extra",
                least=0,
                most=2,
                options=(
                    OptionSold(id=OLIVES, name="Olives", price_minor=75, available=True),
                    OptionSold(id=HAM, name="Ham", price_minor=150, available=False),
                ),
            ),
        ),
    ),
    GONE: ItemSold(id=GONE, name="Oysters", price_minor=2000, available=False, groups=()),
}


def basket(*items: tuple[UUID, int, tuple[UUID, ...]]) -> Basket:
    return Basket(
        restaurant_id=RESTAURANT,
        items=tuple(BasketItem(item_id=item, quantity=count, option_ids=options) for item, count, options in items),
    )


class TestPriceLines:
    def test_adds_options_to_each_piece(self):
        soup, pizza = price_lines(basket((SOUP, 2, ()), (PIZZA, 3, (OLIVES, LARGE))), MENU)
        assert (soup.unit_minor, soup.total_minor) == (450, 900)
        assert (pizza.unit_minor, pizza.total_minor) == (1275, 3825)
        assert [(option.group, option.name, option.price_minor) for option in pizza.options] == [
            ("Size", "Large", 300),
            ("Extra", "Olives", 75),
        ]

    @pytest.mark.parametrize(
        ("asked", "error", "attr"),
        [
            ((UUID(int=99), 1, ()), errors.ItemUnknown, "items.1.item_id"),
            ((GONE, 1, ()), errors.ItemUnavailable, "items.1.item_id"),
            ((PIZZA, 1, (SMALL, HAM)), errors.ItemUnavailable, "items.1.options"),
            ((PIZZA, 1, ()), errors.OptionInvalid, "items.1.options"),
            ((PIZZA, 1, (SMALL, LARGE)), errors.OptionInvalid, "items.1.options"),
            ((PIZZA, 1, (SMALL, OLIVES, OLIVES)), errors.OptionInvalid, "items.1.options"),
            ((SOUP, 1, (OLIVES,)), errors.OptionInvalid, "items.1.options"),
        ],
        ids=["unknown", "sold-out", "option-sold-out", "too-few", "too-many", "twice", "of-another-item"],
    )
    def test_names_the_line_it_refuses(self, asked, error, attr):
        with pytest.raises(error) as refusal:
            price_lines(basket((SOUP, 1, ()), asked), MENU)
        assert refusal.value.attr == attr

    def test_survives_the_way_through_a_quote(self):
        lines = price_lines(basket((PIZZA, 2, (SMALL, OLIVES)), (SOUP, 1, ())), MENU)
        again = tuple(PricedLine.from_json(line.to_json()) for line in lines)
        assert again == lines
        assert price_lines(basket_of(RESTAURANT, again), MENU) == lines

    @given(
        st.lists(
            st.tuples(
                st.sampled_from([*MENU, UUID(int=99)]),
                st.integers(1, 99),
                st.lists(st.sampled_from([SMALL, LARGE, OLIVES, HAM]), max_size=4),
            ),
            min_size=1,
            max_size=6,
        )
    )
    def test_adds_up_or_refuses(self, asked):
        try:
            lines = price_lines(basket(*((item, count, tuple(options)) for item, count, options in asked)), MENU)
        except (errors.ItemUnknown, errors.ItemUnavailable, errors.OptionInvalid):
            return
        for (item, count, _), line in zip(asked, lines, strict=True):
            assert line.unit_minor == MENU[item].price_minor + sum(option.price_minor for option in line.options)
            assert line.total_minor == line.unit_minor * count


class TestFeeLines:
    @pytest.mark.parametrize(
        ("distance_m", "amount"), [(0, 199), (1500, 199), (1500.1, 259), (2500, 259), (2501, 319), (9_999, 739)]
    )
    def test_charges_each_kilometre_begun(self, distance_m, amount):
        delivery = fee_lines(subtotal_minor=2000, distance_m=distance_m, policy=FEES)[0]
        assert (delivery.code, delivery.amount_minor) == ("delivery", amount)

    @pytest.mark.parametrize(("subtotal", "amount"), [(100, 50), (1000, 50), (2000, 100), (2010, 100), (99_999, 499)])
    def test_keeps_the_service_fee_between_its_bounds(self, subtotal, amount):
        service = fee_lines(subtotal_minor=subtotal, distance_m=0, policy=FEES)[1]
        assert (service.code, service.amount_minor) == ("service", amount)

    def test_adds_a_line_to_small_orders_alone(self):
        assert [fee.code for fee in fee_lines(subtotal_minor=999, distance_m=0, policy=FEES)] == [
            "delivery",
            "service",
            "small-order",
        ]
        assert [fee.code for fee in fee_lines(subtotal_minor=1000, distance_m=0, policy=FEES)] == [
            "delivery",
            "service",
        ]

    @given(st.integers(0, 10**7), st.floats(0, 50_000), st.decimals(0, 30, places=2))
    def test_is_never_negative(self, subtotal, distance_m, percent):
        policy = FeePolicy(service_percent=Decimal(percent))
        assert all(
            fee.amount_minor >= 0 for fee in fee_lines(subtotal_minor=subtotal, distance_m=distance_m, policy=policy)
        )


class TestCheckMinimum:
    def test_takes_the_very_minimum(self):
        check_minimum(1500, 1500)

    def test_refuses_a_cent_less(self):
        with pytest.raises(errors.BelowMinimum) as refusal:
            check_minimum(1499, 1500)
        assert refusal.value.members == {"subtotal_minor": 1499, "minimum_minor": 1500}


class TestEtaRange:
    NOW = datetime(2026, 3, 6, 17, 30, tzinfo=UTC)

    def span(self, **given):
        plain = {"auto_accept": True, "preparation": timedelta(minutes=15), "preparation_std_s": 0.0}
        plain |= {"travel_s": 600.0, "present_delay_s": 0.0}
        low, high = eta_range(now=self.NOW, policy=ETA, **plain | given)
        return (low - self.NOW).total_seconds(), (high - self.NOW).total_seconds()

    def test_spans_preparation_travel_and_handover(self):
        # 900 + 600 + 240 = 1740 s: a tenth early, at least seven minutes late
        assert self.span() == (1566, 2262)

    def test_adds_the_zones_delay_and_the_kitchens_answer(self):
        low, high = self.span(auto_accept=False, present_delay_s=300.0)
        assert (low, high) == (round(2100 * 0.9), 2100 + 630)

    def test_covers_a_kitchen_of_which_one_never_knows(self):
        low, high = self.span(preparation_std_s=600.0)
        assert (low, high) == (1566, 1740 + 780)

    def test_gives_no_rebate_for_a_zone_ahead_of_time(self):
        assert self.span(present_delay_s=-500.0) == self.span()
