"""Addresses of the orders app, under /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from orders.views import OrderViewSet, QuoteView, RatingView, TipView

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("orders", OrderViewSet, basename="order")

urlpatterns = [
    path("quotes", QuoteView.as_view(), name="quote-list"),
    path("tracking/<str:token>/rating", RatingView.as_view(), name="tracking-rating"),
    path("tracking/<str:token>/tip", TipView.as_view(), name="tracking-tip"),
    path("", include(router.urls)),
]
