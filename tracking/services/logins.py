"""Opening a socket: who is it, and for how long is the proof good."""

from datetime import datetime, timedelta

from accounts import tokens
from accounts.errors import TokenInvalid
from accounts.models import User
from accounts.selectors import user_of_login
from accounts.services import use_socket_ticket
from fleetsync.core.events import topic_of
from fleetsync.core.relay import feed_heads
from orders.errors import TrackingLinkInvalid
from orders.links import order_of_token
from orders.models import Order
from tracking.audience import Audience
from tracking.conf import SOCKET
from tracking.selectors import Login, Viewer, viewer_of


def log_in(*, secret: str, real_now: datetime) -> Login:
    """Return who holds this secret: `bearer.<jwt>`, `ticket.<ticket>` or `track.<token>`.

    A ticket is spent. The head of the user's stream is read before the user is checked a
    last time, so that an end of all logins is either seen here or told afterwards.

    Raises:
        TokenInvalid, TicketInvalid, TrackingLinkInvalid: it opens nothing.
    """
    kind, _, value = secret.partition(".")
    if kind == "track":
        return open_link(token=value)
    if kind == "bearer":
        return log_in_again(bearer=value, real_now=real_now)
    if kind == "ticket":
        user = use_socket_ticket(ticket=value)
        head = _user_head(user)
        if not User.objects.filter(pk=user.pk, is_active=True, token_version=user.token_version).exists():
            raise TokenInvalid
        life = timedelta(seconds=SOCKET.ticket_life_s)
        return Login(viewer=viewer_of(user), expires_at=real_now + life, user_head=head)
    raise TokenInvalid


def log_in_again(*, bearer: str, real_now: datetime) -> Login:
    """Return who holds this access token.

    Raises:
        TokenInvalid: nobody any more.
    """
    claims = tokens.verify(token=bearer, typ="access", now=real_now)
    head = feed_heads([topic := topic_of("user", claims.user_id)])[topic]
    user = user_of_login(claims=claims)
    return Login(viewer=viewer_of(user), expires_at=claims.expires_at, family_id=claims.family_id, user_head=head)


def open_link(*, token: str) -> Login:
    """Return the viewer of a tracking link: one order, as its customer sees it, without a login.

    Raises:
        TrackingLinkInvalid: not signed by us, or there is no such order.
    """
    order_id = order_of_token(token)
    if not Order.objects.filter(pk=order_id).exists():
        raise TrackingLinkInvalid
    return Login(viewer=Viewer(audience=Audience.LINK, link_order_id=order_id), expires_at=None)


def _user_head(user: User) -> int:
    topic = topic_of("user", user.pk)
    return feed_heads([topic])[topic]
