"""Who hears which event of an order's stream; the timeline and the sockets ask the same table."""

from collections.abc import Mapping
from typing import Any, Final

from accounts.states import OPS, Role

#: Type, or `prefix.*`, that a role hears of an order it may see. Ops hear everything.
HEARD: Final[Mapping[str, frozenset[str]]] = {
    Role.CUSTOMER: frozenset(
        {
            "order.*",
            "delivery.assigned",
            "delivery.arrived_at_pickup",
            "delivery.picked_up",
            "delivery.en_route_to_dropoff",
            "delivery.arrived_at_dropoff",
            "delivery.delivered",
            "delivery.pin_waived",
            "delivery.unassigned",
            "delivery.returning",
            "delivery.returned",
            "delivery.eta_changed",
        }
    ),
    Role.RESTAURANT: frozenset(
        {
            "order.*",
            "delivery.assigned",
            "delivery.en_route_to_pickup",
            "delivery.arrived_at_pickup",
            "delivery.picked_up",
            "delivery.delivered",
            "delivery.unassigned",
            "delivery.no_driver_found",
            "delivery.reopened",
            "delivery.undeliverable",
            "delivery.returning",
            "delivery.returned",
            "delivery.cancelled",
            "delivery.eta_changed",
        }
    ),
    Role.DRIVER: frozenset(
        {
            "order.accepted",
            "order.preparing",
            "order.delayed",
            "order.ready",
            "order.picked_up",
            "order.delivered",
            "order.cancelled",
            "order.returning",
            "order.returned",
            "delivery.assigned",
            "delivery.en_route_to_pickup",
            "delivery.arrived_at_pickup",
            "delivery.picked_up",
            "delivery.en_route_to_dropoff",
            "delivery.arrived_at_dropoff",
            "delivery.delivered",
            "delivery.pin_waived",
            "delivery.unassigned",
            "delivery.undeliverable",
            "delivery.returning",
            "delivery.returned",
            "delivery.cancelled",
            "delivery.eta_changed",
        }
    ),
}

#: Members of a payload that a role has no business with: money and people of the others.
UNHEARD: Final[Mapping[str, frozenset[str]]] = {
    Role.CUSTOMER: frozenset({"driver_id", "offer_id", "zone_id"}),
    Role.RESTAURANT: frozenset({"customer_id", "offer_id", "zone_id", "tip_minor"}),
    Role.DRIVER: frozenset({"customer_id", "total_minor", "zone_id"}),
}


def may_hear(role: str, event_type: str) -> bool:
    """Say whether a role hears this type of an order it may see."""
    if role in OPS:
        return True
    heard = HEARD.get(role, frozenset())
    return event_type in heard or f"{event_type.partition('.')[0]}.*" in heard


def as_heard(role: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload without what this role has no business with."""
    hidden = frozenset() if role in OPS else UNHEARD.get(role, frozenset())
    return {name: value for name, value in payload.items() if name not in hidden}
