"""Restaurants, hours and zones, read one at a time."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.geos import Point
from django.db.models import FloatField, Func, Q, QuerySet

from accounts.models import User
from restaurants import errors, hours
from restaurants.models import Closure, MenuItem, Restaurant, RestaurantStaff, Zone
from restaurants.selectors.discovery import open_at


def restaurants_visible_to(*, user: User | AnonymousUser) -> QuerySet[Restaurant]:
    """Return what this user may see, newest first, with all that the answer shows."""
    return (
        Restaurant.objects.visible_to(user)
        .select_related("zone")
        .prefetch_related("opening_hours", "closures")
        .order_by("-id")
    )


def restaurants_of_staff(*, user: User) -> QuerySet[Restaurant]:
    """Return the restaurants this user works for; everything for ops."""
    return (
        Restaurant.objects.managed_by(user)
        .select_related("zone")
        .prefetch_related("opening_hours", "closures")
        .order_by("-id")
    )


def restaurants_listed(
    *, user: User | AnonymousUser, now: datetime, mine: bool = False, only_open: bool = False, search: str = ""
) -> QuerySet[Restaurant]:
    """Return restaurants for a list without a place, newest first."""
    rows = restaurants_visible_to(user=user)
    if mine:
        rows = rows.filter(pk__in=RestaurantStaff.objects.filter(user_id=user.pk or UUID(int=0)).values("restaurant"))
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(cuisine__icontains=search))
    if only_open:
        rows = rows.filter(published=True).alias(is_open=open_at(now)).filter(is_open=True)
    return rows


def restaurant_visible_to(*, restaurant_id: UUID, user: User | AnonymousUser) -> Restaurant:
    """Return one restaurant that this user may see.

    Raises:
        RestaurantNotFound: there is none, or it is not published and not the user's.
    """
    found = restaurants_visible_to(user=user).filter(pk=restaurant_id).first()
    if found is None:
        raise errors.RestaurantNotFound
    return found


def restaurant_managed_by(*, restaurant_id: UUID, user: User) -> Restaurant:
    """Return one restaurant that this user may change.

    Raises:
        RestaurantNotFound: there is none, or it is not the user's.
    """
    found = restaurants_of_staff(user=user).filter(pk=restaurant_id).first()
    if found is None:
        raise errors.RestaurantNotFound
    return found


def schedule_of(*, restaurant: Restaurant) -> hours.Schedule:
    """Return what decides when it is open; uses prefetched hours and closures where there are."""
    return hours.Schedule(
        time_zone=restaurant.time_zone,
        openings=tuple(
            hours.Opening(weekday=row.weekday, opens=row.opens, closes=row.closes)
            for row in restaurant.opening_hours.all()
        ),
        always_open=restaurant.always_open,
        closures=tuple((row.starts_at, row.ends_at) for row in restaurant.closures.all()),
        paused_until=restaurant.paused_until,
    )


def is_open(*, restaurant: Restaurant, now: datetime) -> bool:
    """Say whether it takes orders at `now`: published, inside its hours, neither closed nor paused."""
    return restaurant.published and hours.is_open(schedule=schedule_of(restaurant=restaurant), at=now)


def next_opening(*, restaurant: Restaurant, now: datetime) -> datetime | None:
    """Return the first moment from `now` on when it takes orders; None if none is in sight."""
    return hours.next_opening(schedule=schedule_of(restaurant=restaurant), at=now) if restaurant.published else None


def zone_at(*, point: Point) -> Zone | None:
    """Return the active zone that covers the place, the smallest where several do."""
    area = Func("polygon", function="ST_Area", output_field=FloatField())
    return Zone.objects.filter(active=True, polygon__covers=point).order_by(area, "id").first()


def zones() -> QuerySet[Zone]:
    """Return every zone by name."""
    return Zone.objects.order_by("name")


def zone(*, zone_id: UUID) -> Zone:
    """Return one zone.

    Raises:
        ZoneNotFound: there is none.
    """
    found = Zone.objects.filter(pk=zone_id).first()
    if found is None:
        raise errors.ZoneNotFound
    return found


def staff_of(*, restaurant: Restaurant) -> QuerySet[RestaurantStaff]:
    """Return who works there, by name."""
    return RestaurantStaff.objects.filter(restaurant=restaurant).select_related("user").order_by("user__name", "id")


def closures_of(*, restaurant: Restaurant) -> QuerySet[Closure]:
    """Return its closures in order."""
    return Closure.objects.filter(restaurant=restaurant).order_by("starts_at", "id")


def items_for_order(*, restaurant: Restaurant, item_ids: list[UUID]) -> dict[UUID, MenuItem]:
    """Return those of the items that are on this restaurant's menu, with groups and options."""
    rows = MenuItem.objects.filter(restaurant=restaurant, pk__in=item_ids).prefetch_related("option_groups__options")
    return {row.pk: row for row in rows}
