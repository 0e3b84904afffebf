"""Addresses of the tracking app, under /api/v1/."""

from django.urls import path

from tracking import views

urlpatterns = [
    path("positions", views.PositionsView.as_view(), name="positions"),
    path("orders/<order_id:order_id>/live", views.LiveOrderView.as_view(), name="order-live"),
    path("restaurants/<restaurant_id:restaurant_id>/live", views.LiveRestaurantView.as_view(), name="restaurant-live"),
    path("zones/<zone_id:zone_id>/live", views.LiveZoneView.as_view(), name="zone-live"),
    path("zones/<zone_id:zone_id>/basemap", views.BasemapView.as_view(), name="zone-basemap"),
    path("zones/<zone_id:zone_id>/past", views.PastView.as_view(), name="zone-past"),
    path("zones/<zone_id:zone_id>/history", views.HistoryView.as_view(), name="zone-history"),
    path("zones/<zone_id:zone_id>/events", views.HappenedView.as_view(), name="zone-events"),
    path("zones/<zone_id:zone_id>/heat", views.HeatView.as_view(), name="zone-heat"),
    path("zones/<zone_id:zone_id>/figures", views.FiguresView.as_view(), name="zone-figures"),
    path("zones/<zone_id:zone_id>/search", views.SearchView.as_view(), name="zone-search"),
    path("drivers/me/live", views.LiveDriverView.as_view(), name="driver-live"),
    path("tracking/<str:token>", views.PublicTrackingView.as_view(), name="tracking-link"),
]
