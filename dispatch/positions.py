"""What a ping says, as it is handed from the ways in to the database."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


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
