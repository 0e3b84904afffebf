"""Addresses of the restaurants app, under /api/v1/."""

from django.urls import path

from restaurants import views

urlpatterns = [
    path("restaurants", views.RestaurantsView.as_view(), name="restaurants"),
    path("restaurants/<restaurant_id:restaurant_id>", views.RestaurantView.as_view(), name="restaurant"),
    path("restaurants/<restaurant_id:restaurant_id>/menu", views.MenuView.as_view(), name="menu"),
]
