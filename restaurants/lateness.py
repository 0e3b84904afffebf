"""How much later than stated a kitchen is: what was learned, by hour and basket. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """What is expected of one kind of order, against the minutes the kitchen states."""

    hour: int | None = None
    """Local hour of the acceptance, 0 to 23; None with `pieces`: any order."""
    pieces: int | None = None
    """Pieces of a basket of this kind."""
    late_s: float = 0.0
    """Below 0: earlier than stated."""
    std_s: float = 0.0
    orders: float = 0.0
    """How many orders like this it rests on."""

    def to_json(self) -> dict[str, Any]:
        """Return it as the table stores it."""
        return {
            "hour": self.hour,
            "pieces": self.pieces,
            "late_s": round(self.late_s, 1),
            "std_s": round(self.std_s, 1),
            "orders": round(self.orders, 2),
        }


AS_STATED: Final = Lateness()


def read(cells: Iterable[dict[str, Any]]) -> tuple[Lateness, ...]:
    """Return what `to_json` stored."""
    return tuple(Lateness(**cell) for cell in cells)


def lateness_for(learned: Sequence[Lateness], *, hour: int, pieces: int) -> Lateness:
    """Return what was learned of orders like this one: of its hour the nearest basket, else of any order.

    A kitchen of which nothing is known is as it states.
    """
    like = [one for one in learned if one.hour == hour and one.pieces]
    if like:
        return min(like, key=lambda one: (abs(math.log(max(1, pieces) / (one.pieces or 1))), one.pieces or 0))
    return next((one for one in learned if one.hour is None), AS_STATED)
