"""What it costs and when it comes: pure arithmetic over a snapshot of the menu."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fleetsync.core import ids
from fleetsync.core.money import share
from orders.conf import EtaPolicy, FeePolicy
from orders.errors import BelowMinimum, ItemUnavailable, ItemUnknown, OptionInvalid

# --- what is asked for ---------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketItem:
    """So many of one item, with the same options each."""

    item_id: UUID
    quantity: int
    option_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """What a customer wants from one restaurant."""

    restaurant_id: UUID
    items: tuple[BasketItem, ...]


# --- what is on the menu -------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSold:
    """An option as the menu has it now."""

    id: UUID
    name: str
    price_minor: int
    available: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSold:
    """A choice: between `least` and `most` of `options`."""

    name: str
    least: int
    most: int
    options: tuple[OptionSold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSold:
    """An item as the menu has it now."""

    id: UUID
    name: str
    price_minor: int
    available: bool
    groups: tuple[GroupSold, ...]


# --- what it comes to ----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedOption:
    """An option taken, at the price of the moment."""

    id: UUID
    group: str
    name: str
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line of the bill; `unit_minor` is one piece with its options."""

    item_id: UUID
    name: str
    options: tuple[PricedOption, ...]
    unit_minor: int
    quantity: int

    @property
    def total_minor(self) -> int:
        """Return the price of all pieces."""
        return self.unit_minor * self.quantity

    def to_json(self) -> dict[str, Any]:
        """Return the line as a quote stores and answers it, with public ids."""
        return {
            "item_id": ids.public("item_id", self.item_id),
            "name": self.name,
            "options": [
                {
                    "option_id": ids.public("option_id", option.id),
                    "group": option.group,
                    "name": option.name,
                    "price_minor": option.price_minor,
                }
                for option in self.options
            ],
            "unit_minor": self.unit_minor,
            "quantity": self.quantity,
            "total_minor": self.total_minor,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PricedLine":
        """Return the line that `to_json` stored."""
        return cls(
            item_id=ids.private("item_id", data["item_id"]),
            name=data["name"],
            options=tuple(
                PricedOption(
                    id=ids.private("option_id", option["option_id"]),
                    group=option["group"],
                    name=option["name"],
                    price_minor=option["price_minor"],
                )
                for option in data["options"]
            ),
            unit_minor=data["unit_minor"],
            quantity=data["quantity"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """A fee, named, so that nobody wonders what it is for."""

    code: str
    name: str
    amount_minor: int

    def to_json(self) -> dict[str, Any]:
        """Return the fee as quotes and orders store and answer it."""
        return {"code": self.code, "name": self.name, "amount_minor": self.amount_minor}


def basket_of(restaurant_id: UUID, lines: Sequence[PricedLine]) -> Basket:
    """Return the basket that was priced as these lines."""
    return Basket(
        restaurant_id=restaurant_id,
        items=tuple(
            BasketItem(
                item_id=line.item_id, quantity=line.quantity, option_ids=tuple(option.id for option in line.options)
            )
            for line in lines
        ),
    )


def price_lines(basket: Basket, menu: Mapping[UUID, ItemSold]) -> tuple[PricedLine, ...]:
    """Return the basket at the menu's prices, line by line in the basket's order.

    Raises:
        ItemUnknown, ItemUnavailable, OptionInvalid: `attr` names the line or the option.
    """
    return tuple(_price_line(asked, menu, f"items.{index}") for index, asked in enumerate(basket.items))


def _price_line(asked: BasketItem, menu: Mapping[UUID, ItemSold], where: str) -> PricedLine:
    item = menu.get(asked.item_id)
    item_id = ids.public("item_id", asked.item_id)
    if item is None:
        raise ItemUnknown(attr=f"{where}.item_id", item_id=item_id)
    if not item.available:
        raise ItemUnavailable(f"{item.name} is sold out.", attr=f"{where}.item_id", item_id=item_id)
    options = _take_options(item, asked.option_ids, f"{where}.options", item_id)
    return PricedLine(
        item_id=item.id,
        name=item.name,
        options=options,
        unit_minor=item.price_minor + sum(option.price_minor for option in options),
        quantity=asked.quantity,
    )


def _take_options(item: ItemSold, wanted: Sequence[UUID], where: str, item_id: str) -> tuple[PricedOption, ...]:
    """Return the options in the menu's order, after checking that they fit."""
    if len(set(wanted)) != len(wanted):
        raise OptionInvalid("An option is taken twice.", attr=where, item_id=item_id)
    left = set(wanted)
    taken: list[PricedOption] = []
    for group in item.groups:
        chosen = [option for option in group.options if option.id in left]
        left -= {option.id for option in chosen}
        if not group.least <= len(chosen) <= group.most:
            raise OptionInvalid(
                f"{item.name}: take {_between(group.least, group.most)} of {group.name}, not {len(chosen)}.",
                attr=where,
                item_id=item_id,
            )
        for option in chosen:
            if not option.available:
                raise ItemUnavailable(
                    f"{item.name}: {option.name} is sold out.",
                    attr=where,
                    item_id=item_id,
                    option_id=ids.public("option_id", option.id),
                )
            taken.append(PricedOption(id=option.id, group=group.name, name=option.name, price_minor=option.price_minor))
    if left:
        stray = sorted(ids.public("option_id", each) for each in left)
        raise OptionInvalid(f"{item.name} has no such option.", attr=where, item_id=item_id, option_id=stray[0])
    return tuple(taken)


def _between(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"


def check_minimum(subtotal_minor: int, minimum_minor: int) -> None:
    """Refuse a subtotal below the restaurant's minimum.

    Raises:
        BelowMinimum: it is.
    """
    if subtotal_minor < minimum_minor:
        raise BelowMinimum(subtotal_minor=subtotal_minor, minimum_minor=minimum_minor)


def fee_lines(*, subtotal_minor: int, distance_m: float, policy: FeePolicy) -> tuple[FeeLine, ...]:
    """Return the fees of an order: delivery by straight-line distance, service, small order."""
    beyond_km = max(0, math.ceil((distance_m - policy.delivery_free_m) / 1000))
    service = min(
        policy.service_most_minor, max(policy.service_least_minor, share(subtotal_minor, policy.service_percent))
    )
    fees = [
        FeeLine(
            code="delivery",
            name="Delivery",
            amount_minor=policy.delivery_base_minor + beyond_km * policy.delivery_per_km_minor,
        ),
        FeeLine(code="service", name="Service", amount_minor=service),
    ]
    if subtotal_minor < policy.small_order_below_minor:
        fees.append(FeeLine(code="small-order", name="Small order", amount_minor=policy.small_order_minor))
    return tuple(fees)


def eta_range(
    *,
    now: datetime,
    auto_accept: bool,
    preparation: timedelta,
    preparation_std_s: float,
    travel_s: float,
    present_delay_s: float,
    policy: EtaPolicy,
) -> tuple[datetime, datetime]:
    """Return the earliest and the latest arrival to promise for an order placed at `now`.

    The span is answer + preparation + travel + handover + the zone's present delay; it is
    widened by a share of itself, more to the late side, where it also covers the kitchen's
    learned spread.
    """
    span_s = (
        (0 if auto_accept else policy.answer_s)
        + preparation.total_seconds()
        + travel_s
        + policy.handover_s
        + max(0.0, present_delay_s)
    )
    early_s = max(policy.least_early_s, span_s * policy.early_share)
    late_s = max(policy.least_late_s, span_s * policy.late_share, preparation_std_s * policy.late_stds)
    return now + timedelta(seconds=round(span_s - early_s)), now + timedelta(seconds=round(span_s + late_s))
