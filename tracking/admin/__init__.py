"""The back office's dashboard and stuck orders; trails and basemaps."""

from tracking.admin.trail import BasemapAdmin, PositionTrailAdmin

__all__ = ["BasemapAdmin", "PositionTrailAdmin"]
