"""How long a kitchen took for its last orders, as far as anybody saw it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Sum

from dispatch.conf import conf_of
from dispatch.engine.preparation import Cooked
from dispatch.models import Delivery
from restaurants.models import Restaurant

ORDERS_LOOKED_AT: Final = 200  # three times the half-life of the learning: what is older hardly counts


def cooked_by(*, restaurant_id: UUID) -> list[Cooked]:
    """Return the kitchen's last orders that left its counter, newest first.

    The kitchen's own tap says exactly when an order was ready. Without one, a driver who
    waited longer than handing over takes got it the moment it was ready; who did not wait
    saw only that it was ready by then.
    """
    restaurant = Restaurant.objects.select_related("zone").get(pk=restaurant_id)
    zone, waited = ZoneInfo(restaurant.time_zone), _handover(restaurant)
    rows = (
        Delivery.objects.filter(restaurant_id=restaurant_id, picked_up_at__isnull=False, stated_ready_at__isnull=False)
        .order_by("-picked_up_at", "-id")
        .annotate(pieces=Sum("order__lines__quantity"))
        .values_list(
            "order__accepted_at",
            "stated_ready_at",
            "order__food_ready_at",
            "arrived_at_pickup_at",
            "picked_up_at",
            "pieces",
        )[:ORDERS_LOOKED_AT]
    )
    return [
        _cooked(accepted or stated, stated, tapped, arrived, picked_up, pieces or 1, zone=zone, waited=waited)
        for accepted, stated, tapped, arrived, picked_up, pieces in rows
        if stated is not None and picked_up is not None  # as the query says
    ]


def _handover(restaurant: Restaurant) -> timedelta:
    return timedelta(seconds=2 * conf_of(restaurant.zone.dispatch).half_pickup_s)


def _cooked(
    accepted: datetime,
    stated: datetime,
    tapped: datetime | None,
    arrived: datetime | None,
    picked_up: datetime,
    pieces: int,
    *,
    zone: ZoneInfo,
    waited: timedelta,
) -> Cooked:
    hour = accepted.astimezone(zone).hour
    if tapped is not None and tapped < picked_up:  # a pickup implies "ready" at its own moment
        return Cooked(hour=hour, pieces=pieces, late_s=(tapped - stated).total_seconds())
    exact = arrived is not None and picked_up - arrived > waited
    return Cooked(hour=hour, pieces=pieces, late_s=(picked_up - stated).total_seconds(), exact=exact)
