"""What a customer pays and is promised: fees, times and limits, each with its unit and reason."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePolicy:
    """Fee lines. Amounts are minor units of the restaurant's currency, distances metres."""

    delivery_base_minor: int = 199
    delivery_free_m: int = 1_500  # the base covers this much of the straight line
    delivery_per_km_minor: int = 60  # each kilometre begun beyond it
    service_percent: Decimal = Decimal(5)
    service_least_minor: int = 50
    service_most_minor: int = 499
    small_order_below_minor: int = 1_000  # a subtotal below this pays the next line
    small_order_minor: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaPolicy:
    """How an arrival range is made; spans in seconds of business time."""

    answer_s: int = 60  # a kitchen that accepts by hand takes about this long
    handover_s: int = 240  # parking, stairs and words, at the counter and at the door together
    early_share: float = 0.1  # of the whole span: how much sooner it may come
    late_share: float = 0.3  # how much later; food is late more often than early
    least_early_s: int = 120
    least_late_s: int = 420
    late_stds: float = 1.3  # of the kitchen's learned spread: nine promises of ten hold


FEES: Final = FeePolicy()
ETA: Final = EtaPolicy()
QUOTE_LIFE: Final = timedelta(minutes=10)  # long enough to pay, short enough that the zone's delay still holds
QUOTE_KEPT: Final = timedelta(days=2)  # unbought quotes are dropped after this
QUOTE_MOVE_M: Final = 50.0  # an order's door may be this far from its quote's: a pin is dragged a little
MOST_LINES: Final = 50
MOST_PIECES: Final = 99  # of one line
MOST_TIP_MINOR: Final = 50_000
LONGEST_PREPARATION: Final = timedelta(hours=4)  # a kitchen's promise beyond this is a slip of the finger

REVIEW_WITHIN: Final = timedelta(days=30)  # after the delivery; later nobody remembers it well
MOST_STARS: Final = 5
#: What a rating may name, good or bad.
REVIEW_TAGS: Final = ("on-time", "friendly", "careful", "hot", "late", "unfriendly", "damaged", "cold")
