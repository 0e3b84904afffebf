"""What must hold for deliveries, offers and sessions; `manage.py check_conservation` asks."""

from collections.abc import Iterator

from dispatch import events
from dispatch.models import Delivery, DriverSession, Offer
from dispatch.states import ACTIVE, DeliveryStatus, OfferStatus, SessionStatus
from fleetsync.core import events as log
from fleetsync.core.conservation import Moment, folded, public_pairs, rows, rule

#: The status a delivery has after an event of this type; what is left out changes none.
DELIVERY_AFTER = {
    events.DeliveryOpened.type: DeliveryStatus.SEARCHING,
    events.DeliveryAssigned.type: DeliveryStatus.ASSIGNED,
    events.DriverEnRouteToPickup.type: DeliveryStatus.EN_ROUTE_TO_PICKUP,
    events.DriverArrivedAtPickup.type: DeliveryStatus.ARRIVED_AT_PICKUP,
    events.DeliveryPickedUp.type: DeliveryStatus.PICKED_UP,
    events.DriverEnRouteToDropoff.type: DeliveryStatus.EN_ROUTE_TO_DROPOFF,
    events.DriverArrivedAtDropoff.type: DeliveryStatus.ARRIVED_AT_DROPOFF,
    events.DeliveryDelivered.type: DeliveryStatus.DELIVERED,
    events.DeliveryUnassigned.type: DeliveryStatus.SEARCHING,
    events.NoDriverFound.type: DeliveryStatus.NO_DRIVER_FOUND,
    events.DeliveryReopened.type: DeliveryStatus.SEARCHING,
    events.DeliveryUndeliverable.type: DeliveryStatus.UNDELIVERABLE,
    events.DeliveryReturning.type: DeliveryStatus.RETURNING,
    events.DeliveryReturned.type: DeliveryStatus.RETURNED,
    events.DeliveryCancelled.type: DeliveryStatus.CANCELLED,
}
OFFER_AFTER = {
    events.OfferMade.type: OfferStatus.OPEN,
    events.OfferAccepted.type: OfferStatus.ACCEPTED,
    events.OfferDeclined.type: OfferStatus.DECLINED,
    events.OfferExpired.type: OfferStatus.EXPIRED,
    events.OfferWithdrawn.type: OfferStatus.WITHDRAWN,
    events.OfferUndelivered.type: OfferStatus.UNDELIVERED,
    events.OfferReturned.type: OfferStatus.RETURNED,
}
STATES = {
    "active": sorted(ACTIVE),
    "searching": DeliveryStatus.SEARCHING.value,
    "open": OfferStatus.OPEN.value,
    "accepted": OfferStatus.ACCEPTED.value,
}


@rule("every delivery is in the state its events tell")
def _deliveries_fold(moment: Moment) -> Iterator[str]:
    return folded(
        Delivery.objects.only("pk", "status", "order_id"),
        field="delivery_id",
        after=DELIVERY_AFTER,
        stream_of=lambda row: log.topic_of("order", row.order_id),
    )


@rule("every offer is in the state its events tell")
def _offers_fold(moment: Moment) -> Iterator[str]:
    return folded(
        Offer.objects.only("pk", "status", "driver_id"),
        field="offer_id",
        after=OFFER_AFTER,
        stream_of=lambda row: log.topic_of("driver", row.driver_id),
    )


@rule("every live session carries exactly its active deliveries, within its capacity")
def _loads(moment: Moment) -> Iterator[str]:
    found = rows(
        """SELECT s.id, 'load ' || s.load || ', capacity ' || s.capacity || ', but ' || count(d.id) || ' deliveries'
           FROM dispatch_driversession AS s
           LEFT JOIN dispatch_delivery AS d ON d.session_id = s.id AND d.status = ANY (%(active)s)
           WHERE s.ended_at IS NULL GROUP BY s.id
           HAVING count(d.id) <> s.load OR s.load > s.capacity""",
        active=STATES["active"],
    )
    return public_pairs("session_id", found)


@rule("no delivery has two accepted offers, and an accepted offer has its delivery under way with that driver")
def _one_driver(moment: Moment) -> Iterator[str]:
    found = rows(
        """SELECT d.id, count(o.id) || ' accepted offers, driver ' || coalesce(d.driver_id::text, 'none')
           FROM dispatch_delivery AS d JOIN dispatch_offer AS o ON o.delivery_id = d.id AND o.status = %(accepted)s
           WHERE d.status <> 'CANCELLED' GROUP BY d.id
           HAVING count(o.id) > 1 OR bool_or(d.driver_id IS DISTINCT FROM o.driver_id)""",
        accepted=STATES["accepted"],
    )
    return public_pairs("delivery_id", found)


@rule("no offer stays open past its deadline, on a finished delivery or after its session")
def _offers_end(moment: Moment) -> Iterator[str]:
    found = rows(
        """SELECT o.id, 'delivery ' || d.status || ', expired ' || o.expires_at
           FROM dispatch_offer AS o JOIN dispatch_delivery AS d ON d.id = o.delivery_id
           JOIN dispatch_driversession AS s ON s.id = o.session_id
           WHERE o.status = %(open)s
             AND (o.expires_at < %(followed)s OR d.status <> %(searching)s OR s.ended_at IS NOT NULL)""",
        followed=moment.followed,
        open=STATES["open"],
        searching=STATES["searching"],
    )
    return public_pairs("offer_id", found)


@rule("a delivery is searched for exactly while it has no driver yet")
def _jobs(moment: Moment) -> Iterator[str]:
    found = rows(
        """SELECT d.id, d.status || ', job ' || CASE WHEN j.id IS NULL THEN 'missing'
                                                     WHEN j.searching THEN 'searching' ELSE 'at rest' END
           FROM dispatch_delivery AS d LEFT JOIN dispatch_dispatchjob AS j ON j.delivery_id = d.id
           WHERE coalesce(j.searching, false) <> (d.status = %(searching)s)
              OR (j.searching AND j.search_until < %(followed)s)""",
        searching=STATES["searching"],
        followed=moment.followed,
    )
    return public_pairs("delivery_id", found)


@rule("no session outlives its lease")
def _leases(moment: Moment) -> Iterator[str]:
    late = DriverSession.objects.filter(ended_at=None, lease_until__lt=moment.followed)
    dead = DriverSession.objects.exclude(ended_at=None).exclude(status=SessionStatus.OFFLINE)
    for row in (*late.order_by("pk"), *dead.order_by("pk")):
        yield from public_pairs("session_id", iter([(row.pk, f"{row.status}, lease until {row.lease_until}")]))


@rule("an order and its delivery end alike")
def _same_end(moment: Moment) -> Iterator[str]:
    found = rows(
        """SELECT o.id, 'order ' || o.status || ', delivery ' || coalesce(d.status, 'missing')
           FROM orders_order AS o LEFT JOIN dispatch_delivery AS d ON d.order_id = o.id
           WHERE (o.status = 'DELIVERED') <> (coalesce(d.status, '') = 'DELIVERED')
              OR (o.status = 'RETURNED') <> (coalesce(d.status, '') = 'RETURNED')
              OR (o.status IN ('ACCEPTED', 'PREPARING', 'READY') AND o.accepted_at < %(followed)s
                  AND (d.id IS NULL OR d.status = 'CANCELLED'))
              OR (o.status IN ('CANCELLED', 'REJECTED') AND o.closed_at < %(followed)s
                  AND d.status NOT IN ('CANCELLED', 'NO_DRIVER_FOUND'))""",
        followed=moment.followed,
    )
    return public_pairs("order_id", found)
