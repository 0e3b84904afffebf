"""Money in minor units."""

from decimal import Decimal

import pytest

from fleetsync.core.money import share


class TestShare:
    @pytest.mark.parametrize(
        ("amount", "percent", "expected"),
        [(1000, "8", 80), (1050, "10", 105), (5, "10", 0), (15, "10", 2), (25, "10", 2), (35, "10", 4), (0, "50", 0)],
    )
    def test_rounds_half_to_even(self, amount, percent, expected):
        assert share(amount, Decimal(percent)) == expected

    @pytest.mark.parametrize(("amount", "percent"), [(-1, "10"), (1, "-10")])
    def test_refuses_less_than_nothing(self, amount, percent):
        with pytest.raises(ValueError, match="negative"):
            share(amount, Decimal(percent))
