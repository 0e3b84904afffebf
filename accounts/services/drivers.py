"""Driver profiles: what drivers say of themselves, and what ops decide about them."""

from datetime import datetime
from typing import Any

from accounts.events import DriverApproved, DriverProfileChanged, DriverReinstated, DriverSuspended
from accounts.models import Driver
from fleetsync.core.events import change


def update_driver(*, driver: Driver, changes: dict[str, Any], now: datetime, actor: str) -> Driver:
    """Change vehicle, capacity or plate; nothing else is read from `changes`. `actor` is who does it."""
    fields = [name for name in ("vehicle", "capacity", "plate") if name in changes]
    if not fields:
        return driver
    with change(now=now, actor=actor) as emit:
        for name in fields:
            setattr(driver, name, changes[name])
        driver.save(update_fields=fields)
        emit(DriverProfileChanged(driver_id=driver.pk, vehicle=driver.vehicle, capacity=driver.capacity))
    return driver


def approve_driver(*, driver: Driver, now: datetime, actor: str) -> Driver:
    """Let the driver go online. Approving twice is harmless."""
    if driver.approved_at is not None:
        return driver
    with change(now=now, actor=actor) as emit:
        driver.approved_at = now
        driver.save(update_fields=["approved_at"])
        emit(DriverApproved(driver_id=driver.pk))
    return driver


def suspend_driver(*, driver: Driver, now: datetime, actor: str, reason: str = "") -> Driver:
    """Keep the driver from going online; dispatch hears of it and ends an open session. Twice is harmless.

    `reason` is a word or two for the log, no personal data.
    """
    if driver.suspended_at is not None:
        return driver
    with change(now=now, actor=actor) as emit:
        driver.suspended_at = now
        driver.save(update_fields=["suspended_at"])
        emit(DriverSuspended(driver_id=driver.pk, reason=reason))
    return driver


def reinstate_driver(*, driver: Driver, now: datetime, actor: str) -> Driver:
    """End the suspension. Harmless where there is none."""
    if driver.suspended_at is None:
        return driver
    with change(now=now, actor=actor) as emit:
        driver.suspended_at = None
        driver.save(update_fields=["suspended_at"])
        emit(DriverReinstated(driver_id=driver.pk))
    return driver
