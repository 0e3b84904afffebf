"""Limits of the restaurants app."""

from typing import Final

DEFAULT_RADIUS_M: Final = 5_000
MAX_RADIUS_M: Final = 50_000
#: The nearest restaurants looked at in one discovery; the open ones of these come first.
NEAREST_LOOKED_AT: Final = 300
PAGE: Final = 20
MAX_PAGE: Final = 100

#: How long encoded menus stay in Redis; the key holds the version, so age does no harm.
MENU_LIFE_S: Final = 86_400
#: Part of a menu's ETag and cache key; count up when the JSON changes its shape.
MENU_FORMAT: Final = 1

#: What one restaurant may have, so that a menu stays a page.
MAX_CATEGORIES: Final = 100
MAX_ITEMS: Final = 1_000
MAX_GROUPS_PER_ITEM: Final = 20
MAX_OPTIONS_PER_GROUP: Final = 50
MAX_CLOSURES: Final = 200
MAX_CLOSURE_AHEAD_DAYS: Final = 730  # who closes for longer is unpublished
MAX_OPENINGS: Final = 42  # six a day

#: Zones: corners, and the side of the box around them.
MAX_CORNERS: Final = 500
MAX_ZONE_SIDE_M: Final = 300_000
DEFAULT_PAUSE_MIN: Final = 60
MAX_PAUSE_DAYS: Final = 31
