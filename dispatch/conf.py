"""How a zone is dispatched: every number with its unit and its reason.

The defaults stand here; a zone's `dispatch` JSON overrides them by name. How drivers are
chosen is the zone's policy (`DispatchPolicy`, parameters of `dispatch.engine.Policy`).
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final

import orjson

from accounts.states import Vehicle
from dispatch.errors import SettingsInvalid

log = logging.getLogger(__name__)

# Real seconds, the same in every zone: they belong to machines, not to a city.
ACK_WITHIN_S: Final = 5.0  # an offer frame that no phone confirmed by then never arrived
LEASE_FLOOR_S: Final = 5.0  # simulated drivers ping once a real second, whatever the clock's scale
TICK_FLOOR_S: Final = 0.1  # fast clocks: a relay needs this long between two looks at one zone
ROUND_LEASE_S: Final = 6.0  # two answers of a late engine and the writing; a killed holder costs this
ENGINE_TIMEOUT_S: Final = 2.0
OFFER_WAY_S: Final = 0.1  # from the decision to the phone; nothing in a city, six seconds at sixty times its speed
LATE_TICKS: Final = 3.0  # a zone that was quiet does not expect its next round later than this many ticks
CELL_DEG: Final = 0.005  # grid of DriverPosition.cell, about 550 m: a ping rarely leaves its cell
GEOFENCE_POINTS: Final = 2  # one point may be a jump of the receiver
DECISIONS_KEPT_DAYS: Final = 30  # long enough to answer a complaint
MESSAGES_KEPT_DAYS: Final = 30  # as long as what they were about can be complained of
PIN_TRIES: Final = 5  # of ten thousand; then ops must help
LONGEST_SHIFT_H: Final = 24  # nobody drives longer; a slip in the date is no shift of a month
UNREAD_SHOWN: Final = 20  # on a driver's screen at once; more are listed

#: What ops say to drivers all day, by the code that sends it.
CANNED_TEXTS: Final[Mapping[str, str]] = {
    "call-us": "Please call us when you can stop safely.",
    "where-are-you": "Your position stands still. Is everything all right?",
    "kitchen-late": "The kitchen is late. Please wait; your time is paid.",
    "customer-called": "The customer called. Please ring the bell and wait at the door.",
    "hand-back": "Please bring the order back to the restaurant.",
    "thanks": "Well done, thank you.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchConf:
    """The dispatch settings of one zone. Spans are seconds of business time."""

    tick_s: float = 10.0  # quality hardly suffers up to 2 min, reaction does
    offer_life_s: float = 30.0  # a driver in traffic needs to stop and read
    expired_mask_s: float = 300.0  # who let an offer pass is not asked again so soon
    unseen_mask_s: float = 15.0  # whose phone did not answer is asked again after this
    lease_s: float = 60.0  # silence longer than this ends a session
    freshness_s: float = 60.0  # older positions do not take part
    geofence_m: float = 80.0  # receivers err by 5-30 m in streets, doors lie off the road
    half_pickup_s: float = 120.0  # arrival to food in hand, and again food in hand to leaving
    half_dropoff_s: float = 120.0  # arrival to handed over, and again handed over to free
    search_limit_s: float = 900.0  # after it first was due; then a person must decide
    retry_base_s: float = 5.0
    retry_cap_s: float = 60.0
    bicycle_reach_m: float = 0.0  # longest way from counter to door by bicycle, straight; 0: any
    pay_base_minor: int = 350
    pay_per_km_minor: int = 90
    require_pin: bool = False  # handed over only for the customer's four digits; simulated customers tell none
    neighbours: bool = True  # hand what nobody here can take to a zone whose driver is near

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{name}: expected a number, got {value!r}")
            if not low <= value <= high:
                raise ValueError(f"{name}: expected {low:g} to {high:g}, got {value:g}")
        for name in ("neighbours", "require_pin"):
            if not isinstance(value := getattr(self, name), bool):
                raise ValueError(f"{name}: expected true or false, got {value!r}")

    def pay_for(self, way_m: float) -> int:
        """Return the pay of a delivery from counter to door in a straight line, minor units."""
        return self.pay_base_minor + round(self.pay_per_km_minor * way_m / 1000)

    def vehicles_for(self, way_m: float, allowed: Collection[str] = ()) -> frozenset[str] | None:
        """Return what may carry a delivery so far from counter to door, of what its kitchen allows; None: anything."""
        vehicles = frozenset(allowed or Vehicle.values)
        if 0 < self.bicycle_reach_m < way_m:
            vehicles -= {Vehicle.BICYCLE}
        return None if vehicles == frozenset(Vehicle.values) else vehicles


BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "tick_s": (1, 600),
    "offer_life_s": (5, 600),
    "expired_mask_s": (0, 86_400),
    "unseen_mask_s": (0, 86_400),
    "lease_s": (10, 3600),
    "freshness_s": (10, 3600),
    "geofence_m": (10, 1000),
    "half_pickup_s": (0, 3600),
    "half_dropoff_s": (0, 3600),
    "search_limit_s": (30, 86_400),
    "retry_base_s": (0.1, 600),
    "retry_cap_s": (1, 3600),
    "bicycle_reach_m": (0, 100_000),
    "pay_base_minor": (0, 1_000_000),
    "pay_per_km_minor": (0, 1_000_000),
}
DEFAULTS: Final = DispatchConf()
MOVED: Final = frozenset({"strategy", "nearest_k", "offer_lead_s", "policy"})


def read_conf(data: Mapping[str, Any]) -> DispatchConf:
    """Return the settings that a zone's JSON describes.

    Raises:
        SettingsInvalid: for an unknown name or a value out of bounds; the sentence says which.
    """
    known = {each.name for each in fields(DispatchConf)}
    for name in data:
        if name not in known:
            belongs = " here; it is a parameter of the zone's policy" if name in MOVED else ""
            raise SettingsInvalid(f"{name}: no such setting{belongs}", attr="dispatch")
    try:
        return DispatchConf(**data)
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsInvalid(str(error), attr="dispatch") from error


def conf_of(data: Mapping[str, Any] | None) -> DispatchConf:
    """Return the settings of a zone; one that cannot be read is dispatched with the defaults, and said."""
    if not data:
        return DEFAULTS
    return _remembered(orjson.dumps(data, option=orjson.OPT_SORT_KEYS))


@lru_cache(maxsize=256)
def _remembered(text: bytes) -> DispatchConf:
    try:
        return read_conf(orjson.loads(text))
    except SettingsInvalid as error:
        log.exception("dispatch.conf.invalid", extra={"detail": error.detail})
        return DEFAULTS
