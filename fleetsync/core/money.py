"""Money is integer minor units and an ISO 4217 currency; rounding is named once, here."""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

#: What the database's integers hold.
MOST_MINOR: Final = 2_147_483_647
#: Currencies whose minor unit is not the hundredth. Source: ISO 4217, list one.
_DIGITS: Final = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


def share(amount_minor: int, percent: Decimal) -> int:
    """Return `percent` of an amount in minor units, half to even.

    Raises:
        ValueError: if the amount or the percentage is negative.
    """
    if amount_minor < 0 or percent < 0:
        raise ValueError("amount and percentage must not be negative")
    return int((Decimal(amount_minor) * percent / 100).quantize(Decimal(1), ROUND_HALF_EVEN))


def digits_of(currency: str) -> int:
    """Return how many decimals an amount of the currency is written with."""
    return _DIGITS.get(currency, 2)


def unusual_digits() -> str:
    """Return the currencies whose amounts are not written with two decimals: `BIF:0 CLP:0 … KWD:3`."""
    return " ".join(f"{currency}:{digits}" for currency, digits in _DIGITS.items())


def plain(amount_minor: int, currency: str) -> str:
    """Return an amount as it is typed, without its currency: `12.50`."""
    return f"{Decimal(amount_minor).scaleb(-digits_of(currency)):f}"


def words(amount_minor: int, currency: str) -> str:
    """Return an amount as people read it: `1,250.00 USD`."""
    return f"{Decimal(amount_minor).scaleb(-digits_of(currency)):,f} {currency}".rstrip()


def minor_of(text: str, currency: str) -> int:
    """Return the minor units of an amount as it is typed, such as `12.50` or `12`.

    Raises:
        ValueError: it is no such amount, or finer or larger than the currency and the database take; says which.
    """
    digits, typed = digits_of(currency), text.strip()
    example = "12." + "50000"[:digits] if digits else "12"
    if not re.fullmatch(r"\d+(\.\d*)?", typed, re.ASCII):
        raise ValueError(f"Write an amount such as {example}, with a point before the decimals and no sign.")
    if len(typed.partition(".")[2].rstrip("0")) > digits:
        raise ValueError(f"{currency} has {digits or 'no'} decimals: write an amount such as {example}.")
    amount = int(Decimal(typed).scaleb(digits))
    if amount > MOST_MINOR:
        raise ValueError(f"At most {words(MOST_MINOR, currency)}.")
    return amount
