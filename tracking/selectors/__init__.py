"""Reads of tracking: who may hear a topic, what it looks like now or did then, what was missed."""

from tracking.selectors.access import Login, Viewer, require_topic, viewer_of
from tracking.selectors.basemaps import DrawnMap, basemap_of, basemap_version
from tracking.selectors.figures import Figures, LastRound, Pace, figures, last_round, pace
from tracking.selectors.finding import Found, find_in_zone
from tracking.selectors.happened import Happening, happened
from tracking.selectors.heat import HeatCell, heat_of
from tracking.selectors.history import Minute, history
from tracking.selectors.live import (
    LiveDriver,
    LiveOrder,
    LiveRestaurant,
    SeenDriver,
    live_driver,
    live_order,
    live_restaurant,
)
from tracking.selectors.log import ended_logins, events_after
from tracking.selectors.past import past_zone
from tracking.selectors.zone import LiveZone, MapDriver, Search, live_zone, map_drivers

__all__ = [
    "DrawnMap", "Figures", "Found", "Happening", "HeatCell", "LastRound", "LiveDriver", "LiveOrder", "LiveRestaurant",
    "LiveZone", "Login", "MapDriver", "Minute", "Pace", "Search", "SeenDriver", "Viewer", "basemap_of",
    "basemap_version", "ended_logins", "events_after", "figures", "find_in_zone", "happened", "heat_of", "history",
    "last_round", "live_driver", "live_order", "live_restaurant", "live_zone", "map_drivers", "pace", "past_zone",
    "require_topic", "viewer_of",
]  # fmt: skip
