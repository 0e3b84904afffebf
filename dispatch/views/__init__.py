"""HTTP of dispatch."""

from dispatch.views.deliveries import DeliveryViewSet
from dispatch.views.drivers import EarningsView, NearbyView, ShiftsView, ShiftView
from dispatch.views.offers import OfferViewSet
from dispatch.views.sessions import CurrentSessionView, PauseView, ResumeView, SessionsView

__all__ = [
    "CurrentSessionView",
    "DeliveryViewSet",
    "EarningsView",
    "NearbyView",
    "OfferViewSet",
    "PauseView",
    "ResumeView",
    "SessionsView",
    "ShiftView",
    "ShiftsView",
]
