"""What it costs on average that a driver may say no: shared by the search and by looking back at it."""

from typing import Final

import numpy as np

from dispatch.engine.arrays import Floats

MOST_WORSE_S: Final = 1800.0  # what the next best driver may cost more; with none, the job waits for one


def price_refusals(floor: Floats, chance: Floats, answer_s: float, weight: Floats) -> Floats:
    """Return (jobs, drivers), seconds: (1 - chance) * (time of an answer + what the next best driver costs more).

    With it the cost of a pair is chance * own + (1 - chance) * (answer + next best).

    Args:
        floor: (jobs, drivers), seconds, what each driver costs alone; huge where he cannot.
        chance: (jobs, drivers) of a yes.
        answer_s: until a driver refuses.
        weight: (jobs,) of a second of each.
    """
    if floor.shape[1] > 1:
        best = np.partition(floor, 1, axis=1)[:, :2]
        other = np.where(floor == best[:, :1], best[:, 1:], best[:, :1])
    else:
        other = np.full(floor.shape, np.inf)
    worse = np.clip(other - floor, 0.0, MOST_WORSE_S * weight[:, None])
    return np.asarray((1.0 - chance) * (answer_s * weight[:, None] + worse))
