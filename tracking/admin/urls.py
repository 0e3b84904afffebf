"""The back office's own pages, beside those that Django's admin makes of models."""

from django.contrib import admin
from django.urls import path

from tracking.admin import stuck

guarded = admin.site.admin_view

urlpatterns = [
    path("stuck/", guarded(stuck.stuck_list), name="office-stuck"),
    path("stuck/undo", guarded(stuck.undo), name="office-stuck-undo"),
    path("stuck/<slug:verb>/<uuid:order_id>/ask", guarded(stuck.ask), name="office-stuck-ask"),
    path("stuck/<slug:verb>/<uuid:order_id>", guarded(stuck.act), name="office-stuck-act"),
]
