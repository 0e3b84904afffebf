"""Rating and tip after the delivery, by whoever holds the order's link."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fleetsync.core.errors import NotFound
from fleetsync.core.events import change
from orders.conf import REVIEW_WITHIN
from orders.errors import NotDelivered, ReviewClosed, TipGiven
from orders.events import OrderRated, OrderTipped
from orders.models import Order, Review
from orders.states import OrderStatus

ACTOR = "link"


def rate_order(*, order_id: UUID, stars: int, tags: Sequence[str], comment: str, now: datetime) -> Review:
    """Keep what the customer says; what was said before is replaced. The same again changes nothing.

    Locks the order.

    Raises:
        NotFound, NotDelivered, ReviewClosed: there is nothing to rate, not yet or no longer.
    """
    with change(now=now, actor=ACTOR) as emit:
        order = _reviewable(order_id, now)
        row, _ = Review.objects.get_or_create(order=order)
        said = (stars, sorted(set(tags)), comment)
        if (row.stars, row.tags, row.comment) != said:
            starred = row.stars != stars
            row.stars, row.tags, row.comment = said
            row.rated_at = now
            row.save(update_fields=["stars", "tags", "comment", "rated_at"])
            if starred:
                emit(
                    OrderRated(order_id=order.pk, restaurant_id=order.restaurant_id, zone_id=order.zone_id, stars=stars)
                )
    return row


def tip_order(*, order_id: UUID, tip_minor: int, now: datetime) -> Review:
    """Add a tip for the driver, once; the same amount again changes nothing. Locks the order.

    Raises:
        NotFound, NotDelivered, ReviewClosed: there is nothing to tip for, not yet or no longer.
        TipGiven: another amount was given before.
    """
    with change(now=now, actor=ACTOR) as emit:
        order = _reviewable(order_id, now)
        row, _ = Review.objects.get_or_create(order=order)
        if row.tipped_at is not None:
            if row.tip_minor != tip_minor:
                raise TipGiven(attr="tip_minor", tip_minor=row.tip_minor)
            return row
        row.tip_minor, row.tipped_at = tip_minor, now
        row.save(update_fields=["tip_minor", "tipped_at"])
        emit(
            OrderTipped(
                order_id=order.pk,
                restaurant_id=order.restaurant_id,
                zone_id=order.zone_id,
                tip_minor=tip_minor,
                currency=order.currency,
            )
        )
    return row


def _reviewable(order_id: UUID, now: datetime) -> Order:
    order = Order.objects.select_for_update(of=("self",), no_key=True).filter(pk=order_id).first()
    if order is None:
        raise NotFound
    if order.status != OrderStatus.DELIVERED or order.delivered_at is None:
        raise NotDelivered
    if now > order.delivered_at + REVIEW_WITHIN:
        raise ReviewClosed
    return order
