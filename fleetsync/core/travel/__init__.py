"""Travel times through one small protocol, because quotes and rounds both ask."""

from fleetsync.core.travel.provider import StraightLine, TravelProvider, provider

__all__ = ["StraightLine", "TravelProvider", "provider"]
