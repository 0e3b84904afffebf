"""The JSON of a topic's present state: the same for a GET and for a socket's `snapshot` frame."""

from datetime import datetime
from typing import Any

from tracking import selectors
from tracking.selectors import Viewer
from tracking.serializers import LiveDriverOutput, LiveOrderOutput, LiveRestaurantOutput, LiveZoneOutput
from tracking.topics import Topic, TopicKind


def take(*, topic: Topic, viewer: Viewer, now: datetime) -> dict[str, Any]:
    """Return the topic's JSON for this viewer; `seq` is the number of the last event in it.

    Raises:
        TopicForbidden: it is not the viewer's to hear.
    """
    selectors.require_topic(topic=topic, viewer=viewer)
    if topic.kind is TopicKind.ORDER:
        return dict(LiveOrderOutput(selectors.live_order(order_id=topic.key, viewer=viewer, now=now)).data)
    if topic.kind is TopicKind.RESTAURANT:
        kitchen = selectors.live_restaurant(restaurant_id=topic.key, viewer=viewer, now=now)
        return dict(LiveRestaurantOutput(kitchen).data)
    if topic.kind is TopicKind.ZONE:
        return dict(LiveZoneOutput(selectors.live_zone(zone_id=topic.key, now=now)).data)
    return dict(LiveDriverOutput(selectors.live_driver(driver_id=topic.key, now=now)).data)
