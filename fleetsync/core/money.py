"""Money is integer minor units and an ISO 4217 currency; rounding is named once, here."""

from decimal import ROUND_HALF_EVEN, Decimal


def share(amount_minor: int, percent: Decimal) -> int:
    """Return `percent` of an amount in minor units, half to even.

    Raises:
        ValueError: if the amount or the percentage is negative.
    """
    if amount_minor < 0 or percent < 0:
        raise ValueError("amount and percentage must not be negative")
    return int((Decimal(amount_minor) * percent / 100).quantize(Decimal(1), ROUND_HALF_EVEN))
