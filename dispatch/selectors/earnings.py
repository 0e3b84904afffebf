"""What a driver earned on one day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from dispatch.conf import conf_of
from dispatch.models import Delivery, DriverSession, Offer
from dispatch.states import DeliveryStatus, OfferStatus
from fleetsync.core.geo import distance_m, lng_lat
from orders.models import Order, Review

#: Said yes, even where it was taken away again later.
_TAKEN = (OfferStatus.ACCEPTED, OfferStatus.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A delivery that was handed over and what it paid, minor units."""

    delivery_id: UUID
    code: str
    restaurant: str
    delivered_at: datetime
    pay_minor: int
    tip_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Earnings:
    """One day in the time zone of the driver's city; money in minor units."""

    day: date
    time_zone: str
    currency: str
    online_s: float
    offers_seen: int
    offers_taken: int
    offers_declined: int
    trips: Sequence[Trip]

    @property
    def deliveries(self) -> int:
        """Return how many were handed over."""
        return len(self.trips)

    @property
    def pay_minor(self) -> int:
        """Return what the trips paid, without tips."""
        return sum(trip.pay_minor for trip in self.trips)

    @property
    def tips_minor(self) -> int:
        """Return what customers added."""
        return sum(trip.tip_minor for trip in self.trips)

    @property
    def total_minor(self) -> int:
        """Return pay and tips."""
        return self.pay_minor + self.tips_minor


def earnings(*, driver_id: UUID, day: date | None, now: datetime) -> Earnings:
    """Return the driver's day, today if none is named, trips newest first; five queries.

    The day is the calendar's in the zone where he was online last. A trip counts on the day
    it was handed over, an offer on the day it was made; an offer that never reached the
    phone was not seen.
    """
    last = (
        DriverSession.objects.filter(driver=driver_id)
        .select_related("zone")
        .defer("zone__polygon")
        .order_by("-started_at", "-id")
        .first()
    )
    zone_name = last.zone.time_zone if last else "UTC"
    place: tzinfo = ZoneInfo(zone_name) if last else UTC
    day = day or now.astimezone(place).date()
    start = datetime.combine(day, time.min, tzinfo=place)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=place)
    offers = Offer.objects.filter(driver=driver_id)
    counts = offers.filter(offered_at__gte=start, offered_at__lt=end).aggregate(
        seen=Count("pk", filter=Q(acked_at__isnull=False) | Q(status__in=[*_TAKEN, OfferStatus.DECLINED])),
        taken=Count("pk", filter=Q(status__in=_TAKEN)),
        declined=Count("pk", filter=Q(status=OfferStatus.DECLINED)),
    )
    return Earnings(
        day=day,
        time_zone=zone_name,
        currency=last.zone.currency if last else "USD",
        online_s=_online_s(driver_id, start, end, now),
        offers_seen=counts["seen"],
        offers_taken=counts["taken"],
        offers_declined=counts["declined"],
        trips=_trips(driver_id, start, end),
    )


def _online_s(driver_id: UUID, start: datetime, end: datetime, now: datetime) -> float:
    spans = DriverSession.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=start), driver=driver_id, started_at__lt=end
    ).values_list("started_at", "ended_at")
    # moments of one time zone are subtracted by its clock, which is put forward and back
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    online = (min(ended or now, last) - max(began, first) for began, ended in spans)
    return sum(max(0.0, each.total_seconds()) for each in online)


def _trips(driver_id: UUID, start: datetime, end: datetime) -> list[Trip]:
    """Return what was handed over; one that ops gave him without an offer pays as if it had been offered."""
    handed = list(
        Delivery.objects.filter(
            driver=driver_id,
            status=DeliveryStatus.DELIVERED,
            delivered_at__gte=start,
            delivered_at__lt=end,
        )
        .select_related("order__review", "restaurant", "zone")
        .defer("zone__polygon")
        .order_by("-delivered_at", "-pk")
    )
    agreed = dict(
        Offer.objects.filter(driver=driver_id, status=OfferStatus.ACCEPTED, delivery__in=handed).values_list(
            "delivery_id", "pay_minor"
        )
    )
    return [
        Trip(
            delivery_id=row.pk,
            code=row.order.code,
            restaurant=row.restaurant.name,
            delivered_at=row.delivered_at or start,
            pay_minor=agreed.get(row.pk, _pay(row)),
            tip_minor=row.order.tip_minor + _later_tip(row.order),
        )
        for row in handed
    ]


def _later_tip(order: Order) -> int:
    """Return what the customer gave after the delivery; it counts on the day of the trip."""
    review: Review | None = getattr(order, "review", None)
    return review.tip_minor if review else 0


def _pay(row: Delivery) -> int:
    way_m = distance_m(lng_lat(row.pickup_point), lng_lat(row.dropoff_point))
    return conf_of(row.zone.dispatch).pay_for(way_m)
