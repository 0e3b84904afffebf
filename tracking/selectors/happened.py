"""What happened in a zone up to a moment, as dispatch staff read it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

from fleetsync.core import ids
from orders.models import Order

#: What is worth a line; the rest would only say it twice.
TOLD: Final = (
    "order.placed",
    "order.accepted",
    "order.rejected",
    "order.delayed",
    "order.ready",
    "order.cancelled",
    "delivery.assigned",
    "delivery.arrived_at_pickup",
    "delivery.picked_up",
    "delivery.arrived_at_dropoff",
    "delivery.pin_refused",
    "delivery.pin_waived",
    "delivery.delivered",
    "delivery.unassigned",
    "delivery.no_driver_found",
    "delivery.reopened",
    "delivery.held",
    "delivery.released",
    "delivery.prioritized",
    "delivery.undeliverable",
    "delivery.returned",
    "delivery.moved_zone",
    "offer.made",
    "offer.declined",
    "offer.expired",
    "session.started",
    "session.paused",
    "session.resumed",
    "session.ended",
    "driver.message_sent",
)
#: Nothing older is told: whoever looks further back goes there.
REACH: Final = timedelta(hours=1)
MOST: Final = 40

# The newest of each type by its index, then the newest of all: no sort of an hour's events.
_LINES: Final = """
    SELECT line.id, line.type, line.at, line.actor, line.payload
    FROM unnest(%(types)s::text[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT id, type, at, actor, payload::text AS payload FROM core_event
        WHERE type = wanted AND at <= %(at)s AND at > %(oldest)s AND payload ->> 'zone_id' = %(zone)s
        ORDER BY at DESC LIMIT %(most)s) AS line
    ORDER BY line.at DESC, line.id DESC LIMIT %(most)s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of what happened."""

    pk: UUID
    type: str
    at: datetime
    actor: str
    data: dict[str, Any]
    code: str
    """Of the order it is about; empty where it is about none."""


def happened(*, zone_id: UUID, at: datetime) -> list[Happening]:
    """Return the last things that happened in a zone within the hour before `at`, newest first; two queries."""
    wanted: dict[str, Any] = {
        "types": list(TOLD),
        "zone": ids.public("zone_id", zone_id),
        "at": at,
        "oldest": at - REACH,
        "most": MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LINES, wanted)
        rows = [(pk, kind, moment, actor, orjson.loads(data)) for pk, kind, moment, actor, data in cursor.fetchall()]
    about = {data["order_id"]: ids.private("order_id", data["order_id"]) for *_, data in rows if "order_id" in data}
    codes = dict(Order.objects.filter(pk__in=about.values()).values_list("pk", "code"))
    return [
        Happening(
            pk=pk,
            type=kind,
            at=moment,
            actor=actor,
            data=data,
            code=codes.get(about[data["order_id"]], "") if "order_id" in data else "",
        )
        for pk, kind, moment, actor, data in rows
    ]
