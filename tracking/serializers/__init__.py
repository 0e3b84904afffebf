"""Shapes of what tracking answers: live views, and what ops ask about a zone."""

from tracking.serializers.live import (
    LiveDriverOutput,
    LiveOrderOutput,
    LiveRestaurantOutput,
    PositionsInput,
    PositionsOutput,
)
from tracking.serializers.ops import (
    FiguresOutput,
    HappenedOutput,
    HeatOutput,
    HistoryOutput,
    HistoryQuery,
    LiveZoneOutput,
    MomentQuery,
    PastQuery,
    SearchOutput,
    SearchQuery,
)

__all__ = [
    "FiguresOutput", "HappenedOutput", "HeatOutput", "HistoryOutput", "HistoryQuery", "LiveDriverOutput", "LiveOrderOutput",
    "LiveRestaurantOutput", "LiveZoneOutput", "MomentQuery", "PastQuery", "PositionsInput", "PositionsOutput",
    "SearchOutput", "SearchQuery",
]  # fmt: skip
