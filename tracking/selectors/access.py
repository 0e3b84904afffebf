"""Who may open which topic."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from dispatch.models import Delivery
from fleetsync.core import ids
from orders.models import Order
from restaurants.models import Restaurant, Zone
from tracking.audience import Audience, may_open
from tracking.errors import TopicForbidden
from tracking.topics import Topic, TopicKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who sits behind a socket or a request: a user, or somebody with a link to one order."""

    audience: Audience
    user: User | None = None
    driver_id: UUID | None = None
    link_order_id: UUID | None = None

    @property
    def driver(self) -> str | None:
        """Return the driver's public id."""
        return ids.public("driver_id", self.driver_id) if self.driver_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A viewer and how long the proof is good (machine time); `user_head` is the user's stream when it was checked."""

    viewer: Viewer
    expires_at: datetime | None
    family_id: UUID | None = None
    user_head: int = 0


def viewer_of(user: User) -> Viewer:
    """Return the viewer behind a user."""
    driver = getattr(user, "driver", None)
    return Viewer(audience=Audience(user.role), user=user, driver_id=driver.pk if driver else None)


def require_topic(*, topic: Topic, viewer: Viewer) -> None:
    """Let the viewer pass who may hear this topic.

    Raises:
        TopicForbidden: not this one, or there is no such thing.
    """
    if not (may_open(viewer.audience, topic.kind) and _is_theirs(topic, viewer)):
        raise TopicForbidden


def _is_theirs(topic: Topic, viewer: Viewer) -> bool:
    user = viewer.user
    if user is None:
        return topic.kind is TopicKind.ORDER and topic.key == viewer.link_order_id
    if topic.kind is TopicKind.DRIVER:
        return topic.key == viewer.driver_id
    if topic.kind is TopicKind.RESTAURANT:
        return Restaurant.objects.managed_by(user).filter(pk=topic.key).exists()
    if topic.kind is TopicKind.ZONE:
        return user.is_ops and Zone.objects.filter(pk=topic.key).exists()
    if viewer.audience is Audience.DRIVER:
        return Delivery.objects.visible_to(user).filter(order=topic.key).exists()
    return Order.objects.visible_to(user).filter(pk=topic.key).exists()
