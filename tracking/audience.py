"""Who hears what: one table of role and kind of topic. Whose order it is, the selectors decide.

What is heard of an order stands in `orders.audience`, where its timeline asks, too.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from accounts.states import Role
from orders import audience as of_orders
from tracking.topics import TopicKind


class Audience(StrEnum):
    """A role, or whoever holds a tracking link."""

    CUSTOMER = "CUSTOMER"
    DRIVER = "DRIVER"
    RESTAURANT = "RESTAURANT"
    DISPATCHER = "DISPATCHER"
    ADMIN = "ADMIN"
    LINK = "LINK"


K, A = TopicKind, Audience
EVERYTHING: Final = frozenset({"*"})
_OWN_STREAM: Final = frozenset({"offer.*", "session.*", "driver.*"})

#: Types, or `prefix.*`, by topic and audience. Who is not in it may not open the topic.
HEARD: Final[Mapping[TopicKind, Mapping[Audience, frozenset[str]]]] = {
    K.ORDER: {
        A.CUSTOMER: of_orders.HEARD[Role.CUSTOMER],
        A.LINK: of_orders.HEARD[Role.CUSTOMER],
        A.DRIVER: of_orders.HEARD[Role.DRIVER],
        A.RESTAURANT: of_orders.HEARD[Role.RESTAURANT],
        A.DISPATCHER: EVERYTHING,
        A.ADMIN: EVERYTHING,
    },
    K.DRIVER: {A.DRIVER: _OWN_STREAM},
    K.RESTAURANT: {
        A.RESTAURANT: of_orders.HEARD[Role.RESTAURANT] | {"menu.*", "restaurant.*"},
        A.DISPATCHER: EVERYTHING,
        A.ADMIN: EVERYTHING,
    },
    K.ZONE: {A.DISPATCHER: EVERYTHING, A.ADMIN: EVERYTHING},
}

#: Members of a payload that nobody reads who merely holds the link.
UNHEARD_BY_LINK: Final = of_orders.UNHEARD[Role.CUSTOMER] | {
    "customer_id",
    "total_minor",
    "currency",
    "delivery_id",
    "restaurant_id",
    "by",
    "reason",
}

#: Where to send positions: the frame's own list of audiences decides about each one.
POSITION_TYPES: Final = frozenset({"position", "positions"})
OPS_AUDIENCES: Final = frozenset({A.DISPATCHER, A.ADMIN})
CUSTOMERS: Final = (A.CUSTOMER, A.LINK)


def may_open(audience: Audience, kind: TopicKind) -> bool:
    """Say whether this audience hears topics of this kind at all."""
    return audience in HEARD[kind]


def hears(audience: Audience, kind: TopicKind, event_type: str) -> bool:
    """Say whether this audience hears events of this type on topics of this kind."""
    heard = HEARD[kind].get(audience, frozenset())
    return heard is EVERYTHING or event_type in heard or f"{event_type.partition('.')[0]}.*" in heard


def as_heard(audience: Audience, kind: TopicKind, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload without what this audience has no business with."""
    if audience in OPS_AUDIENCES or kind is K.DRIVER:
        return dict(payload)
    if audience is A.LINK:
        return {name: value for name, value in payload.items() if name not in UNHEARD_BY_LINK}
    return of_orders.as_heard(audience.value, payload)
