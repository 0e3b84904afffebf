"""The back office's dashboard and stuck orders; drivers, trails and basemaps."""

from tracking.admin.documents import DriverDocumentAdmin
from tracking.admin.drivers import DriverAdmin
from tracking.admin.trail import BasemapAdmin, PositionTrailAdmin

__all__ = ["BasemapAdmin", "DriverAdmin", "DriverDocumentAdmin", "PositionTrailAdmin"]
