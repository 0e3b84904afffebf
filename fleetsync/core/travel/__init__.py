"""Travel times through one small protocol, because quotes and rounds both ask."""

from fleetsync.core.travel.provider import (
    Fan,
    Fanned,
    StraightLine,
    TravelDown,
    TravelProvider,
    drive_s,
    provider,
    straight_line,
)

__all__ = ["Fan", "Fanned", "StraightLine", "TravelDown", "TravelProvider", "drive_s", "provider", "straight_line"]
