"""Forgetting: whole finished streams of the event log, and answers nobody will ask for again.

The log is append-only; this is the one place that deletes from it. What is forgotten
leaves a floor on the head of its stream and feeds: a reader who asks for something below
it is told to start anew (`reset`), and the checker expects no row there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from fleetsync.core import events
from fleetsync.core.models import IdempotencyKey

STREAMS_A_TURN: Final = 200
KEYS_KEPT: Final = timedelta(hours=72)

# Finished: its newest event is old, nobody waits for any of its events, and where lives
# of this kind end with a fact (`Event.ends`), that fact is there.
FINISHED = """
    SELECT head.stream
    FROM core_streamhead AS head
    JOIN core_event AS newest ON newest.stream = head.stream AND newest.seq = head.seq
    WHERE head.seq > head.floor AND newest.at < %(before)s
      AND NOT EXISTS (SELECT 1 FROM core_outbox AS waiting
                      WHERE waiting.stream = head.stream AND waiting.handled_at IS NULL)
      AND (split_part(head.stream, ':', 1) <> ALL (%(ending_kinds)s)
           OR EXISTS (SELECT 1 FROM core_event AS fact
                      WHERE fact.stream = head.stream AND fact.type = ANY (%(endings)s)))
    ORDER BY head.stream LIMIT %(most)s
    FOR UPDATE OF head SKIP LOCKED"""

FORGET_FEEDS = """
    WITH gone AS (
        DELETE FROM core_feedentry WHERE event_id IN (SELECT id FROM core_event WHERE stream = ANY (%(streams)s))
        RETURNING feed, seq),
    floors AS (SELECT feed, max(seq) AS seq, count(*) AS entries FROM gone GROUP BY feed),
    raised AS (
        UPDATE core_feedhead AS head SET floor = greatest(head.floor, floors.seq)
        FROM floors WHERE floors.feed = head.feed)
    SELECT coalesce(sum(entries), 0) FROM floors"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forgotten:
    """How much was forgotten."""

    streams: int
    events: int
    feed_entries: int
    keys: int


def forget_events(*, before: datetime) -> tuple[int, int, int]:
    """Delete every finished stream whose newest event is older than `before` (business time).

    Takes some streams a transaction, locking their heads. Returns streams, events, feed entries.
    """
    streams = facts = entries = 0
    while True:
        turn = _forget_some(before)
        streams, facts, entries = streams + turn[0], facts + turn[1], entries + turn[2]
        if turn[0] < STREAMS_A_TURN:
            return streams, facts, entries


def _forget_some(before: datetime) -> tuple[int, int, int]:
    endings = [cls for cls in events.known_types().values() if cls.ends]
    kinds = sorted({cls.home for cls in endings})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            FINISHED,
            {
                "before": before,
                "ending_kinds": kinds,
                "endings": sorted(cls.type for cls in endings),
                "most": STREAMS_A_TURN,
            },
        )
        streams = [stream for (stream,) in cursor.fetchall()]
        if not streams:
            return 0, 0, 0
        cursor.execute(FORGET_FEEDS, {"streams": streams})
        (entries,) = cursor.fetchone()
        cursor.execute("DELETE FROM core_outbox WHERE stream = ANY (%s)", [streams])
        cursor.execute("SET LOCAL fleetsync.retention = 'on'")
        cursor.execute("DELETE FROM core_event WHERE stream = ANY (%s)", [streams])
        facts = cursor.rowcount
        cursor.execute("SET LOCAL fleetsync.retention = 'off'")
        # A life that has ended leaves no head; a driver who comes back goes on with the next number.
        ended = [stream for stream in streams if stream.partition(":")[0] in kinds]
        cursor.execute("DELETE FROM core_streamhead WHERE stream = ANY (%s)", [ended])
        cursor.execute("UPDATE core_streamhead SET floor = seq WHERE stream = ANY (%s)", [streams])
    return len(streams), facts, int(entries)


def forget_keys(*, real_now: datetime) -> int:
    """Delete stored answers older than 72 hours of machine time; return how many."""
    return IdempotencyKey.objects.filter(created_at__lt=real_now - KEYS_KEPT).delete()[0]


def forget_old(*, now: datetime, real_now: datetime, older_than: timedelta) -> Forgotten:
    """Forget events by business time and stored answers by machine time."""
    streams, facts, entries = forget_events(before=now - older_than)
    return Forgotten(streams=streams, events=facts, feed_entries=entries, keys=forget_keys(real_now=real_now))
