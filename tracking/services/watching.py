"""Who may watch which driver: kept in Redis, so that a ping asks nobody."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from dispatch.models import Delivery
from dispatch.route import Carried
from dispatch.selectors import carried_by
from fleetsync.core import ids, redis
from tracking import gateway
from tracking.audience import Audience
from tracking.gateway import View
from tracking.sight import audiences_of, sights_of


def renew_watch(*, driver_ids: Sequence[UUID]) -> None:
    """Write anew who may watch these drivers, from the deliveries they hold. May run twice."""
    carried = carried_by(list(driver_ids))
    gateway.set_watches({driver_id: _views(carried.get(driver_id, [])) for driver_id in driver_ids})


def rebuild_watches() -> int:
    """Put right what Redis says about who may watch whom; return how many drivers were wrong.

    Only those are written, and each from a fresh read, so that a step taken meanwhile
    is not undone.
    """
    held = Delivery.objects.active().filter(driver__isnull=False).values_list("driver_id", flat=True).distinct()
    drivers = list(held)
    carried = carried_by(drivers)
    wanted = {driver_id: gateway.pack_views(_views(carried.get(driver_id, []))) for driver_id in drivers}
    try:
        present = gateway.watches()
    except redis.RedisDown:
        return 0
    wrong = [driver for driver in wanted.keys() | present.keys() if wanted.get(driver) != present.get(driver)]
    for driver_id in sorted(wrong):
        renew_watch(driver_ids=[driver_id])
    return len(wrong)


def _views(carried: Sequence[Carried]) -> list[View]:
    """Return the topics that may show a driver who holds these deliveries."""
    orders = dict(Delivery.objects.filter(pk__in=[each.id for each in carried]).values_list("pk", "order_id"))
    sights = sights_of(carried, early=settings.FLEETSYNC_SHOW_DRIVER_EARLY)
    views: list[View] = []
    for each in carried:
        sight, order = sights[each.id], ids.public("order_id", orders[each.id])
        delivery = ids.public("delivery_id", each.id)
        views.append(View(topic=f"order:{order}", to=audiences_of(sight), delivery=delivery, order=order))
        if sight.near_pickup is not None:
            kitchen = ids.public("restaurant_id", each.restaurant_id)
            views.extend(
                View(topic=topic, to=(Audience.RESTAURANT,), delivery=delivery, order=order, near=sight.near_pickup)
                for topic in (f"restaurant:{kitchen}", f"order:{order}")
            )
    return views
