"""The relay: hands committed events to their handlers, appends feeds, keeps time.

Outbox rows are taken per stream in `seq` order under an advisory lock of the stream, so
two relays never interleave one stream, and a failing handler holds up only its own.
Never by `id > last_seen`: a row that commits late would be skipped for ever.
"""

import logging
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Min, Q

from fleetsync.core import clock, events, metrics, timers
from fleetsync.core.database import is_away
from fleetsync.core.models import Event, Outbox

log = logging.getLogger(__name__)

MAX_TRIES = 8
STREAMS_A_LOOK = 200
ROWS_A_TURN = 40
HAND_ON_S = 0.25
LOOK_EVERY_S = 1.0
UNKNOWN_AGAIN_S = 15.0
WAITING = Q(handled_at=None, parked_at=None)


def due_streams() -> list[str]:
    """Return streams with rows to hand on now, longest waiting first; those held for a retry are not due."""
    held = Outbox.objects.filter(WAITING, try_at__gt=clock.real_now())
    return list(
        Outbox.objects.filter(WAITING)
        .exclude(stream__in=held.values("stream"))
        .values("stream")
        .annotate(first=Min("id"))
        .order_by("first")
        .values_list("stream", flat=True)[:STREAMS_A_LOOK]
    )


@contextmanager
def _stream_to_myself(stream: str) -> Iterator[bool]:
    """Hold the stream's advisory lock over several transactions; False when another relay has it.

    The lock belongs to the database session: it ends with a crashed relay's connection.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 7))", [stream])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine and connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 7))", [stream])


def hand_on(stream: str) -> int:
    """Run the handlers of the next events of one stream; return how many rows are done.

    Each handler has a transaction of its own, so it takes its locks in the order that holds
    everywhere and gives them back before the next one begins.
    """
    done = 0
    with _stream_to_myself(stream) as mine:
        if not mine:
            return 0
        rows = list(
            Outbox.objects.filter(WAITING, stream=stream).select_related("event").order_by("seq", "rank")[:ROWS_A_TURN]
        )
        for row in rows:
            moment = clock.real_now()
            if row.try_at is not None and row.try_at > moment:
                break
            if not _handle(row, moment):
                break
            done += 1
    return done


def _handle(row: Outbox, moment: datetime) -> bool:
    """Run one handler; its effects and the mark commit together. False holds the stream."""
    try:
        with transaction.atomic():
            events.call_handler(row.handler, row.event)
            Outbox.objects.filter(pk=row.pk).update(handled_at=moment, attempts=F("attempts") + 1, error="")
    except events.UnknownName as error:
        _wait(row, moment, error)
        return False
    except Exception as error:  # whatever a handler does, the relay lives on
        if is_away(error):
            raise  # no try is counted
        return _failed(row, moment, error)
    metrics.HANDLED.inc()
    return True


def _wait(row: Outbox, moment: datetime, error: events.UnknownName) -> None:
    """Leave the row to a version that knows its names, as while a new one is rolled out: no try is counted."""
    Outbox.objects.filter(pk=row.pk).update(
        error=f"{type(error).__name__}: {error}"[:2000], try_at=moment + timedelta(seconds=UNKNOWN_AGAIN_S)
    )
    log.warning(
        "core.relay.unknown_name",
        extra={"handler": row.handler, "event": row.event.type, "stream": row.stream, "seq": row.seq},
    )


def _failed(row: Outbox, moment: datetime, error: Exception) -> bool:
    """Note the failure; True when this was the last try and the stream goes on without it."""
    tries = row.attempts + 1
    parked = tries >= MAX_TRIES
    Outbox.objects.filter(pk=row.pk).update(
        attempts=tries,
        error=f"{type(error).__name__}: {error}"[:2000].replace("\0", ""),
        try_at=None if parked else moment + timedelta(seconds=min(60.0, 0.2 * 2**tries)),
        parked_at=moment if parked else None,
    )
    metrics.FAILED.inc()
    # A deadlock or a lock held too long heals by itself; the rest is somebody's bug.
    heals = isinstance(error, OperationalError) and not parked
    log.log(
        logging.WARNING if heals else logging.ERROR,
        "core.relay.handler_failed",
        extra={"handler": row.handler, "stream": row.stream, "seq": row.seq, "tries": tries, "parked": parked},
        exc_info=not heals,
    )
    return parked


def retry_parked(*, outbox_ids: list[int]) -> int:
    """Let the relay try given-up rows again, from the first try on; return how many."""
    rows = Outbox.objects.filter(pk__in=outbox_ids, parked_at__isnull=False)
    return rows.update(parked_at=None, try_at=None, attempts=0)


def append_feeds(row: Event) -> list[tuple[str, int]]:
    """Append an event to its feeds, once each; return (feed, seq) of the new entries.

    Locks the feeds' heads, in order of their names, until the transaction ends.
    """
    cls = events.known_types().get(row.type)
    feeds = sorted(f"{kind}:{key}" for kind in (cls.feeds if cls else ()) if (key := row.payload.get(f"{kind}_id")))
    if not feeds:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH heads AS (
                   INSERT INTO core_feedhead AS head (feed, seq, floor)
                   SELECT feed, 1, 0 FROM unnest(%(feeds)s::text[]) AS feed
                   WHERE NOT EXISTS (
                       SELECT 1 FROM core_feedentry AS entry WHERE entry.feed = feed.feed AND entry.event_id = %(event)s)
                   ORDER BY feed
                   ON CONFLICT (feed) DO UPDATE SET seq = head.seq + 1
                   RETURNING feed, seq)
               INSERT INTO core_feedentry (feed, seq, event_id) SELECT feed, seq, %(event)s FROM heads
               RETURNING feed, seq""",
            {"feeds": feeds, "event": row.pk},
        )
        return sorted(cursor.fetchall())


def feed_heads(topics: list[str]) -> dict[str, int]:
    """Return the last sequence number of streams and feeds, in one query; unknown ones are 0."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT stream, seq FROM core_streamhead WHERE stream = ANY(%(topics)s)
               UNION ALL SELECT feed, seq FROM core_feedhead WHERE feed = ANY(%(topics)s)""",
            {"topics": topics},
        )
        return dict.fromkeys(topics, 0) | dict(cursor.fetchall())


class Relay:
    """The loop of the relay process."""

    def __init__(self) -> None:
        self.stopping = False
        self.last_look = time.monotonic()
        self._dues: list[datetime] = []
        self._listening: Any = None

    def stop(self, *_signal: object) -> None:
        """Ask the loop to end after its present turn."""
        self.stopping = True

    def run(self) -> None:
        """Work until stopped; a lost database is waited for, not died of."""
        while not self.stopping:
            try:
                self._listen()
                worked = self.turn()
                self.last_look = time.monotonic()
                if not worked:
                    self._sleep()
            except (DatabaseError, InterfaceError, psycopg.Error) as error:
                log.warning("core.relay.database_down", extra={"error": type(error).__name__})
                connection.close()
                if self._listening is not None:
                    self._listening.close()
                    self._listening = None
                time.sleep(0.5)
        if self._listening is not None:
            self._listening.close()

    def turn(self) -> int:
        """Hand on what waits, for a moment, then run what is due; return how much was done.

        A long queue never keeps a deadline waiting: the rest of it is the next turn's.
        """
        until = time.monotonic() + HAND_ON_S
        done = 0
        for stream in due_streams():
            done += hand_on(stream)
            if time.monotonic() > until or self.stopping:
                break
        return done + self._keep_time()

    def _keep_time(self) -> int:
        """Run every timer that is due, however the others fare.

        What is due still after its timer ran has failed: it waits for the next look, not for no time at all.
        """
        done = 0
        self._dues = []
        for timer in timers.all_timers():
            try:
                due = timer.next_due()
                now = clock.now()
                if due is not None and due <= now:
                    metrics.TIMER_LATE.labels(timer.name).set((now - due).total_seconds() / clock.scale())
                    done += timer.run_due(now)
                    due = timer.next_due()
                else:
                    metrics.TIMER_LATE.labels(timer.name).set(0)
                if due is not None and due > now:
                    self._dues.append(due)
            except Exception as error:
                if is_away(error):
                    raise
                log.exception("core.relay.timer_failed", extra={"timer": timer.name})
        return done

    def _sleep(self) -> None:
        """Wait for a commit, the next due moment or the next look, whichever comes first."""
        wait_s = min([LOOK_EVERY_S, *map(clock.real_seconds_until, self._dues)])
        raw = self._listen()
        if select.select([raw.fileno()], [], [], max(0.005, wait_s))[0]:
            for _ in raw.notifies(timeout=0):
                pass

    def _listen(self) -> Any:
        """Return a connection of its own that hears commits."""
        if self._listening is None or self._listening.closed:
            params = connection.get_connection_params()
            for ours in ("pool", "cursor_factory", "context", "prepare_threshold"):
                params.pop(ours, None)
            self._listening = psycopg.connect(**params, autocommit=True)
            self._listening.execute(f"LISTEN {events.NOTIFY_CHANNEL}")
        return self._listening


__all__ = ["Relay", "append_feeds", "due_streams", "feed_heads", "hand_on", "retry_parked"]
