"""The time machine: a zone as it was, from the event log, the trail and what offers and sessions remember."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.dateparse import parse_datetime

from dispatch.models import Delivery, DriverSession, Offer
from dispatch.states import ACTIVE, DeliveryStatus, SessionStatus
from fleetsync.core import ids
from fleetsync.core.events import topic_of
from fleetsync.core.geo import LngLat
from fleetsync.core.models import Event
from orders.models import Order
from tracking.selectors.history import LONGEST
from tracking.selectors.zone import (
    REFUSED,
    LiveZone,
    MapDriver,
    Search,
    causes_of,
    counters_of,
    kitchens_of,
)

D = DeliveryStatus
STATUS_AFTER: Final[Mapping[str, DeliveryStatus]] = {
    "delivery.searching": D.SEARCHING,
    "delivery.assigned": D.ASSIGNED,
    "delivery.en_route_to_pickup": D.EN_ROUTE_TO_PICKUP,
    "delivery.arrived_at_pickup": D.ARRIVED_AT_PICKUP,
    "delivery.picked_up": D.PICKED_UP,
    "delivery.en_route_to_dropoff": D.EN_ROUTE_TO_DROPOFF,
    "delivery.arrived_at_dropoff": D.ARRIVED_AT_DROPOFF,
    "delivery.delivered": D.DELIVERED,
    "delivery.unassigned": D.SEARCHING,
    "delivery.no_driver_found": D.NO_DRIVER_FOUND,
    "delivery.reopened": D.SEARCHING,
    "delivery.undeliverable": D.UNDELIVERABLE,
    "delivery.returning": D.RETURNING,
    "delivery.returned": D.RETURNED,
    "delivery.cancelled": D.CANCELLED,
}
#: Moments of a delivery that an event sets.
_MOMENTS: Final[Mapping[str, str]] = {
    "delivery.assigned": "assigned_at",
    "delivery.arrived_at_pickup": "arrived_at_pickup_at",
    "delivery.picked_up": "picked_up_at",
    "delivery.arrived_at_dropoff": "arrived_at_dropoff_at",
}
#: A point of the trail older than this shows nobody any more.
LOST: Final = timedelta(minutes=15)
#: Between two points of the trail no further apart, the driver was on the line.
GAP: Final = timedelta(seconds=90)

_POINTS: Final = """
    SELECT driver, was.at, ST_X(was.point), ST_Y(was.point), was.heading_deg, next.at, ST_X(next.point), ST_Y(next.point)
    FROM unnest(%(drivers)s::uuid[]) AS driver
    CROSS JOIN LATERAL (
        SELECT at, point, heading_deg FROM tracking_positiontrail
        WHERE driver_id = driver AND at <= %(at)s AND at > %(oldest)s ORDER BY at DESC LIMIT 1) AS was
    LEFT JOIN LATERAL (
        SELECT at, point FROM tracking_positiontrail
        WHERE driver_id = driver AND at > %(at)s AND at <= %(soon)s ORDER BY at LIMIT 1) AS next ON true"""


def past_zone(*, zone_id: UUID, at: datetime) -> LiveZone:
    """Return the zone as it was at `at`, in the shape of the live one; `seq` is 0, nothing follows it.

    A driver stands between two points of his trail.
    """
    deliveries = _deliveries(zone_id, at)
    offers = list(
        Offer.objects.filter(delivery__in=[row.pk for row in deliveries], offered_at__lte=at).order_by("offered_at")
    )
    _seat(deliveries, offers)
    sessions = list(
        DriverSession.objects.filter(Q(ended_at=None) | Q(ended_at__gt=at), zone=zone_id, started_at__lte=at)
        .select_related("driver__user")
        .order_by("driver_id")
    )
    _as_they_were(sessions, deliveries, at)
    drivers = _drivers(sessions, at)
    placed = _placed(zone_id, at)
    return LiveZone(
        seq=0,
        now=at,
        zone_id=zone_id,
        drivers=drivers,
        deliveries=deliveries,
        sessions=sessions,
        offers=[offer for offer in offers if offer.expires_at > at and (offer.answered_at or offer.expires_at) > at],
        searches=_searches(deliveries, offers, at),
        restaurants=kitchens_of(zone_id),
        placed=placed,
        causes=causes_of([row.order_id for row in deliveries], at=at),
        counters=counters_of(drivers, deliveries) | {"orders_placed": len(placed)},
    )


# --- deliveries ---------------------------------------------------------------


def _deliveries(zone_id: UUID, at: datetime) -> list[Delivery]:
    """Return the deliveries that were under way, each as the log says it was; never to be saved."""
    rows = list(
        Delivery.objects.filter(zone=zone_id, created_at__lte=at, created_at__gt=at - LONGEST)
        .filter(Q(delivered_at=None) | Q(delivered_at__gt=at), Q(closed_at=None) | Q(closed_at__gt=at))
        .select_related("order", "restaurant")
        .order_by("id")
    )
    log: dict[str, list[tuple[str, datetime, dict[str, Any]]]] = defaultdict(list)
    streams = [topic_of("order", row.order_id) for row in rows]
    events = Event.objects.filter(stream__in=streams, at__lte=at).order_by("stream", "seq")
    for stream, kind, moment, payload in events.values_list("stream", "type", "at", "payload"):
        log[stream].append((kind, moment, payload))
    for row in rows:
        rewind(row, log[topic_of("order", row.order_id)])
    return rows


def rewind(row: Delivery, events: Iterable[tuple[str, datetime, Mapping[str, Any]]]) -> None:
    """Put a row, in memory, into the state that these events led to, oldest first."""
    row.status, row.driver_id, row.session_id = D.SEARCHING, None, None
    row.held, row.priority, row.batch_id, row.drop_sequence = False, 0, None, 0
    row.pickup_eta_at = row.dropoff_eta_at = row.eta_low_at = row.eta_high_at = None
    row.delivered_at = row.closed_at = None
    row.wrong_pins = []
    for name in _MOMENTS.values():
        setattr(row, name, None)
    for kind, at, data in events:
        row.status = STATUS_AFTER.get(kind, D(row.status))
        if kind in _MOMENTS:
            setattr(row, _MOMENTS[kind], at)
        if "ready_at" in data:
            row.ready_at = parse_datetime(data["ready_at"]) or row.ready_at
        if kind == "delivery.assigned":
            row.driver_id, row.held = ids.private("driver_id", data["driver_id"]), False
            row.pickup_eta_at = parse_datetime(data["pickup_eta_at"])
            row.dropoff_eta_at = parse_datetime(data["dropoff_eta_at"])
        elif kind == "delivery.unassigned":
            row.driver_id = row.assigned_at = row.arrived_at_pickup_at = None
            row.pickup_eta_at = row.dropoff_eta_at = None
        elif kind == "delivery.pin_refused":
            row.wrong_pins = [*row.wrong_pins, ""]
        elif kind in ("delivery.held", "delivery.released"):
            row.held = kind == "delivery.held"
        elif kind == "delivery.prioritized":
            row.priority = data["priority"]
        elif kind == "delivery.eta_changed":
            row.eta_low_at, row.eta_high_at = parse_datetime(data["eta_low_at"]), parse_datetime(data["eta_high_at"])


def _seat(deliveries: Sequence[Delivery], offers: Sequence[Offer]) -> None:
    """Say which deliveries went together: their driver's last offer knows."""
    last = {(offer.delivery_id, offer.driver_id): offer for offer in offers}
    for row in deliveries:
        offer = last.get((row.pk, row.driver_id)) if row.driver_id else None
        if offer is not None:
            row.batch_id, row.drop_sequence = offer.batch_id, offer.drop_sequence


def _searches(deliveries: Sequence[Delivery], offers: Sequence[Offer], at: datetime) -> list[Search]:
    asked: dict[UUID, list[Offer]] = defaultdict(list)
    for offer in offers:
        asked[offer.delivery_id].append(offer)
    return [
        Search(
            delivery_id=row.pk,
            attempt=len(asked[row.pk]),
            radius_m=0,
            refusals=sum(
                offer.status in REFUSED and offer.answered_at is not None and offer.answered_at <= at
                for offer in asked[row.pk]
            ),
            due_at=asked[row.pk][0].due_at if asked[row.pk] else None,
            search_until=None,
        )
        for row in deliveries
        if row.status == D.SEARCHING
    ]


def _placed(zone_id: UUID, at: datetime) -> list[Order]:
    orders = Order.objects.filter(
        Q(accepted_at=None) | Q(accepted_at__gt=at),
        Q(closed_at=None) | Q(closed_at__gt=at),
        restaurant__zone=zone_id,
        placed_at__lte=at,
        placed_at__gt=at - LONGEST,
    )
    return list(orders.select_related("restaurant").order_by("placed_at", "id"))


# --- drivers ------------------------------------------------------------------


def _as_they_were(sessions: Sequence[DriverSession], deliveries: Sequence[Delivery], at: datetime) -> None:
    """Put sessions, in memory, into their state of then: load from the deliveries, pauses from the log."""
    held: dict[UUID, int] = defaultdict(int)
    for row in deliveries:
        if row.driver_id is not None and row.status in ACTIVE:
            held[row.driver_id] += 1
    streams = {topic_of("driver", session.driver_id): session for session in sessions}
    paused: dict[str, bool] = {}
    log = Event.objects.filter(stream__in=list(streams), type__in=["session.paused", "session.resumed"], at__lte=at)
    for stream, kind, moment in log.order_by("stream", "seq").values_list("stream", "type", "at"):
        if moment >= streams[stream].started_at:
            paused[stream] = kind == "session.paused"
    for stream, session in streams.items():
        session.load = held[session.driver_id]
        session.ended_at, session.end_reason = None, ""
        session.status = (
            SessionStatus.PAUSED
            if paused.get(stream)
            else SessionStatus.BUSY
            if session.load
            else SessionStatus.AVAILABLE
        )


def _bearing(lng: float, lat: float, to_lng: float, to_lat: float) -> float:
    """Return degrees from north, clockwise, on a local plane."""
    east = (to_lng - lng) * math.cos(math.radians(lat))
    return math.degrees(math.atan2(east, to_lat - lat)) % 360


def _drivers(sessions: Sequence[DriverSession], at: datetime) -> list[MapDriver]:
    status = {session.driver_id: session.status for session in sessions}
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, {"drivers": sorted(status), "at": at, "oldest": at - LOST, "soon": at + GAP})
        rows = cursor.fetchall()
    found: list[MapDriver] = []
    for driver_id, was_at, lng, lat, heading, next_at, next_lng, next_lat in rows:
        share = 0.0
        if next_at is not None and next_at - was_at <= GAP:
            share = (at - was_at) / (next_at - was_at)
        place = LngLat(lng + (next_lng - lng) * share, lat + (next_lat - lat) * share) if share else LngLat(lng, lat)
        found.append(
            MapDriver(
                driver_id=driver_id,
                place=place,
                heading_deg=_bearing(lng, lat, next_lng, next_lat) if next_lng is not None else heading,
                age_s=0.0 if share else (at - was_at).total_seconds(),
                status=status[driver_id],
            )
        )
    return sorted(found, key=lambda each: each.driver_id)
