"""Deliveries, offers and drivers as the ways in show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from dispatch.models import Delivery, DriverPosition, DriverSession, Offer
from dispatch.selectors.nearest import NearDriver, nearest_drivers
from dispatch.states import FINISHED, DeliveryStatus, SessionStatus
from fleetsync.core.geo import LngLat, lng_lat
from restaurants.models import Restaurant

MOST_ON_MAP = 5_000


def delivery_of_order(order_id: UUID) -> Delivery | None:
    """Return the delivery of an order with its driver and restaurant; None while the kitchen has not accepted."""
    return (
        Delivery.objects.select_related("restaurant", "order", "driver__user", "driver__position")
        .filter(order_id=order_id)
        .first()
    )


def deliveries_for(user: User) -> QuerySet[Delivery]:
    """Return the deliveries a user may see."""
    return shown(Delivery.objects.visible_to(user))


def shown(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Return them with what their JSON tells of restaurant, order and zone."""
    return deliveries.select_related("restaurant", "order", "zone").defer("zone__polygon")


def offers_for(user: User) -> QuerySet[Offer]:
    """Return the offers a user may see."""
    return Offer.objects.visible_to(user).select_related("delivery__restaurant", "delivery__order")


def nearby(*, restaurant: Restaurant, radius_m: float, limit: int, now: datetime) -> list[NearDriver]:
    """Return the available drivers nearest to a restaurant, nearest first."""
    return nearest_drivers(origin=restaurant.point, radius_m=radius_m, limit=limit, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapDriver:
    """A driver on the map of ops."""

    driver_id: UUID
    name: str
    status: SessionStatus
    load: int
    position: LngLat
    heading_deg: float | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneMap:
    """A zone as ops see it: who is online, and every delivery that is not finished."""

    drivers: Sequence[MapDriver]
    deliveries: Sequence[Delivery]


def zone_map(zone_id: UUID) -> ZoneMap:
    """Return the drivers online and the open deliveries of a zone; three queries."""
    sessions = DriverSession.objects.filter(zone_id=zone_id, ended_at=None).select_related("driver__user")[:MOST_ON_MAP]
    positions = {
        row.driver_id: row for row in DriverPosition.objects.filter(driver__in=[each.driver_id for each in sessions])
    }
    drivers = [
        MapDriver(
            driver_id=session.driver_id,
            name=session.driver.user.get_full_name(),
            status=SessionStatus(session.status),
            load=session.load,
            position=lng_lat(position.point),
            heading_deg=position.heading_deg,
            received_at=position.received_at,
        )
        for session in sessions
        if (position := positions.get(session.driver_id)) is not None
    ]
    open_ones = (
        Delivery.objects.filter(zone_id=zone_id)
        .exclude(status__in=[*FINISHED, DeliveryStatus.CREATED])
        .select_related("restaurant", "order")
        .order_by("pk")[:MOST_ON_MAP]
    )
    return ZoneMap(drivers=drivers, deliveries=list(open_ones))
