"""What the events of this app have in common."""

from typing import TypedDict
from uuid import UUID

from dispatch.models import Delivery, DriverSession, Offer


class DeliveryIds(TypedDict):
    """Fields of every `DeliveryEvent`."""

    order_id: UUID
    delivery_id: UUID
    restaurant_id: UUID
    zone_id: UUID


class SessionIds(TypedDict):
    """Fields of every event of a session."""

    driver_id: UUID
    zone_id: UUID
    session_id: UUID


class TaskIds(TypedDict):
    """Fields of every `TaskEvent`."""

    driver_id: UUID
    zone_id: UUID
    delivery_id: UUID
    order_id: UUID


class OfferIds(TypedDict):
    """Fields of every `OfferEvent`."""

    driver_id: UUID
    zone_id: UUID
    offer_id: UUID
    delivery_id: UUID
    order_id: UUID


def of_delivery(row: Delivery) -> DeliveryIds:
    """Return the ids that a fact about this delivery carries."""
    return {
        "order_id": row.order_id,
        "delivery_id": row.pk,
        "restaurant_id": row.restaurant_id,
        "zone_id": row.zone_id,
    }


def of_session(row: DriverSession) -> SessionIds:
    """Return the ids that a fact about this session carries."""
    return {"driver_id": row.driver_id, "zone_id": row.zone_id, "session_id": row.pk}


def of_task(row: Delivery, driver_id: UUID) -> TaskIds:
    """Return the ids that a fact about this driver's task carries."""
    return {"driver_id": driver_id, "zone_id": row.zone_id, "delivery_id": row.pk, "order_id": row.order_id}


def of_offer(offer: Offer, delivery: Delivery) -> OfferIds:
    """Return the ids that a fact about this offer carries."""
    return {
        "driver_id": offer.driver_id,
        "zone_id": delivery.zone_id,
        "offer_id": offer.pk,
        "delivery_id": offer.delivery_id,
        "order_id": delivery.order_id,
    }
