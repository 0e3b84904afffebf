"""Lower bounds of click-to-door that hold for every dispatcher, even with foresight."""

from __future__ import annotations

import numpy as np

from dispatch.engine.mdrp.instance import Floats, Instance


def direct_bound(day: Instance) -> Floats:
    """Return minutes per order: picked up the moment it is ready, driven straight to the door.

    If nobody is on duty at placement, the pickup is not before the next on-time plus half a
    pickup service. The way to the restaurant is free, because a courier may stand there, and
    so is waiting for a free courier: the bound is loose when couriers are short. Rounded-up
    straight travel obeys the triangle inequality, so no detour beats the direct way.
    """
    half_pickup, half_dropoff = day.pickup_service // 2, day.dropoff_service // 2
    here = day.restaurant_xy[day.order_restaurant]
    go = day.travel(here[:, 0], here[:, 1], day.order_xy[:, 0], day.order_xy[:, 1])
    earliest = day.ready.astype(np.float64)
    for k, placed in enumerate(day.placed):
        if not ((day.on <= placed) & (day.off >= placed)).any():
            later = day.on[day.on > placed]
            if later.size:
                earliest[k] = max(earliest[k], float(later.min()) + half_pickup)
    bound: Floats = earliest + half_pickup + go + half_dropoff - day.placed
    return bound
