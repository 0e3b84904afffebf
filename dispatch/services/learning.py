"""Learning how long kitchens take: from facts that stand on the rows, so that it may run as often as it likes."""

from datetime import datetime
from typing import Final
from uuid import UUID

from dispatch.engine.preparation import BASKETS, Habit, habit, habits
from dispatch.selectors import cooked_by
from fleetsync.core import ids
from fleetsync.core.queue import kick_after_commit
from restaurants import services as restaurants
from restaurants.lateness import Lateness

LEARN: Final = "dispatch.learn_preparation"


def ask_to_learn(*, restaurant_id: UUID) -> None:
    """Let a worker learn the kitchen anew soon; without Redis the next pickup will."""
    kick_after_commit(LEARN, ids.encode("rst", restaurant_id))


def learn_preparation(*, restaurant_id: UUID, now: datetime) -> None:
    """Learn from the kitchen's last orders how much later than stated it is ready. May run twice."""
    cooked = cooked_by(restaurant_id=restaurant_id)
    cells = [_lateness(habit(cooked), None, None)]
    cells += [_lateness(each, hour, BASKETS[basket]) for (hour, basket), each in habits(cooked).items()]
    restaurants.set_preparation(restaurant_id=restaurant_id, learned=cells, orders=len(cooked), now=now)


def _lateness(learned: Habit, hour: int | None, pieces: int | None) -> Lateness:
    return Lateness(hour=hour, pieces=pieces, late_s=learned.late_s, std_s=learned.std_s, orders=learned.orders)
