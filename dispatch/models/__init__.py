"""Sessions, positions, deliveries, jobs, offers, policies, rounds."""

from dispatch.models.deliveries import Delivery, DeliveryQuerySet, DispatchJob
from dispatch.models.offers import Offer, OfferQuerySet
from dispatch.models.rounds import DecisionRecord, DispatchPolicy, Round, RoundRecord
from dispatch.models.sessions import DriverMessage, DriverPosition, DriverSession, Shift

__all__ = [
    "DecisionRecord",
    "Delivery",
    "DeliveryQuerySet",
    "DispatchJob",
    "DispatchPolicy",
    "DriverMessage",
    "DriverPosition",
    "DriverSession",
    "Offer",
    "OfferQuerySet",
    "Round",
    "RoundRecord",
    "Shift",
]
