"""Writes of tracking: pings, the flush, who watches, arrival ranges, the trail."""

from tracking.services.basemaps import set_basemap
from tracking.services.etas import recompute_etas, refresh_etas
from tracking.services.flushing import flush_positions, map_row, publish_maps
from tracking.services.logins import log_in, log_in_again, open_link
from tracking.services.positions import take_positions
from tracking.services.trail import Thinner, drop_partitions, make_partitions, mark_trail
from tracking.services.watching import rebuild_watches, renew_watch

__all__ = [
    "Thinner", "drop_partitions", "flush_positions", "log_in", "log_in_again", "make_partitions", "map_row",
    "mark_trail", "open_link", "publish_maps", "rebuild_watches", "recompute_etas", "refresh_etas", "renew_watch",
    "set_basemap", "take_positions",
]  # fmt: skip
