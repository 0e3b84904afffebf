"""One day of the public Meal Delivery Routing Problem instances (github.com/grubhub/mdrplib).

A day is a folder of four tab-separated files. Times are whole minutes, places metres.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class InstanceError(ValueError):
    """A file is missing or wrong; the message names file, line, field and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A day as arrays; orders are sorted by placement (ties keep the file's order)."""

    name: str
    restaurant_ids: tuple[str, ...]
    restaurant_xy: Floats
    """(restaurants, 2) metres."""
    order_ids: tuple[str, ...]
    order_xy: Floats
    """(orders, 2) metres: the door."""
    order_restaurant: Ints
    """Index into the restaurants."""
    placed: Ints
    ready: Ints
    courier_ids: tuple[str, ...]
    courier_xy: Floats
    """(couriers, 2) metres: where they start."""
    on: Ints
    off: Ints
    """No pickup after this minute."""
    metres_per_minute: float
    pickup_service: int
    dropoff_service: int
    target: int
    maximum: int
    pay_order: float
    pay_hour: float

    def travel(self, ax: Any, ay: Any, bx: Any, by: Any) -> Any:
        """Return whole minutes between points, rounded up as the rules say; vectorised."""
        return np.ceil(np.sqrt((bx - ax) ** 2 + (by - ay) ** 2) / self.metres_per_minute)

    def window(self, start: int, end: int) -> Instance:
        """Return the day cut to orders placed in [start, end) and couriers then on shift.

        Couriers come on duty at `start` if their shift began before, where it began.
        """
        keep = (self.placed >= start) & (self.placed < end)
        here = (self.off > start) & (self.on < end)
        return replace(
            self,
            order_ids=tuple(o for o, k in zip(self.order_ids, keep, strict=True) if k),
            order_xy=self.order_xy[keep],
            order_restaurant=self.order_restaurant[keep],
            placed=self.placed[keep],
            ready=self.ready[keep],
            courier_ids=tuple(c for c, k in zip(self.courier_ids, here, strict=True) if k),
            courier_xy=self.courier_xy[here],
            on=np.maximum(self.on[here], start),
            off=self.off[here],
        )


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    line: int
    values: dict[str, str | None]

    def text(self, field: str) -> str:
        value = self.values.get(field)
        if value is None or value == "":
            raise self.wrong(field, "a value", "nothing")
        return value

    def number(self, field: str) -> float:
        text = self.text(field)
        try:
            value = float(text)
        except ValueError:
            raise self.wrong(field, "a number", repr(text)) from None
        if not np.isfinite(value):
            raise self.wrong(field, "a finite number", repr(text))
        return value

    def whole(self, field: str) -> int:
        value = self.number(field)
        if value != int(value):
            raise self.wrong(field, "a whole number", repr(self.text(field)))
        return int(value)

    def wrong(self, field: str, expected: str, got: str) -> InstanceError:
        return InstanceError(f"{self.path}, line {self.line}, field {field!r}: expected {expected}, got {got}")


def _rows(path: Path, fields: tuple[str, ...]) -> list[_Row]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InstanceError(
            f"{path}: cannot be read ({error.strerror}); expected a text file with the columns {', '.join(fields)}"
        ) from None
    except UnicodeDecodeError:
        raise InstanceError(f"{path}: expected UTF-8 text") from None
    reader = csv.DictReader(text.splitlines(), delimiter="\t")
    missing = [f for f in fields if f not in (reader.fieldnames or ())]
    if missing:
        raise InstanceError(
            f"{path}, line 1, field {missing[0]!r}: expected the tab-separated columns "
            f"{', '.join(fields)}, got {', '.join(reader.fieldnames or ()) or 'nothing'}"
        )
    rows = [_Row(path, line, dict(row)) for line, row in enumerate(reader, start=2)]
    if not rows:
        raise InstanceError(f"{path}, line 2: expected at least one row, got the end of the file")
    return rows


def _unique(rows: list[_Row], field: str) -> tuple[str, ...]:
    seen: set[str] = set()
    for row in rows:
        if (value := row.text(field)) in seen:
            raise row.wrong(field, "a new id", f"{value!r} again")
        seen.add(value)
    return tuple(row.text(field) for row in rows)


def load(folder: Path | str) -> Instance:
    """Read one day.

    Raises:
        InstanceError: naming the file, the line, the field and what was expected.
    """
    path = Path(folder)
    if not path.is_dir():
        raise InstanceError(
            f"{path}: expected a folder with orders.txt, couriers.txt, restaurants.txt and instance_parameters.txt"
        )
    rests = _rows(path / "restaurants.txt", ("restaurant", "x", "y"))
    orders = _rows(path / "orders.txt", ("order", "x", "y", "placement_time", "restaurant", "ready_time"))
    cours = _rows(path / "couriers.txt", ("courier", "x", "y", "on_time", "off_time"))
    par = _rows(
        path / "instance_parameters.txt",
        (
            "meters_per_minute",
            "pickup service minutes",
            "dropoff service minutes",
            "target click-to-door",
            "maximum click-to-door",
            "pay per order",
            "guaranteed pay per hour",
        ),
    )[0]
    rest_ids = _unique(rests, "restaurant")
    index = {r: i for i, r in enumerate(rest_ids)}
    orders.sort(key=lambda row: row.whole("placement_time"))
    for row in orders:
        if row.text("restaurant") not in index:
            raise row.wrong("restaurant", "an id of restaurants.txt", repr(row.text("restaurant")))
        if row.whole("ready_time") < row.whole("placement_time"):
            raise row.wrong("ready_time", "at or after placement_time", row.text("ready_time"))
    for row in cours:
        if row.whole("off_time") <= row.whole("on_time"):
            raise row.wrong("off_time", "after on_time", row.text("off_time"))
    for field in ("pickup service minutes", "dropoff service minutes"):
        if par.whole(field) % 2 or par.whole(field) < 0:
            raise par.wrong(field, "an even number of minutes", par.text(field))
    if par.number("meters_per_minute") <= 0:
        raise par.wrong("meters_per_minute", "a positive number", par.text("meters_per_minute"))

    def column(rows: list[_Row], read: Callable[[_Row], int]) -> Ints:
        return np.array([read(row) for row in rows], dtype=np.int64)

    def places(rows: list[_Row]) -> Floats:
        return np.array([[r.number("x"), r.number("y")] for r in rows], dtype=np.float64)

    return Instance(
        name=path.name,
        restaurant_ids=rest_ids,
        restaurant_xy=places(rests),
        order_ids=_unique(orders, "order"),
        order_xy=places(orders),
        order_restaurant=column(orders, lambda row: index[row.text("restaurant")]),
        placed=column(orders, lambda row: row.whole("placement_time")),
        ready=column(orders, lambda row: row.whole("ready_time")),
        courier_ids=_unique(cours, "courier"),
        courier_xy=places(cours),
        on=column(cours, lambda row: row.whole("on_time")),
        off=column(cours, lambda row: row.whole("off_time")),
        metres_per_minute=par.number("meters_per_minute"),
        pickup_service=par.whole("pickup service minutes"),
        dropoff_service=par.whole("dropoff service minutes"),
        target=par.whole("target click-to-door"),
        maximum=par.whole("maximum click-to-door"),
        pay_order=par.number("pay per order"),
        pay_hour=par.number("guaranteed pay per hour"),
    )
