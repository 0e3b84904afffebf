"""Reads of tracking: who may hear a topic, what it looks like now, what was missed."""

from tracking.selectors.access import Login, Viewer, require_topic, viewer_of
from tracking.selectors.basemaps import DrawnMap, basemap_of, basemap_version
from tracking.selectors.figures import Figures, figures
from tracking.selectors.live import (
    LiveDriver,
    LiveOrder,
    LiveRestaurant,
    LiveZone,
    MapDriver,
    SeenDriver,
    live_driver,
    live_order,
    live_restaurant,
    live_zone,
    map_drivers,
)
from tracking.selectors.log import ended_logins, events_after

__all__ = [
    "DrawnMap",
    "Figures",
    "LiveDriver",
    "LiveOrder",
    "LiveRestaurant",
    "LiveZone",
    "Login",
    "MapDriver",
    "SeenDriver",
    "Viewer",
    "basemap_of",
    "basemap_version",
    "ended_logins",
    "events_after",
    "figures",
    "live_driver",
    "live_order",
    "live_restaurant",
    "live_zone",
    "map_drivers",
    "require_topic",
    "viewer_of",
]
