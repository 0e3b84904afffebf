"""The back office's dashboard and stuck orders; drivers, trails and basemaps."""

from tracking.admin.drivers import DriverAdmin, DriverDocumentAdmin
from tracking.admin.trail import BasemapAdmin, PositionTrailAdmin

__all__ = ["BasemapAdmin", "DriverAdmin", "DriverDocumentAdmin", "PositionTrailAdmin"]
