"""What a ping says, as it is handed from the ways in to the database, and where it waits meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fleetsync.core import redis

#: Hashes in Redis, by driver: the stamp of the newest point, and points that are not in the database yet.
SEEN: Final = ("positions", "seen")
CHANGED: Final = ("positions", "changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedDriver:
    """The newest point of one driver. `recorded_at` is his phone's clock, `received_at` business time."""

    driver_id: UUID
    lng: float
    lat: float
    heading_deg: float | None
    speed_mps: float | None
    accuracy_m: float | None
    recorded_at: datetime
    seq: int
    received_at: datetime


def forget_fresh(*, driver_id: UUID) -> None:
    """Let the driver's next point be his newest, whatever the clock of his phone says.

    Clocks order the points of one phone alone: he may hold another one now. Nothing to
    forget where Redis is down.
    """

    def send(client: Any) -> None:
        pipe = client.pipeline(transaction=False)
        for name in (SEEN, CHANGED):
            pipe.hdel(redis.key(*name), str(driver_id))
        pipe.execute()

    redis.attempt(send, None)
