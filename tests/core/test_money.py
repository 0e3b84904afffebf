"""Money in minor units."""

from decimal import Decimal

import pytest

from fleetsync.core.money import MOST_MINOR, minor_of, plain, share, words


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


class TestMinorOf:
    @pytest.mark.parametrize(
        ("text", "currency", "expected"),
        [
            ("12.50", "USD", 1250), ("12", "USD", 1200), (" 0.5 ", "USD", 50), ("12.500", "USD", 1250), ("12.", "USD", 1200),
            ("1250", "JPY", 1250), ("1.250", "KWD", 1250), ("1.2500", "CLF", 12500), ("21474836.47", "EUR", MOST_MINOR),
        ],
    )  # fmt: skip
    def test_reads_what_people_write(self, text, currency, expected):
        assert minor_of(text, currency) == expected
        assert minor_of(plain(expected, currency), currency) == expected

    @pytest.mark.parametrize(
        ("text", "currency", "said"),
        [
            ("", "USD", "such as 12.50"), ("12,50", "USD", "with a point"), ("-1", "USD", "no sign"),
            ("1e3", "USD", "such as 12.50"), ("١٢", "USD", "such as 12.50"), ("1.255", "USD", "USD has 2 decimals"),
            ("1.5", "JPY", "JPY has no decimals: write an amount such as 12."), ("21474836.48", "USD", "At most 21,474,836.47 USD"),
        ],
    )  # fmt: skip
    def test_says_what_is_wrong(self, text, currency, said):
        with pytest.raises(ValueError, match=said):
            minor_of(text, currency)

    def test_is_shown_in_words(self):
        assert [words(125000, code) for code in ("USD", "JPY", "KWD")] == ["1,250.00 USD", "125,000 JPY", "125.000 KWD"]
