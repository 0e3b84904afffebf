"""Plain words for what the engine found."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from dispatch.engine import Reason

#: How a sentence about a driver who was not asked goes on after his name.
NOT_ASKED: Final[Mapping[str, str]] = {
    Reason.DECLINED: "turned this order down",
    Reason.HOLDS_OFFER: "was being asked about another order",
    Reason.OFFER_OPEN: "was being asked about this order already",
    Reason.BUSY: "was busy with other orders",
    Reason.NOT_ON_DUTY: "was not on duty",
    Reason.SHIFT_ENDS: "would have ended the shift before the pickup",
    Reason.BREAK: "had a break coming",
    Reason.NO_WAY: "had no way there",
    Reason.VEHICLE: "has the wrong vehicle for it",
    Reason.CAPACITY: "had no room for it",
    Reason.NOT_WEIGHED: "was not weighed, because enough others could do it for less",
}
#: The same of several drivers, as a heading.
GROUPS: Final[Mapping[str, str]] = {
    Reason.DECLINED: "Turned this order down",
    Reason.HOLDS_OFFER: "Being asked about another order",
    Reason.OFFER_OPEN: "Being asked about this order already",
    Reason.BUSY: "Busy with other orders",
    Reason.NOT_ON_DUTY: "Not on duty yet",
    Reason.SHIFT_ENDS: "Shift ends before the pickup",
    Reason.BREAK: "A break is coming",
    Reason.NO_WAY: "No way there is known",
    Reason.VEHICLE: "Wrong vehicle",
    Reason.CAPACITY: "No room on the vehicle",
    Reason.TOO_FAR: "Outside the search so far",
    Reason.LATER: "Later at the door than others",
    Reason.NOT_WEIGHED: "Not weighed, enough others could do it for less",
}


def not_asked(reason: str, value: float) -> str:
    """Return why a driver was not asked, as the end of a sentence; metres for too-far, seconds for later."""
    if reason == Reason.TOO_FAR:
        return f"was too far away, {far(value)}"
    if reason == Reason.LATER:
        return f"would have been {span(value)} later" if value >= 1 else "would have cost the other orders more"
    return NOT_ASKED.get(reason, reason.replace("-", " "))


def group(reason: str) -> str:
    """Return the heading of drivers left out for one reason."""
    return GROUPS.get(reason, reason.replace("-", " ").capitalize())


def span(seconds: float) -> str:
    """Return a span as people say it: 45 s, 12 min."""
    return f"{round(seconds)} s" if seconds < 60 else f"{round(seconds / 60)} min"


def far(metres: float) -> str:
    """Return a distance as people say it: 300 m, 1.3 km."""
    return f"{round(metres / 10) * 10} m" if metres < 950 else f"{metres / 1000:.1f} km"


def clock(moment: datetime, zone: str) -> str:
    """Return a moment on the wall of the zone: 19:39."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


def plural(number: int, one: str, many: str) -> str:
    """Return `1 driver was`, `3 drivers were`."""
    return f"{number} {one if number == 1 else many}"


def listed(names: Sequence[str]) -> str:
    """Return names as people list them: Ana, Ben and Cleo."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
