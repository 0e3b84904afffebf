"""Snapshots: what a topic looks like now, with the number of the last event that is in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from accounts.models import Driver
from dispatch.conf import UNREAD_SHOWN
from dispatch.models import Delivery, DriverMessage, DriverPosition, DriverSession, Offer
from dispatch.selectors import carried_by, shown
from dispatch.states import ACTIVE, OfferStatus
from fleetsync.core.geo import distance_m, lng_lat
from fleetsync.core.relay import feed_heads
from orders.models import Order
from orders.states import OPEN
from tracking.audience import OPS_AUDIENCES, Audience
from tracking.conf import POSITIONS
from tracking.errors import TopicForbidden
from tracking.selectors.access import Viewer
from tracking.selectors.zone import causes_of
from tracking.sight import Sight, sights_of
from tracking.topics import Topic, TopicKind

#: A closed order stays on the kitchen's and the driver's screen for so long.
JUST_CLOSED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDriver:
    """The driver of an order as far as this viewer may see; `position` is None where not."""

    driver: Driver
    position: DriverPosition | None
    age_s: float | None
    doors_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOrder:
    """One order with its delivery, for one viewer."""

    seq: int
    now: datetime
    viewer: Viewer
    order: Order
    delivery: Delivery | None
    driver: SeenDriver | None
    cause: str = ""
    """Why the arrival moved last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRestaurant:
    """The open orders of a kitchen, oldest first, and those closed a moment ago."""

    seq: int
    now: datetime
    restaurant_id: UUID
    orders: Sequence[LiveOrder]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDriver:
    """A driver's own screen."""

    seq: int
    now: datetime
    driver_id: UUID
    session: DriverSession | None
    offers: Sequence[Offer]
    deliveries: Sequence[Delivery]
    messages: Sequence[DriverMessage]


def live_order(*, order_id: UUID, viewer: Viewer, now: datetime) -> LiveOrder:
    """Return the snapshot of `order:{id}`. The caller has checked that the viewer may see it.

    Raises:
        TopicForbidden: there is no such order.
    """
    seq = feed_heads([topic := Topic(TopicKind.ORDER, order_id).source])[topic]
    order = (
        Order.objects.filter(pk=order_id)
        .select_related("restaurant", "review", "delivery__driver__user", "delivery__driver__position")
        .first()
    )
    if order is None:
        raise TopicForbidden
    cause = causes_of([order_id], at=now).get(order_id, "")
    return replace(_live(order, viewer=viewer, now=now, seq=seq), cause=cause)


def _live(
    order: Order, *, viewer: Viewer, now: datetime, seq: int, sights: dict[UUID, Sight] | None = None
) -> LiveOrder:
    delivery = getattr(order, "delivery", None)
    driver = delivery.driver if delivery is not None and delivery.status in ACTIVE else None
    seen = None
    if delivery is not None and driver is not None:
        if sights is None:
            sights = sights_of(carried_by([driver.pk])[driver.pk], early=settings.FLEETSYNC_SHOW_DRIVER_EARLY)
        seen = _seen(driver, sights.get(delivery.pk), viewer=viewer, now=now)
    return LiveOrder(seq=seq, now=now, viewer=viewer, order=order, delivery=delivery, driver=seen)


def _seen(driver: Driver, sight: Sight | None, *, viewer: Viewer, now: datetime) -> SeenDriver:
    position = getattr(driver, "position", None)
    if position is None or sight is None or not _may_see(position, sight, viewer):
        return SeenDriver(driver=driver, position=None, age_s=None, doors_before=sight.doors_before if sight else 0)
    age_s = max(0.0, (now - position.received_at).total_seconds())
    return SeenDriver(driver=driver, position=position, age_s=age_s, doors_before=sight.doors_before)


def _may_see(position: DriverPosition, sight: Sight, viewer: Viewer) -> bool:
    if viewer.audience in OPS_AUDIENCES or viewer.audience is Audience.DRIVER:
        return True
    if viewer.audience is Audience.RESTAURANT:
        near = sight.near_pickup
        return near is not None and distance_m(near, lng_lat(position.point)) <= POSITIONS.near_pickup_m
    return sight.customer


def live_restaurant(*, restaurant_id: UUID, viewer: Viewer, now: datetime) -> LiveRestaurant:
    """Return the snapshot of `restaurant:{id}`. The caller has checked that the viewer may see it."""
    seq = feed_heads([topic := Topic(TopicKind.RESTAURANT, restaurant_id).source])[topic]
    shown = Q(status__in=OPEN) | Q(closed_at__gte=now - JUST_CLOSED) | Q(delivered_at__gte=now - JUST_CLOSED)
    orders = list(
        Order.objects.filter(shown, restaurant=restaurant_id)
        .select_related("restaurant", "delivery__driver__user", "delivery__driver__position")
        .prefetch_related("lines")
        .order_by("placed_at", "id")
    )
    drivers = {
        order.delivery.driver_id
        for order in orders
        if getattr(order, "delivery", None) is not None and order.delivery.driver_id is not None
    }
    sights: dict[UUID, Sight] = {}
    for carried in carried_by(sorted(drivers)).values():
        sights |= sights_of(carried, early=settings.FLEETSYNC_SHOW_DRIVER_EARLY)
    return LiveRestaurant(
        seq=seq,
        now=now,
        restaurant_id=restaurant_id,
        orders=[_live(order, viewer=viewer, now=now, seq=0, sights=sights) for order in orders],
    )


def live_driver(*, driver_id: UUID, now: datetime) -> LiveDriver:
    """Return the snapshot of `driver:me`: the session, open offers, deliveries held, unread words of ops."""
    seq = feed_heads([topic := Topic(TopicKind.DRIVER, driver_id).source])[topic]
    offers = Offer.objects.filter(driver=driver_id, status=OfferStatus.OPEN, expires_at__gt=now)
    deliveries = Delivery.objects.filter(driver=driver_id, status__in=ACTIVE)
    return LiveDriver(
        seq=seq,
        now=now,
        driver_id=driver_id,
        session=DriverSession.objects.filter(driver=driver_id, ended_at=None).select_related("zone").first(),
        offers=list(offers.select_related("delivery__order", "delivery__restaurant").order_by("offered_at", "id")),
        deliveries=list(shown(deliveries).order_by("assigned_at", "drop_sequence", "id")),
        messages=list(DriverMessage.objects.filter(driver=driver_id, read_at=None).order_by("id")[:UNREAD_SHOWN]),
    )


__all__ = ["LiveDriver", "LiveOrder", "LiveRestaurant", "SeenDriver", "live_driver", "live_order", "live_restaurant"]
