"""One socket's interest in one topic: filters what the audience hears, keeps the place in the sequence."""

from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

from tracking.audience import Audience, hears
from tracking.feeds import Feed
from tracking.frames import Frame
from tracking.selectors import Viewer
from tracking.topics import Topic, TopicKind

#: After these a driver has nothing more to do with the order, if it was his.
_NOT_HIS_ANY_MORE: Final = frozenset({"delivery.unassigned", "delivery.cancelled"})


class Loss(Enum):
    """Why a subscription cannot just go on."""

    OVER = "over"  # it is none of the viewer's business any more
    FORGOTTEN = "forgotten"  # the log does not reach back: begin again
    DOUBTFUL = "doubtful"  # who may hear it has changed: ask again


class Sink(Protocol):
    """Where texts go: the queue of a socket."""

    def send_event(self, text: str) -> None:
        """Queue an event; a full queue closes the socket."""
        ...

    def send_position(self, key: str, text: str) -> None:
        """Queue a position; the newest per key wins."""
        ...


class Subscription:
    """A topic that a socket hears. `lost` is called when it must begin again, be asked for again, or end."""

    def __init__(
        self, *, topic: Topic, feed: Feed, viewer: Viewer, sink: Sink, lost: Callable[["Subscription", Loss], None]
    ) -> None:
        self.topic, self.feed, self.viewer = topic, feed, viewer
        self.cursor = 0
        self._sink = sink
        self._lost = lost

    def push(self, frame: Frame) -> None:
        """Take the next event: hand it on if this audience hears it."""
        self.cursor = frame.seq or 0
        audience, kind = self.viewer.audience, self.topic.kind
        if frame.type == "restaurant.changed" and "staff" in frame.data.get("fields", ()):
            self._lost(self, Loss.DOUBTFUL)
        if not hears(audience, kind, frame.type):
            return
        of_driver = audience is Audience.DRIVER and kind is TopicKind.ORDER
        whose = frame.data.get("driver_id")
        if of_driver and whose not in (None, self.viewer.driver):
            return  # the driver before or after him
        self._sink.send_event(frame.text(audience, kind, self.topic.shown))
        if of_driver and whose == self.viewer.driver and frame.type in _NOT_HIS_ANY_MORE:
            self._lost(self, Loss.OVER)

    def show(self, frame: Frame) -> None:
        """Take a position: hand it on to the audiences that it names."""
        audience = self.viewer.audience
        if frame.to is None or audience in frame.to:
            key = f"{self.topic.shown}|{frame.data.get('delivery_id', '')}"
            self._sink.send_position(key, frame.text(audience, self.topic.kind, self.topic.shown))

    def reset(self) -> None:
        """Hear that events are lost for ever."""
        self._lost(self, Loss.FORGOTTEN)


class LoginWatch:
    """Hears in the user's own stream when all logins end."""

    def __init__(self, feed: Feed, cursor: int, ended: Callable[[str], None]) -> None:
        self.feed = feed
        self.cursor = cursor
        self._ended = ended

    def push(self, frame: Frame) -> None:
        """Close on `user.sessions_ended`."""
        self.cursor = frame.seq or 0
        if frame.type == "user.sessions_ended":
            self._ended(str(frame.data.get("reason", "the sessions were ended")))

    def show(self, frame: Frame) -> None:
        """Nobody's position is shown here."""

    def reset(self) -> None:
        """Rather one login too many than one that outlives its end."""
        self._ended("the log was forgotten")
