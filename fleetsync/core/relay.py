"""The relay: hands committed events to their handlers, appends feeds, keeps time.

Outbox rows are taken per stream in `seq` order under an advisory lock of the stream, so
two relays never interleave one stream, and a failing handler holds up only its own.
Never by `id > last_seen`: a row that commits late would be skipped for ever.
"""

import logging
import select
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F, Min

from fleetsync.core import clock, events, timers
from fleetsync.core.models import Event, FeedEntry, FeedHead, Outbox

log = logging.getLogger(__name__)

MAX_TRIES = 8
STREAMS_A_LOOK = 200
EVENTS_A_TURN = 10
LOOK_EVERY_S = 1.0


def due_streams() -> list[str]:
    """Return streams with rows to hand on, longest waiting first."""
    return list(
        Outbox.objects.filter(handled_at=None, parked_at=None)
        .values("stream")
        .annotate(first=Min("id"))
        .order_by("first")
        .values_list("stream", flat=True)[:STREAMS_A_LOOK]
    )


def hand_on(stream: str) -> int:
    """Run the handlers of the next events of one stream; return how many rows are done."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))", [stream])
            if not cursor.fetchone()[0]:
                return 0
        rows = list(
            Outbox.objects.filter(stream=stream, handled_at=None, parked_at=None)
            .select_related("event")
            .order_by("seq", "rank")[: EVENTS_A_TURN * 4]
        )
        done = 0
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
    except OperationalError:
        raise  # the connection or a lock: the whole turn is rolled back and tried again
    except Exception as error:
        tries = row.attempts + 1
        parked = tries >= MAX_TRIES
        Outbox.objects.filter(pk=row.pk).update(
            attempts=tries,
            error=f"{type(error).__name__}: {error}"[:2000],
            try_at=moment + timedelta(seconds=min(60.0, 0.2 * 2**tries)),
            parked_at=moment if parked else None,
        )
        log.exception(
            "core.relay.handler_failed",
            extra={"handler": row.handler, "stream": row.stream, "seq": row.seq, "parked": parked},
        )
        return parked
    return True


def append_feeds(row: Event) -> list[tuple[str, int]]:
    """Append an event to its feeds, once each; return (feed, seq) of the new entries."""
    cls = events.known_types().get(row.type)
    new: list[tuple[str, int]] = []
    for kind in sorted(cls.feeds) if cls else ():
        key = row.payload.get(f"{kind}_id")
        if not key:
            continue
        feed = f"{kind}:{key}"
        if FeedEntry.objects.filter(feed=feed, event=row).exists():
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO core_feedhead AS head (feed, seq) VALUES (%s, 1)
                   ON CONFLICT (feed) DO UPDATE SET seq = head.seq + 1 RETURNING seq""",
                [feed],
            )
            seq = cursor.fetchone()[0]
        FeedEntry.objects.create(feed=feed, seq=seq, event=row)
        new.append((feed, seq))
    return new


def feed_heads(topics: list[str]) -> dict[str, int]:
    """Return the last sequence number of streams and feeds, in one query; unknown ones are 0."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT stream, seq FROM core_streamhead WHERE stream = ANY(%(topics)s)
               UNION ALL SELECT feed, seq FROM core_feedhead WHERE feed = ANY(%(topics)s)""",
            {"topics": topics},
        )
        return dict.fromkeys(topics, 0) | dict(cursor.fetchall())


__all__ = ["FeedHead", "Relay", "append_feeds", "due_streams", "feed_heads", "hand_on"]


class Relay:
    """The loop of the relay process."""

    def __init__(self) -> None:
        self.stopping = False
        self.last_look = time.monotonic()
        self._listening: Any = None

    def stop(self, *_signal: object) -> None:
        """Ask the loop to end after its present turn."""
        self.stopping = True

    def run(self) -> None:
        """Work until stopped; a lost database is waited for, not died of."""
        while not self.stopping:
            try:
                worked = self.turn()
                self.last_look = time.monotonic()
                if not worked:
                    self._sleep()
            except (OperationalError, DatabaseError) as error:
                log.warning("core.relay.database_down", extra={"error": type(error).__name__})
                connection.close()
                self._listening = None
                time.sleep(0.5)

    def turn(self) -> int:
        """Hand on what waits and run what is due; return how much was done."""
        done = sum(hand_on(stream) for stream in due_streams())
        for timer in timers.all_timers():
            now = clock.now()
            due = timer.next_due()
            if due is not None and due <= now:
                try:
                    done += timer.run_due(now)
                except OperationalError:
                    raise
                except Exception:
                    log.exception("core.relay.timer_failed", extra={"timer": timer.name})
        return done

    def _sleep(self) -> None:
        """Wait for a commit, the next due moment or the next look, whichever comes first."""
        dues = [due for timer in timers.all_timers() if (due := timer.next_due()) is not None]
        wait_s = min([LOOK_EVERY_S, *(clock.real_seconds_until(due) for due in dues)])
        wait_s = max(0.005, wait_s)
        raw = self._listen()
        if select.select([raw.fileno()], [], [], wait_s)[0]:
            for _ in raw.notifies(timeout=0):
                pass

    def _listen(self) -> Any:
        """Return a connection of its own that hears commits."""
        if self._listening is None or self._listening.closed:
            import psycopg

            params = connection.get_connection_params()
            params.pop("pool", None)
            params.pop("cursor_factory", None)
            params.pop("context", None)
            params.pop("prepare_threshold", None)
            self._listening = psycopg.connect(**params, autocommit=True)
            self._listening.execute(f"LISTEN {events.NOTIFY_CHANNEL}")
        return self._listening
