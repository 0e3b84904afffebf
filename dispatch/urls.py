"""Addresses of the dispatch app, under /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from dispatch import views

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("offers", views.OfferViewSet, basename="offer")
router.register("deliveries", views.DeliveryViewSet, basename="delivery")

urlpatterns = [
    path("driver-sessions", views.SessionsView.as_view(), name="driver-sessions"),
    path("driver-sessions/current", views.CurrentSessionView.as_view(), name="driver-session"),
    path("driver-sessions/current/pause", views.PauseView.as_view(), name="driver-session-pause"),
    path("driver-sessions/current/resume", views.ResumeView.as_view(), name="driver-session-resume"),
    path("drivers/me/earnings", views.EarningsView.as_view(), name="driver-earnings"),
    path("drivers/me/messages", views.MyMessagesView.as_view(), name="my-messages"),
    path("drivers/me/messages/<message_id:message_id>/read", views.ReadMessageView.as_view(), name="read-message"),
    path("drivers/<driver_id:driver_id>/messages", views.DriverMessagesView.as_view(), name="driver-messages"),
    path("message-texts", views.CannedTextsView.as_view(), name="message-texts"),
    path("drivers/nearby", views.NearbyView.as_view(), name="drivers-nearby"),
    path("shifts", views.ShiftsView.as_view(), name="shifts"),
    path("shifts/<shift_id:shift_id>", views.ShiftView.as_view(), name="shift"),
    path("zones/<zone_id:zone_id>/policies", views.PoliciesView.as_view(), name="policies"),
    path("zones/<zone_id:zone_id>/policies/roll-back", views.PolicyRollBackView.as_view(), name="policy-roll-back"),
    path("policies/<policy_id:policy_id>/activate", views.PolicyActivateView.as_view(), name="policy-activate"),
    path("", include(router.urls)),
]
