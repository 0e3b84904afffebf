"""Travel times through one small protocol, because quotes and rounds both ask."""

from fleetsync.core.travel.provider import StraightLine, TravelDown, TravelProvider, provider, straight_line

__all__ = ["StraightLine", "TravelDown", "TravelProvider", "provider", "straight_line"]
