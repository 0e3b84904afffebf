"""Quotes and orders: the checks, the price and the promise, then one short write."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.gis.geos import Point

from accounts.models import User
from fleetsync.core import ids, money
from fleetsync.core.errors import NotFound
from fleetsync.core.events import change
from fleetsync.core.geo import distance_m, lng_lat
from fleetsync.core.travel import drive_s, provider
from orders import errors, events
from orders.conf import ETA, FEES, QUOTE_LIFE, QUOTE_MOVE_M
from orders.models import Order, OrderLine, Quote
from orders.pricing import (
    Basket,
    FeeLine,
    PricedLine,
    basket_of,
    check_minimum,
    eta_range,
    fee_lines,
    price_lines,
)
from orders.selectors import sold_items
from orders.states import IN_KITCHEN, OrderStatus
from restaurants import selectors as restaurants
from restaurants.models import Restaurant

log = logging.getLogger(__name__)

# No vowels and no look-alikes: nothing rude, nothing misheard at the counter.
CODE_LETTERS: Final = "23456789BCDFGHJKMNPQRSTVWXZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the order goes."""

    point: Point
    address: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a basket costs and when it comes."""

    restaurant: Restaurant
    lines: tuple[PricedLine, ...]
    fees: tuple[FeeLine, ...]
    subtotal_minor: int
    fees_minor: int
    eta_low_at: datetime
    eta_high_at: datetime

    def total_minor(self, *, tip_minor: int) -> int:
        """Return what is to be paid with a tip.

        Raises:
            TotalTooHigh: it is more than the database holds.
        """
        total = self.subtotal_minor + self.fees_minor + tip_minor
        if total > money.MOST_MINOR:
            raise errors.TotalTooHigh(attr="items", total_minor=total, most_minor=money.MOST_MINOR)
        return total


def make_quote(*, customer: User, basket: Basket, dropoff: Point, tip_minor: int, now: datetime) -> Quote:
    """Promise a price and an arrival range for ten minutes.

    Raises:
        Everything that `place_order` refuses for the restaurant, the basket and the door.
    """
    terms = _terms(basket, dropoff, now)
    return Quote.objects.create(
        customer=customer,
        restaurant=terms.restaurant,
        zone=terms.restaurant.zone,
        dropoff_point=dropoff,
        lines=[line.to_json() for line in terms.lines],
        fees=[fee.to_json() for fee in terms.fees],
        currency=terms.restaurant.currency,
        subtotal_minor=terms.subtotal_minor,
        fees_minor=terms.fees_minor,
        tip_minor=tip_minor,
        total_minor=terms.total_minor(tip_minor=tip_minor),
        eta_low_at=terms.eta_low_at,
        eta_high_at=terms.eta_high_at,
        created_at=now,
        expires_at=now + QUOTE_LIFE,
    )


def place_order(
    *,
    customer: User,
    basket: Basket,
    door: Door,
    now: datetime,
    kitchen_note: str = "",
    tip_minor: int = 0,
) -> Order:
    """Buy a basket at the prices of the moment: order, lines and events in one transaction.

    A restaurant that accepts by itself has accepted in the same transaction.

    Raises:
        NotFound: no such restaurant.
        RestaurantPaused, RestaurantClosed, OutsideZone, TooFar
        ItemUnknown, ItemUnavailable, OptionInvalid, BelowMinimum, TotalTooHigh
    """
    terms = _terms(basket, door.point, now)
    return _write(customer, terms, door, kitchen_note, tip_minor, now, quote=None)


def place_quoted_order(
    *,
    customer: User,
    quote_id: UUID,
    door: Door,
    now: datetime,
    kitchen_note: str = "",
    tip_minor: int | None = None,
) -> Order:
    """Buy what was quoted, at the quoted price and promise; `tip_minor` overrides the quoted tip.

    Locks the quote, so that it is used once. The restaurant must still be open and
    everything on the menu; only prices are kept.

    Raises:
        NotFound: no such quote, or another customer's.
        QuoteExpired, QuoteUsed
        QuoteMismatch: the door is not the quoted one (50 m are forgiven).
        What `place_order` refuses for the restaurant and the basket.
    """
    with change(now=now, actor=ids.encode("usr", customer.pk)):
        quote = (
            Quote.objects.select_for_update(of=("self",), no_key=True).filter(pk=quote_id, customer=customer).first()
        )
        if quote is None:
            raise NotFound("There is no such quote.", attr="quote_id")
        order_id = Order.objects.filter(quote=quote).values_list("id", flat=True).first()
        if order_id is not None:
            raise errors.QuoteUsed(attr="quote_id", order_id=ids.public("order_id", order_id))
        if quote.expires_at <= now:
            raise errors.QuoteExpired(attr="quote_id", expires_at=quote.expires_at.isoformat())
        if distance_m(lng_lat(quote.dropoff_point), lng_lat(door.point)) > QUOTE_MOVE_M:
            raise errors.QuoteMismatch(attr="dropoff")
        lines = tuple(PricedLine.from_json(line) for line in quote.lines)
        basket = basket_of(quote.restaurant_id, lines)
        restaurant, _ = _reach(quote.restaurant_id, door.point, now)
        price_lines(basket, sold_items(restaurant_id=restaurant.pk, item_ids=[line.item_id for line in lines]))
        terms = Terms(
            restaurant=restaurant,
            lines=lines,
            fees=tuple(FeeLine(**fee) for fee in quote.fees),
            subtotal_minor=quote.subtotal_minor,
            fees_minor=quote.fees_minor,
            eta_low_at=quote.eta_low_at,
            eta_high_at=quote.eta_high_at,
        )
        tip = quote.tip_minor if tip_minor is None else tip_minor
        return _write(customer, terms, door, kitchen_note, tip, now, quote=quote)


def code_of(order_id: UUID) -> str:
    """Return the four letters that people say at the counter, drawn from the id's random bits."""
    number, letters = order_id.int, []
    for _ in range(4):
        number, letter = divmod(number, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[letter])
    return "".join(letters)


def _reach(restaurant_id: UUID, dropoff: Point, now: datetime) -> tuple[Restaurant, float]:
    """Return the restaurant and the metres to the door, if it sells there at `now`."""
    restaurant = Restaurant.objects.select_related("zone").filter(pk=restaurant_id, published=True).first()
    if restaurant is None:
        raise NotFound("There is no such restaurant.", attr="restaurant_id")
    if restaurant.paused_until is not None and restaurant.paused_until > now:
        raise errors.RestaurantPaused(attr="restaurant_id", paused_until=restaurant.paused_until.isoformat())
    _check_load(restaurant)
    opens_at = restaurants.next_opening(restaurant=restaurant, now=now)
    if opens_at != now:
        raise errors.RestaurantClosed(attr="restaurant_id", opens_at=opens_at.isoformat() if opens_at else None)
    if restaurants.zone_at(point=dropoff) is None:
        raise errors.OutsideZone(attr="dropoff")
    metres = distance_m(lng_lat(restaurant.point), lng_lat(dropoff))
    if metres > restaurant.delivery_radius_m:
        raise errors.TooFar(attr="dropoff", distance_m=round(metres), radius_m=restaurant.delivery_radius_m)
    return restaurant, metres


def _check_load(restaurant: Restaurant) -> None:
    limit = restaurant.max_open_orders
    if limit is None:
        return
    if Order.objects.filter(restaurant_id=restaurant.pk, status__in=IN_KITCHEN).count() >= limit:
        raise errors.RestaurantBusy(attr="restaurant_id", max_open_orders=limit)


def _terms(basket: Basket, dropoff: Point, now: datetime) -> Terms:
    """Check and price a basket, and say when it would come."""
    restaurant, metres = _reach(basket.restaurant_id, dropoff, now)
    menu = sold_items(restaurant_id=restaurant.pk, item_ids=[item.item_id for item in basket.items])
    lines = price_lines(basket, menu)
    subtotal_minor = sum(line.total_minor for line in lines)
    check_minimum(subtotal_minor, restaurant.minimum_minor)
    fees = fee_lines(subtotal_minor=subtotal_minor, distance_m=metres, policy=FEES)
    late = restaurants.expected_lateness(
        restaurant=restaurant, at=now, pieces=sum(item.quantity for item in basket.items)
    )
    low, high = eta_range(
        now=now,
        auto_accept=restaurant.auto_accept,
        preparation=max(timedelta(0), timedelta(minutes=restaurant.preparation_min, seconds=late.late_s)),
        preparation_std_s=late.std_s,
        travel_s=drive_s(provider(), lng_lat(restaurant.point), lng_lat(dropoff)),
        present_delay_s=restaurant.zone.present_delay_s,
        policy=ETA,
    )
    return Terms(
        restaurant=restaurant,
        lines=lines,
        fees=fees,
        subtotal_minor=subtotal_minor,
        fees_minor=sum(fee.amount_minor for fee in fees),
        eta_low_at=low,
        eta_high_at=high,
    )


def _write(
    customer: User,
    terms: Terms,
    door: Door,
    kitchen_note: str,
    tip_minor: int,
    now: datetime,
    *,
    quote: Quote | None,
) -> Order:
    """Write order, lines and events."""
    restaurant = terms.restaurant
    order_id = ids.uuid7()
    accepted: dict[str, Any] = {}
    if restaurant.auto_accept:
        ready_at = now + timedelta(minutes=restaurant.preparation_min)
        accepted = {"status": OrderStatus.ACCEPTED, "accepted_at": now, "ready_at": ready_at}
    order = Order(
        id=order_id,
        customer=customer,
        restaurant=restaurant,
        zone=restaurant.zone,
        quote=quote,
        code=code_of(order_id),
        dropoff_point=door.point,
        dropoff_address=door.address,
        dropoff_note=door.note,
        kitchen_note=kitchen_note,
        currency=restaurant.currency,
        subtotal_minor=terms.subtotal_minor,
        fees=[fee.to_json() for fee in terms.fees],
        fees_minor=terms.fees_minor,
        tip_minor=tip_minor,
        total_minor=terms.total_minor(tip_minor=tip_minor),
        placed_at=now,
        accept_by=now + timedelta(seconds=restaurant.accept_within_s),
        promised_at=terms.eta_high_at,
        **accepted,
    )
    lines = [
        OrderLine(
            order=order,
            item_id=line.item_id,
            name=line.name,
            options=line.to_json()["options"],
            unit_minor=line.unit_minor,
            quantity=line.quantity,
            total_minor=line.total_minor,
        )
        for line in terms.lines
    ]
    common = {"order_id": order.pk, "restaurant_id": restaurant.pk, "zone_id": restaurant.zone_id}
    with change(now=now, actor=ids.encode("usr", customer.pk)) as emit:
        if restaurant.max_open_orders is not None:  # two customers may not both be the last
            Restaurant.objects.select_for_update(of=["self"], no_key=True).get(pk=restaurant.pk)
            _check_load(restaurant)
        order.save(force_insert=True)
        OrderLine.objects.bulk_create(lines)
        emit(
            events.OrderPlaced(
                **common,
                customer_id=customer.pk,
                total_minor=order.total_minor,
                currency=order.currency,
                placed_at=now,
                accept_by_at=order.accept_by,
            )
        )
        if order.ready_at is not None:
            emit(events.OrderAccepted(**common, ready_at=order.ready_at))
    log.info(
        "orders.order.placed",
        extra={"order_id": ids.public("order_id", order.pk), "total_minor": order.total_minor, "lines": len(lines)},
    )
    return order
