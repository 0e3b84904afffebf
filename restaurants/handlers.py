"""News from the left: an invited user joins the staff of the restaurant that the invitation names."""

import logging

from accounts.events import InvitationAccepted
from accounts.models import User
from accounts.states import Role
from fleetsync.core import clock, ids
from fleetsync.core.events import on
from restaurants import services
from restaurants.models import Restaurant

log = logging.getLogger(__name__)


@on(InvitationAccepted)
def join_invited_staff(event: InvitationAccepted) -> None:
    """Make the new user staff. May run twice."""
    if event.role != Role.RESTAURANT or event.restaurant_id is None:
        return
    restaurant = Restaurant.objects.filter(pk=event.restaurant_id).first()
    user = User.objects.filter(pk=event.user_id).first()
    if restaurant is None or user is None:
        log.warning("restaurants.staff.nothing_to_join", extra={"user_id": ids.encode("usr", event.user_id)})
        return
    services.join_staff(restaurant=restaurant, user=user, now=clock.now(), actor=ids.encode("usr", user.pk))
