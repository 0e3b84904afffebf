"""Orders that need a person, worst first, with what is wrong in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import connection

from dispatch.states import BEFORE_PICKUP, ON_BOARD, UNFINISHED, DeliveryStatus
from orders.states import CANCELLABLE, CancelledBy

D = DeliveryStatus
#: The same patience as the map of ops has (`ops/lists.js`), business time.
PATIENCE: Final = timedelta(seconds=90)
LONG_WAIT: Final = timedelta(minutes=8)
AT_DOOR: Final = timedelta(minutes=6)
SILENT: Final = timedelta(seconds=60)
VERY_LATE: Final = timedelta(minutes=10)
MANY_REFUSALS: Final = 3
MOST: Final = 200

_OPEN: Final = """
    SELECT o.id AS order_id, o.code, o.status AS order_status, o.placed_at, o.accept_by, o.promised_at,
           r.name AS restaurant, r.phone AS restaurant_phone, d.id AS delivery_id, d.status, d.held, d.ready_at,
           d.dropoff_eta_at, d.arrived_at_pickup_at, d.arrived_at_dropoff_at, d.driver_id, u.name AS driver_name,
           u.email AS driver_email, u.phone AS driver_phone, p.received_at AS seen_at, j.first_due_at, j.search_until,
           j.radius_m, j.refusals
    FROM dispatch_delivery d JOIN orders_order o ON o.id = d.order_id JOIN restaurants_restaurant r ON r.id = o.restaurant_id
    LEFT JOIN dispatch_dispatchjob j ON j.delivery_id = d.id
    LEFT JOIN accounts_driver v ON v.id = d.driver_id LEFT JOIN accounts_user u ON u.id = v.user_id
    LEFT JOIN dispatch_driverposition p ON p.driver_id = d.driver_id
    WHERE d.status IN ({unfinished}) AND (%(zone)s::uuid IS NULL OR d.zone_id = %(zone)s)
    UNION ALL
    SELECT o.id, o.code, o.status, o.placed_at, o.accept_by, o.promised_at, r.name, r.phone, NULL, NULL, false, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM orders_order o JOIN restaurants_restaurant r ON r.id = o.restaurant_id
    WHERE o.status = 'PLACED' AND o.accept_by <= %(answer_by)s AND (%(zone)s::uuid IS NULL OR o.zone_id = %(zone)s)
""".format(unfinished=", ".join(f"'{status}'" for status in sorted(UNFINISHED)))  # noqa: S608  # constants


class Trouble(StrEnum):
    """What is wrong with an order."""

    NO_DRIVER = "no_driver"  # the search gave up
    SEARCHING = "searching"  # due, and nobody takes it
    HELD = "held"  # by hand, and its time has come
    SILENT = "silent"  # the driver's phone
    COUNTER = "counter"  # the driver waits for the food
    DOOR = "door"  # the driver waits at the door
    LATE = "late"  # the promise is broken by far
    RETURN = "return"  # nobody took it
    KITCHEN = "kitchen"  # has not answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """One order that needs a person: `since` is when the trouble began, `bad` says that it cannot wait."""

    order_id: UUID
    delivery_id: UUID | None
    code: str
    restaurant: str
    trouble: Trouble
    wrong: str
    tried: str
    since: datetime
    bad: bool
    driver_id: UUID | None = None
    driver: str = ""
    phone: str = ""
    may: tuple[str, ...] = ()

    def age_s(self, now: datetime) -> float:
        """Return for how long."""
        return max(0.0, (now - self.since).total_seconds())


def stuck_orders(*, now: datetime, zone_id: UUID | None = None, limit: int = MOST) -> list[Stuck]:
    """Return the orders that need a person, those that cannot wait first, then the longest; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"zone": zone_id, "answer_by": now + timedelta(seconds=60)})
        names = [column.name for column in cursor.description]
        rows = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
        found = list(_troubled(rows, now))
    return sorted(found, key=lambda each: (not each.bad, each.since, each.order_id))[:limit]


def _troubled(rows: Iterable[dict[str, Any]], now: datetime) -> Iterable[Stuck]:
    for row in rows:
        told = trouble_of(row, now)
        if told is None:
            continue
        trouble, wrong, tried, since, bad = told
        yield Stuck(
            order_id=row["order_id"],
            delivery_id=row["delivery_id"],
            code=row["code"],
            restaurant=row["restaurant"],
            trouble=trouble,
            wrong=wrong,
            tried=tried,
            since=min(since, now),
            bad=bad,
            driver_id=row["driver_id"],
            driver=row["driver_name"] or (row["driver_email"] or "").partition("@")[0],
            phone=row["driver_phone"] or (row["restaurant_phone"] if trouble is Trouble.KITCHEN else "") or "",
            may=verbs_of(row, trouble),
        )


Told = tuple[Trouble, str, str, datetime, bool]


def trouble_of(row: dict[str, Any], now: datetime) -> Told | None:
    """Return what is wrong with a row: trouble, words, what is being tried, since when, and whether it cannot wait."""
    if row["delivery_id"] is None:
        left = (row["accept_by"] - now).total_seconds()
        tried = f"Rejected in {max(0, round(left))} s" if left > 0 else "Is being rejected"
        return Trouble.KITCHEN, "Kitchen has not answered", tried, row["placed_at"], False
    status = D(row["status"])
    if status in (D.SEARCHING, D.CREATED, D.NO_DRIVER_FOUND):
        return _without_driver(row, status, now)
    return _with_driver(row, status, now)


def _without_driver(row: dict[str, Any], status: DeliveryStatus, now: datetime) -> Told | None:
    refusals, due = row["refusals"] or 0, row["first_due_at"]
    said = f"{refusals} driver{'s' if refusals != 1 else ''} said no" if refusals else ""
    if status == D.NO_DRIVER_FOUND:
        since = row["search_until"] or row["ready_at"]
        return Trouble.NO_DRIVER, said or "No driver found", "Nothing: the search gave up", since, True
    if row["held"]:
        if row["ready_at"] > now:
            return None
        return Trouble.HELD, "Held back by hand", "Nothing while it is held", row["ready_at"], row["promised_at"] < now
    if due is None or now - due < PATIENCE:
        if row["promised_at"] < now:
            return Trouble.LATE, "Late, no driver yet", "Not due: the kitchen is late", row["promised_at"], True
        return None
    tried = f"Asking within {row['radius_m'] / 1000:g} km"
    bad = refusals > MANY_REFUSALS or now - due > 2 * PATIENCE
    return Trouble.SEARCHING, said or "No free driver", tried, due, bad


def _with_driver(row: dict[str, Any], status: DeliveryStatus, now: datetime) -> Told | None:
    name = row["driver_name"] or "The driver"
    food = "food on board" if status in ON_BOARD else "on the way to the kitchen"
    if status in (D.UNDELIVERABLE, D.RETURNING):
        since = row["arrived_at_dropoff_at"] or row["promised_at"]
        return Trouble.RETURN, "Nobody took it", f"{name} brings it back to the kitchen", since, True
    seen = row["seen_at"]
    if seen is None or now - seen > SILENT:
        since = seen or row["ready_at"]
        return Trouble.SILENT, "Driver silent", f"{name}, {food}", since, status in ON_BOARD
    counter, door = row["arrived_at_pickup_at"], row["arrived_at_dropoff_at"]
    if status == D.ARRIVED_AT_PICKUP and counter and now - counter > LONG_WAIT and row["ready_at"] <= now:
        return Trouble.COUNTER, "Waits for the food", f"{name} stands at the counter", counter, True
    if status == D.ARRIVED_AT_DROPOFF and door and now - door > AT_DOOR:
        return Trouble.DOOR, "Waits at the door", f"{name} stands at the door", door, False
    arrives = max(now, row["dropoff_eta_at"] or now)
    if arrives - row["promised_at"] > VERY_LATE:
        return Trouble.LATE, "Far too late", f"{name}, {food}", min(row["promised_at"], now), True
    return None


def verbs_of(row: dict[str, Any], trouble: Trouble) -> tuple[str, ...]:
    """Return what a dispatcher can do about it, the likeliest first; the services judge again."""
    if row["delivery_id"] is None:
        return ("accept", "cancel")
    status, may_cancel = D(row["status"]), row["order_status"] in CANCELLABLE[CancelledBy.OPS]
    verbs: tuple[str, ...]
    if status == D.NO_DRIVER_FOUND:
        verbs = ("reopen", "assign")
    elif row["held"]:
        verbs = ("release", "assign")
    elif status == D.SEARCHING:
        verbs = ("assign", "hold")
    elif status in BEFORE_PICKUP:
        verbs = ("redispatch", "assign")
    else:
        verbs = ()
    return (*verbs, "cancel") if may_cancel else verbs


__all__ = ["Stuck", "Trouble", "stuck_orders"]
