"""Who plays along: accounts out of the database, with tokens, so that nobody pays for a password check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.models import Driver, User
from accounts.services import open_login
from accounts.states import Role
from dispatch.models import DriverPosition
from fleetsync.core import clock, ids
from restaurants.models import RestaurantStaff
from simulation.clients.api import Account, Gate
from simulation.clients.road import Place
from simulation.seeding import PASSWORD, SIM_DOMAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A kitchen account and the restaurants it answers for."""

    account: Account
    restaurants: tuple[str, ...]


def simulated(role: Role, limit: int | None = None) -> list[User]:
    """Return the simulated users of a role in the order of their addresses."""
    people = User.objects.filter(email__endswith="@" + SIM_DOMAIN, role=role, is_active=True).order_by("email")
    return list(people.select_related("driver")[:limit])


def account_of(gate: Gate, user: User, driver: Driver | None = None) -> Account:
    """Return the account of a user, logged in."""
    login = open_login(user=user, real_now=clock.real_now())
    return Account(
        gate=gate,
        email=user.email,
        password=PASSWORD,
        access=login.access,
        refresh=login.refresh,
        user_id=ids.public("user_id", user.pk),
        driver_id=ids.public("driver_id", driver.pk) if driver else "",
    )


def staff_of(gate: Gate, users: Sequence[User]) -> list[Staff]:
    """Return the kitchens; a restaurant with several simulated accounts belongs to the first."""
    places: dict[object, list[str]] = defaultdict(list)
    taken: set[object] = set()
    rows = RestaurantStaff.objects.filter(user__in=users, restaurant__published=True).order_by("user__email", "id")
    for user_id, restaurant_id in rows.values_list("user_id", "restaurant_id"):
        if restaurant_id not in taken:
            taken.add(restaurant_id)
            places[user_id].append(ids.public("restaurant_id", restaurant_id))
    return [Staff(account=account_of(gate, u), restaurants=tuple(places[u.pk])) for u in users if places[u.pk]]


def last_seen(drivers: Iterable[Driver]) -> dict[object, Place]:
    """Return where drivers were when they were last seen, by driver."""
    rows = DriverPosition.objects.filter(driver__in=list(drivers))
    return {row.driver_id: Place(row.point.y, row.point.x) for row in rows}
