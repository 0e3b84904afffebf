"""Topics of the socket: what they are called outside and which stream or feed is behind them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from fleetsync.core import ids
from tracking.errors import TopicUnknown

#: What a driver calls the own topic.
DRIVER_ME: Final = "driver:me"


class TopicKind(StrEnum):
    """What a topic is about."""

    ORDER = "order"
    DRIVER = "driver"
    RESTAURANT = "restaurant"
    ZONE = "zone"


#: Kinds that are streams of the event log; the others are feeds that the relay appends.
STREAMS: Final = frozenset({"order", "driver", "user", "menu"})


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `source` names the stream or feed, `shown` is what the client calls it."""

    kind: TopicKind
    key: UUID

    @property
    def source(self) -> str:
        """Return the name of the stream or feed, e.g. `order:ord_…`."""
        return f"{self.kind}:{ids.public(f'{self.kind}_id', self.key)}"

    @property
    def shown(self) -> str:
        """Return the client's name for it."""
        return DRIVER_ME if self.kind is TopicKind.DRIVER else self.source


def read(text: str, *, driver_id: UUID | None = None) -> Topic:
    """Return the topic a client names; `driver:me` is that of `driver_id`.

    Raises:
        TopicUnknown: no such kind, a malformed id, or `driver:me` of somebody who is no driver.
    """
    kind, _, rest = text.partition(":")
    if text == DRIVER_ME and driver_id is not None:
        return Topic(TopicKind.DRIVER, driver_id)
    if kind not in (TopicKind.ORDER, TopicKind.RESTAURANT, TopicKind.ZONE):
        raise TopicUnknown
    try:
        return Topic(TopicKind(kind), ids.private(f"{kind}_id", rest))
    except ids.BadId as error:
        raise TopicUnknown from error
