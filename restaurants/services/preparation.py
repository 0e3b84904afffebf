"""What was learned of a kitchen, written down."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from restaurants.lateness import Lateness
from restaurants.models import Preparation


def set_preparation(*, restaurant_id: UUID, learned: Sequence[Lateness], orders: int, now: datetime) -> None:
    """Replace what was learned of a kitchen. May run twice."""
    values = {"cells": [one.to_json() for one in learned], "orders": orders, "learned_at": now}
    Preparation.objects.update_or_create(restaurant_id=restaurant_id, defaults=values)
