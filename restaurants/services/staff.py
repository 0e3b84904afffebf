"""Who works for a restaurant."""

from datetime import datetime
from uuid import UUID

from accounts.models import User
from accounts.selectors import user_by_email
from accounts.states import Role
from fleetsync.core.events import change
from restaurants import errors
from restaurants.events import RestaurantChanged
from restaurants.models import Restaurant, RestaurantStaff


def add_staff(*, restaurant: Restaurant, email: str, now: datetime, actor: str) -> RestaurantStaff:
    """Let an existing restaurant user work here too. Adding twice is harmless.

    Raises:
        NoSuchStaffUser: nobody with the role RESTAURANT has this address.
    """
    user = user_by_email(email=email)
    if user is None or user.role != Role.RESTAURANT:
        raise errors.NoSuchStaffUser(attr="email")
    return join_staff(restaurant=restaurant, user=user, now=now, actor=actor)


def join_staff(*, restaurant: Restaurant, user: User, now: datetime, actor: str) -> RestaurantStaff:
    """Make the user staff of the restaurant. May run twice."""
    with change(now=now, actor=actor) as emit:
        row, new = RestaurantStaff.objects.get_or_create(restaurant=restaurant, user=user)
        if new:
            emit(RestaurantChanged(restaurant_id=restaurant.pk, fields=("staff",)))
    return row


def remove_staff(*, restaurant: Restaurant, user_id: UUID, now: datetime, actor: str) -> None:
    """Take the restaurant away from a user, from the next request on.

    Raises:
        StaffNotFound: the user does not work there.
    """
    with change(now=now, actor=actor) as emit:
        gone, _ = RestaurantStaff.objects.filter(restaurant=restaurant, user_id=user_id).delete()
        if not gone:
            raise errors.StaffNotFound
        emit(RestaurantChanged(restaurant_id=restaurant.pk, fields=("staff",)))
