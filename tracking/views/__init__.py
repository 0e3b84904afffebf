"""HTTP of tracking."""

from tracking.views.live import (
    BasemapView,
    LiveDriverView,
    LiveOrderView,
    LiveRestaurantView,
    LiveZoneView,
    PositionsView,
    PublicTrackingView,
)
from tracking.views.ops import FiguresView, HappenedView, HeatView, HistoryView, PastView, SearchView

__all__ = [
    "BasemapView", "FiguresView", "HappenedView", "HeatView", "HistoryView", "LiveDriverView", "LiveOrderView", "LiveRestaurantView",
    "LiveZoneView", "PastView", "PositionsView", "PublicTrackingView", "SearchView",
]  # fmt: skip
