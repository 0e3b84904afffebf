"""Opening hours and closures."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from fleetsync.core.errors import InvalidInput
from fleetsync.core.events import change
from restaurants import conf, errors, hours
from restaurants.events import RestaurantChanged
from restaurants.models import Closure, OpeningHours, Restaurant


def check_week(*, openings: Sequence[hours.Opening]) -> None:
    """Refuse a week in which two openings overlap, Sunday night into Monday included.

    Raises:
        HoursOverlap: they do.
    """
    clash = hours.first_overlap(openings=openings)
    if clash is not None:
        one, other = clash
        raise errors.HoursOverlap(
            f"Weekday {one.weekday} from {one.opens:%H:%M} overlaps weekday {other.weekday} from {other.opens:%H:%M}.",
            attr="hours",
        )


def set_opening_hours(
    *,
    restaurant: Restaurant,
    openings: Sequence[hours.Opening],
    now: datetime,
    actor: str,
    always_open: bool | None = None,
) -> Restaurant:
    """Replace the whole week. Locks the restaurant row, so that two weeks never mix.

    Raises:
        HoursOverlap: two openings overlap, Sunday night into Monday included.
    """
    check_week(openings=openings)
    with change(now=now, actor=actor) as emit:
        Restaurant.objects.select_for_update(of=["self"], no_key=True).get(pk=restaurant.pk)
        OpeningHours.objects.filter(restaurant=restaurant).delete()
        OpeningHours.objects.bulk_create(
            OpeningHours(restaurant=restaurant, weekday=each.weekday, opens=each.opens, closes=each.closes)
            for each in openings
        )
        if always_open is not None and always_open != restaurant.always_open:
            restaurant.always_open = always_open
            restaurant.save(update_fields=["always_open"])
        emit(RestaurantChanged(restaurant_id=restaurant.pk, fields=("opening_hours",)))
    return Restaurant.objects.prefetch_related("opening_hours", "closures").get(pk=restaurant.pk)


def check_closure(*, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Refuse a time that is none, or that ends too far ahead.

    Raises:
        InvalidInput: it ends before it starts, or later than `conf.MAX_CLOSURE_AHEAD_DAYS` from now.
    """
    if ends_at <= starts_at:
        raise InvalidInput("A closure ends after it starts.", attr="ends_at")
    if ends_at - now > timedelta(days=conf.MAX_CLOSURE_AHEAD_DAYS):
        raise InvalidInput("A closure ends within two years; unpublish the restaurant instead.", attr="ends_at")


def add_closure(
    *, restaurant: Restaurant, starts_at: datetime, ends_at: datetime, now: datetime, actor: str, reason: str = ""
) -> Closure:
    """Close the restaurant from `starts_at` until `ends_at`, whatever its hours say.

    Raises:
        InvalidInput: it ends before it starts, or too far ahead.
        TooMany: there are `conf.MAX_CLOSURES` already.
    """
    check_closure(starts_at=starts_at, ends_at=ends_at, now=now)
    with change(now=now, actor=actor) as emit:
        Restaurant.objects.select_for_update(of=["self"], no_key=True).get(pk=restaurant.pk)
        if Closure.objects.filter(restaurant=restaurant).count() >= conf.MAX_CLOSURES:
            raise errors.TooMany
        row = Closure.objects.create(restaurant=restaurant, starts_at=starts_at, ends_at=ends_at, reason=reason)
        emit(RestaurantChanged(restaurant_id=restaurant.pk, fields=("closures",)))
    return row


def update_closure(*, closure: Closure, changes: dict[str, Any], now: datetime, actor: str) -> Closure:
    """Change a closure; only known names are read from `changes`.

    Raises:
        InvalidInput: it would end before it starts, or too far ahead.
    """
    fields = [name for name in ("starts_at", "ends_at", "reason") if name in changes]
    if not fields:
        return closure
    for name in fields:
        setattr(closure, name, changes[name])
    check_closure(starts_at=closure.starts_at, ends_at=closure.ends_at, now=now)
    with change(now=now, actor=actor) as emit:
        closure.save(update_fields=fields)
        emit(RestaurantChanged(restaurant_id=closure.restaurant_id, fields=("closures",)))
    return closure


def remove_closure(*, closure: Closure, now: datetime, actor: str) -> None:
    """Take a closure back."""
    with change(now=now, actor=actor) as emit:
        emit(RestaurantChanged(restaurant_id=closure.restaurant_id, fields=("closures",)))
        closure.delete()
