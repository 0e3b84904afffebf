"""What happened in a span, as far as it does not depend on how drivers were chosen."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, Min, Q

from dispatch.conf import TICK_FLOOR_S, conf_of
from dispatch.engine.codec import Recording
from dispatch.engine.mdrp.record import Record, RecordedOrder, RecordedShift
from dispatch.engine.mdrp.rehearsal import RUN_ON_S
from dispatch.engine.travel import Point
from dispatch.models import Delivery, DriverPosition, DriverSession, Offer, RoundRecord, Shift
from dispatch.selectors.roster import break_of
from dispatch.states import DeliveryStatus, OfferStatus
from fleetsync.core import clock
from fleetsync.core.geo import LngLat, distance_m, lng_lat
from fleetsync.core.travel import provider
from restaurants.models import Zone

ANSWERED: Final = (OfferStatus.ACCEPTED, OfferStatus.DECLINED, OfferStatus.EXPIRED, OfferStatus.RETURNED)


def recorded_spans() -> list[tuple[Zone, datetime, datetime, int]]:
    """Return zone, first and last recorded round, and how many there are."""
    spans = {
        row["zone"]: row
        for row in RoundRecord.objects.values("zone").annotate(first=Min("at"), last=Max("at"), number=Count("pk"))
    }
    zones = Zone.objects.filter(pk__in=spans).order_by("name")
    return [(zone, spans[zone.pk]["first"], spans[zone.pk]["last"], spans[zone.pk]["number"]) for zone in zones]


def recorded_demand(
    *, zone: Zone, start: datetime, end: datetime, seen: Mapping[UUID, list[tuple[datetime, Point]]]
) -> Record:
    """Return the orders placed in [start, end) and who was online, until 90 min after the last.

    Orders that were cancelled or refused are left out. A driver begins where he was first
    seen (`seen`, see `first_seen`), else where he is now.
    """
    conf = conf_of(zone.dispatch)
    deliveries = (
        Delivery.objects.filter(zone=zone, order__placed_at__gte=start, order__placed_at__lt=end)
        .exclude(status=DeliveryStatus.CANCELLED)
        .select_related("order", "restaurant")
        .order_by("pk")
    )
    ways_m = {row.pk: distance_m(lng_lat(row.pickup_point), lng_lat(row.dropoff_point)) for row in deliveries}
    orders = tuple(
        RecordedOrder(
            id=str(row.pk),
            restaurant=str(row.restaurant_id),
            pickup=_plain(lng_lat(row.pickup_point)),
            dropoff=_plain(lng_lat(row.dropoff_point)),
            placed_s=row.order.placed_at.timestamp(),
            ready_s=(row.order.food_ready_at or row.ready_at).timestamp(),
            promised_s=row.promised_at.timestamp(),
            pay_minor=conf.pay_for(ways_m[row.pk]),
            vehicles=conf.vehicles_for(ways_m[row.pk], row.restaurant.vehicles),
        )
        for row in deliveries
    )
    return Record(
        orders=orders,
        shifts=tuple(_shifts(zone, start, end, seen)),
        tick_s=max(1, round(clock.at_least(conf.tick_s, TICK_FLOOR_S).total_seconds())),
        half_pickup_s=round(conf.half_pickup_s),
        half_dropoff_s=round(conf.half_dropoff_s),
        accept=_accepted(zone, start, end),
        travel=_travel,
    )


def first_seen(recordings: Iterable[tuple[datetime, Recording]]) -> dict[UUID, list[tuple[datetime, Point]]]:
    """Return where drivers stood in the recorded rounds, in order."""
    seen: dict[UUID, list[tuple[datetime, Point]]] = {}
    for at, recording in recordings:
        snapshot = recording.snapshot
        for driver in snapshot.drivers:
            place = driver.place if driver.position is None else driver.position
            seen.setdefault(UUID(driver.id), []).append((at, snapshot.places[place]))
    return seen


def _shifts(
    zone: Zone, start: datetime, end: datetime, seen: Mapping[UUID, list[tuple[datetime, Point]]]
) -> Iterable[RecordedShift]:
    last = end + timedelta(seconds=RUN_ON_S)
    sessions = (
        DriverSession.objects.filter(Q(ended_at=None) | Q(ended_at__gt=start), zone=zone, started_at__lt=end)
        .select_related("driver")
        .order_by("pk")
    )
    breaks = _breaks([row.driver_id for row in sessions], start, last)
    now = {row.driver_id: row.point for row in DriverPosition.objects.filter(driver__sessions__in=sessions)}
    for row in sessions:
        places = seen.get(row.driver_id, [])
        place = next((where for at, where in places if at >= row.started_at), places[-1][1] if places else None)
        if place is None and row.driver_id in now:
            place = _plain(lng_lat(now[row.driver_id]))
        on = max(row.started_at, start)
        # who was online at the end of the span stays until its last order can be done
        off = min(filter(None, (row.ended_at if row.ended_at and row.ended_at < end else last, row.off_at, last)))
        if place is None or off <= on:
            continue
        yield RecordedShift(
            driver=str(row.driver_id),
            start=place,
            on_s=on.timestamp(),
            off_s=off.timestamp(),
            capacity=row.capacity,
            vehicle=row.driver.vehicle,
            breaks=tuple(breaks.get(row.driver_id, ())),
        )


def _breaks(driver_ids: Iterable[UUID], start: datetime, end: datetime) -> dict[UUID, list[tuple[float, float]]]:
    """Return the planned breaks of these drivers between `start` and `end`, in order."""
    found: dict[UUID, list[tuple[float, float]]] = {}
    shifts = Shift.objects.filter(driver__in=driver_ids, break_to__gt=start, break_from__lt=end)
    for row in shifts.order_by("starts_at", "pk"):
        if (planned := break_of(row.break_from, row.break_to)) is not None:
            found.setdefault(row.driver_id, []).append(planned)
    return found


def _accepted(zone: Zone, start: datetime, end: datetime) -> float:
    """Return the share of answered offers that were taken; 1 where none was answered."""
    answered = Offer.objects.filter(
        delivery__zone=zone, offered_at__gte=start, offered_at__lt=end, status__in=ANSWERED
    ).aggregate(
        number=Count("pk"), taken=Count("pk", filter=Q(status__in=[OfferStatus.ACCEPTED, OfferStatus.RETURNED]))
    )
    return max(0.05, answered["taken"] / answered["number"]) if answered["number"] else 1.0


def _travel(places: tuple[Point, ...]) -> Any:
    points = [LngLat(lng, lat) for lng, lat in places]
    return provider().times_s(points, points)


def _plain(place: LngLat) -> Point:
    return (place.lng, place.lat)
