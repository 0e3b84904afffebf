"""Tunables of tracking, each with its unit and its reason."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketConf:
    """One socket. Spans are real seconds."""

    queue_frames: int = 256  # a phone in a tunnel for some seconds keeps its socket, a dead one costs little
    topics: int = 256  # staff of a chain with every kitchen open
    frames_a_s: float = 20.0  # several times what an app sends; more is a loop gone wild
    burst_s: float = 5.0  # that many seconds' worth at once: a reconnect subscribes to everything again
    room_wait_s: float = 10.0  # a replay waits this long for a reader, then he is too slow
    close_wait_s: float = 5.0  # then the connection is cut without a goodbye
    ticket_life_s: float = 3600.0  # a socket opened by a ticket asks for a new one after this
    replay_frames: int = 2000  # a longer gap is answered with a reset: the snapshot tells it shorter
    page_frames: int = 200  # events read from the database at once


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConf:
    """The socket process. Spans are real seconds."""

    threads: int = 4  # database work beside the loop; a slow query holds one of them, not the loop
    heads_every_s: float = 5.0  # the longest that a lost hint, a logout or an expiry goes unnoticed
    clock_every_s: float = 60.0
    recent_frames: int = 64  # kept a topic, so that a herd that comes back asks the database less


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionConf:
    """Pings and their way to the database."""

    points: int = 100  # in one request: what a phone gathers in some minutes without network
    future_s: float = 30.0  # business seconds; phones' clocks are off by less
    future_floor_s: float = 5.0  # the same in real seconds, where business time runs fast
    flush_every_s: float = 0.5  # real; half of what watchers may wait
    map_every_s: float = 1.0  # real; frames of a zone's map
    trail_every_s: float = 10.0  # business; a point of the trail
    trail_every_m: float = 50.0
    extra_points: int = 100_000  # late points that wait for the trail; beyond it the oldest are dropped
    watches_every_s: float = 10.0  # real; who watches is rebuilt, so an emptied Redis heals
    near_pickup_m: float = 1500.0  # from here on the kitchen sees the driver come


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaConf:
    """The arrival range told to customers. Seconds of business time."""

    refresh_s: float = 30.0  # while moving
    refresh_floor_s: float = 2.0  # the same in real seconds
    approach_s: float = 420.0  # a driver not yet found: until he stands at the counter
    search_spread_s: float = 420.0  # how much later it may get while nobody has said yes
    kitchen_share: float = 0.2  # of the cooking that is left
    road_share: float = 0.2  # of the driving that is left
    stop_spread_s: float = 90.0  # each door before this one
    narrowest_s: float = 120.0  # nobody believes a range below this


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailConf:
    """Daily partitions of the trail, days of business time."""

    ahead_days: int = 3  # beat may be down for a weekend
    keep_days: int = 30


SOCKET: Final = SocketConf()
LIVE: Final = LiveConf()
POSITIONS: Final = PositionConf()
ETA: Final = EtaConf()
TRAIL: Final = TrailConf()
