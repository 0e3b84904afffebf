"""What was learned of a kitchen's preparation."""

from datetime import datetime
from zoneinfo import ZoneInfo

from restaurants import lateness
from restaurants.models import Preparation, Restaurant


def learned_preparation(*, restaurant: Restaurant) -> tuple[lateness.Lateness, ...]:
    """Return all that was learned of the kitchen; nothing where nothing was."""
    cells = Preparation.objects.filter(restaurant=restaurant).values_list("cells", flat=True).first()
    return lateness.read(cells or ())


def expected_lateness(*, restaurant: Restaurant, at: datetime, pieces: int) -> lateness.Lateness:
    """Return how much later than stated an order of so many pieces is ready, if accepted at `at`. One query."""
    hour = at.astimezone(ZoneInfo(restaurant.time_zone)).hour
    return lateness.lateness_for(learned_preparation(restaurant=restaurant), hour=hour, pieces=pieces)
