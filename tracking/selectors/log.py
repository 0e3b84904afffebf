"""Reads of the event log, for sockets that missed something."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

import orjson
from django.db import connection

from accounts.models import TokenFamily
from tracking.conf import SOCKET
from tracking.errors import LogForgotten
from tracking.frames import Frame
from tracking.topics import STREAMS

_OF_STREAM: Final = """
    SELECT seq, type, at, payload::text FROM core_event
    WHERE stream = %(topic)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s"""
_OF_FEED: Final = """
    SELECT entry.seq, event.type, event.at, event.payload::text
    FROM core_feedentry AS entry JOIN core_event AS event ON event.id = entry.event_id
    WHERE entry.feed = %(topic)s AND entry.seq > %(after)s ORDER BY entry.seq LIMIT %(limit)s"""


def events_after(*, topic: str, after: int, limit: int = SOCKET.page_frames) -> Sequence[Frame]:
    """Return the events of a stream or feed after number `after`, oldest first, at most `limit`.

    Raises:
        LogForgotten: the next one is not kept any more.
    """
    query = _OF_STREAM if topic.partition(":")[0] in STREAMS else _OF_FEED
    with connection.cursor() as cursor:
        cursor.execute(query, {"topic": topic, "after": after, "limit": limit})
        rows = cursor.fetchall()
    frames = [
        Frame(kind=kind, topic=topic, seq=seq, at=at.isoformat(), data=orjson.loads(payload))
        for seq, kind, at, payload in rows
    ]
    if frames and [frame.seq for frame in frames] != list(range(after + 1, after + 1 + len(frames))):
        raise LogForgotten
    return frames


def ended_logins(*, family_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these logins were ended."""
    if not family_ids:
        return set()
    rows = TokenFamily.objects.filter(pk__in=family_ids, revoked_at__isnull=False)
    return set(rows.values_list("pk", flat=True))
