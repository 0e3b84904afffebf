"""HTTP of dispatch."""

from dispatch.views.deliveries import DeliveryViewSet
from dispatch.views.drivers import EarningsView, NearbyView, ShiftsView, ShiftView
from dispatch.views.messages import CannedTextsView, DriverMessagesView, MyMessagesView, ReadMessageView
from dispatch.views.offers import OfferViewSet
from dispatch.views.policies import PoliciesView, PolicyActivateView, PolicyRollBackView
from dispatch.views.sessions import CurrentSessionView, PauseView, ResumeView, SessionsView

__all__ = [
    "CannedTextsView",
    "CurrentSessionView",
    "DeliveryViewSet",
    "DriverMessagesView",
    "EarningsView",
    "MyMessagesView",
    "NearbyView",
    "OfferViewSet",
    "PauseView",
    "PoliciesView",
    "PolicyActivateView",
    "PolicyRollBackView",
    "ReadMessageView",
    "ResumeView",
    "SessionsView",
    "ShiftView",
    "ShiftsView",
]
