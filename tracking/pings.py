"""Location reports as phones send them: decoded with bounds, in one place for REST and socket."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec

from tracking.conf import POSITIONS
from tracking.errors import PositionsInvalid

_SEQ_MOST: Final = 2**53 - 1  # exact in JavaScript and in Redis's Lua


class PingPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One point. `recorded_at` is the phone's clock: with `seq` it orders this phone's points, nothing else."""

    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lng: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    recorded_at: Annotated[datetime, msgspec.Meta(tz=True)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=_SEQ_MOST)]
    heading_deg: Annotated[float, msgspec.Meta(ge=0, le=360)] | None = None
    speed_mps: Annotated[float, msgspec.Meta(ge=0, le=150)] | None = None
    accuracy_m: Annotated[float, msgspec.Meta(ge=0, le=100_000)] | None = None

    @property
    def order(self) -> tuple[datetime, int]:
        """Return what decides which of two points of one phone is newer."""
        return self.recorded_at, self.seq


Points = Annotated[list[PingPoint], msgspec.Meta(min_length=1, max_length=POSITIONS.points)]


class Pings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The body of POST positions."""

    points: Points


_decoder: Final = msgspec.json.Decoder(Pings)
_PATH: Final = re.compile(r" - at `\$\.?(.*)`$")


def decode(body: bytes) -> list[PingPoint]:
    """Return the points of a body.

    Raises:
        PositionsInvalid: with the sentence and the member that is to blame.
    """
    try:
        return _decoder.decode(body).points
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise refusal_of(error) from error


def refusal_of(error: Exception) -> PositionsInvalid:
    """Return the refusal that tells of a decoding error, e.g. attr `points.0.lat`."""
    text = str(error)
    found = _PATH.search(text)
    attr = re.sub(r"\[(\d+)\]", r".\1", found.group(1)) if found else "points"
    return PositionsInvalid(_PATH.sub("", text), attr=attr.strip("."))


def in_order(points: Sequence[PingPoint]) -> list[PingPoint]:
    """Return the points oldest first; the last one is where the phone is."""
    return sorted(points, key=lambda point: point.order)
