"""The lives of orders, deliveries, offers and sessions as a page: drawn from the tables the code goes by."""

from collections.abc import Mapping
from typing import Any, Final

from dispatch import conservation as carrying
from dispatch.states import DELIVERY_FOLLOWERS, OFFER_FOLLOWERS, SESSION_FOLLOWERS
from orders import conservation as selling
from orders.states import FOLLOWERS as ORDER_FOLLOWERS

INTRODUCTION: Final = """\
# The lives

<!-- Printed by `manage.py life_docs`; a test compares this page with the code. -->

Four things live beside each other and are kept apart: the **order** is the sale and the kitchen's
work, the **delivery** is the job of carrying it, an **offer** is one question to one driver, and a
**session** is a driver's time online. Kitchen and driver work in parallel: food can be ready before
anybody carries it, and a driver can be found before it is ready.

A later step implies the earlier ones. Whoever says "picked up" says, too, that the order was
accepted, cooked and ready and that the driver was there; each implied step is an event of its own,
at that moment. Every change of a state is an event in the log, and `manage.py check_conservation`
folds the events and compares the outcome with the rows.
"""

NOTES: Final[Mapping[str, str]] = {
    "Order": (
        "Rejected means refused by the kitchen, or silent past `accept_by`. A customer may cancel until "
        "the food is on the stove, the kitchen and dispatch staff until it is on the road. Cancelling "
        "locks the order alone; its delivery follows by event."
    ),
    "Delivery": (
        "Before the pickup it may go back to SEARCHING at any step: given back, taken away, or the driver "
        "went silent. NO_DRIVER_FOUND waits for a person, who may let the search begin again."
    ),
    "Offer": (
        "At most one is accepted per delivery, and at most one is open per delivery and driver; both are "
        "constraints of the database. UNDELIVERED never reached a phone and does not count against the driver."
    ),
    "Driver session": (
        "A lease, renewed by every ping. It ends by itself when the pings stop, so a silent driver is never matched."
    ),
}


def markdown() -> str:
    """Return docs/lives.md."""
    parts = [INTRODUCTION]
    lives: list[tuple[str, Mapping[Any, frozenset[Any]], Mapping[str, str]]] = [
        ("Order", ORDER_FOLLOWERS, selling.STATUS_AFTER),
        ("Delivery", DELIVERY_FOLLOWERS, carrying.DELIVERY_AFTER),
        ("Offer", OFFER_FOLLOWERS, carrying.OFFER_AFTER),
        ("Driver session", SESSION_FOLLOWERS, {}),
    ]
    for name, followers, after in lives:
        parts.append(f"## {name}\n\n{NOTES[name]}\n\n{_diagram(followers)}\n\n{_table(followers, after)}\n")
    return "\n".join(parts)


def _diagram(followers: Mapping[Any, frozenset[Any]]) -> str:
    order = list(followers)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {order[0].value}"]
    for state, nexts in followers.items():
        lines += [f"    {state.value} --> {each.value}" for each in sorted(nexts, key=order.index)]
        if not nexts:
            lines.append(f"    {state.value} --> [*]")
    return "\n".join([*lines, "```"])


def _table(followers: Mapping[Any, frozenset[Any]], after: Mapping[str, str]) -> str:
    order = list(followers)
    lines = ["| state | may become | events that lead here |", "|---|---|---|"]
    for state, nexts in followers.items():
        become = ", ".join(each.value for each in sorted(nexts, key=order.index)) or "nothing more"
        told = ", ".join(f"`{name}`" for name, status in sorted(after.items()) if status == state) or "none"
        lines.append(f"| {state.value} | {become} | {told} |")
    return "\n".join(lines)
