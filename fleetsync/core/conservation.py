"""The conservation checker: what must hold over all rows at any moment, asked of the database.

Each app states its rules in a `conservation.py`; a rule finds breaches, each a line that
names the row. Everything is read in one REPEATABLE READ snapshot, so it is safe on a live
system. What follows by event gets a grace: a relay that is a moment behind is no breach.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import connection, models, transaction
from django.utils.module_loading import autodiscover_modules

from fleetsync.core import clock, events, ids
from fleetsync.core.handlers import tell_watchers

MOST_SHOWN: Final = 20
OUTBOX_GRACE_S: Final = 10.0
FOLLOWS_BUSINESS_S: Final = 60.0
FOLLOWS_REAL_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Moment:
    """When the snapshot was taken, and the moment before which everything must have followed."""

    now: datetime
    real_now: datetime
    followed: datetime


Breaches = Callable[[Moment], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold; `find` yields a line for each row that breaks it."""

    name: str
    find: Breaches


_rules: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Breaches], Breaches]:
    """Register a rule under a name that reads as the sentence that must be true."""

    def register(find: Breaches) -> Breaches:
        _rules[name] = Rule(name, find)
        return find

    return register


def rows(sql: str, **params: Any) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a query on the snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        yield from cursor.fetchall()


def check_all() -> dict[str, list[str]]:
    """Return the breaches by rule, at most 20 each, all seen in one snapshot; no breach, no entry."""
    autodiscover_modules("conservation")
    found: dict[str, list[str]] = {}
    with _snapshot() as moment:
        for each in _rules.values():
            if breaches := list(islice(each.find(moment), MOST_SHOWN)):
                found[each.name] = breaches
    return found


def rule_names() -> list[str]:
    """Return every rule's name."""
    autodiscover_modules("conservation")
    return list(_rules)


@contextmanager
def _snapshot() -> Iterator[Moment]:
    nested = connection.in_atomic_block
    now, real_now = clock.now(), clock.real_now()
    grace = clock.at_least(FOLLOWS_BUSINESS_S, FOLLOWS_REAL_S)
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield Moment(now, real_now, now - grace)


def folded(
    queryset: "models.QuerySet[Any]", *, field: str, after: Mapping[str, str], stream_of: Callable[[Any], str]
) -> Iterator[str]:
    """Yield each row whose status is not what its last telling event says.

    `field` is the payload's name of the row's id; `after` gives the status after an event
    type, and types it leaves out change nothing. Rows whose events are forgotten are left out.
    """
    cursor_rows = queryset.order_by("pk").iterator(chunk_size=1000)
    while chunk := list(islice(cursor_rows, 1000)):
        expected = _last_types(field, sorted({stream_of(row) for row in chunk}), sorted(after))
        for row in chunk:
            public = ids.public(field, row.pk)
            last = expected.get(public)
            if last is not None and after[last] != row.status:
                yield f"{public} is {row.status}, but its last event {last} says {after[last]}"


def _last_types(field: str, streams: list[str], types: list[str]) -> dict[str, str]:
    found = rows(
        """SELECT DISTINCT ON (payload ->> %(field)s) payload ->> %(field)s, type FROM core_event
           WHERE stream = ANY (%(streams)s) AND type = ANY (%(types)s)
           ORDER BY payload ->> %(field)s, seq DESC""",
        field=field,
        streams=streams,
        types=types,
    )
    return dict(found)


def public_pairs(kind: str, found: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    """Yield `<public id>: <what>` for rows of (uuid, text)."""
    for key, what in found:
        yield f"{ids.public(kind, key if isinstance(key, UUID) else UUID(str(key)))}: {what}"


# --- the core's own rules ------------------------------------------------------


@rule("every stream is numbered without a hole up to its head")
def _streams(moment: Moment) -> Iterator[str]:
    for stream, head, floor, least, most, count in rows(
        """SELECT coalesce(head.stream, log.stream), head.seq, head.floor, log.least, log.most, coalesce(log.count, 0)
           FROM core_streamhead AS head
           FULL JOIN (SELECT stream, min(seq) AS least, max(seq) AS most, count(*) AS count
                      FROM core_event GROUP BY stream) AS log ON log.stream = head.stream
           WHERE head.seq IS NULL OR coalesce(log.count, 0) <> head.seq - head.floor
              OR (log.count > 0 AND (log.most <> head.seq OR log.least <> head.floor + 1))"""
    ):
        yield f"{stream}: head {head}, forgotten to {floor}, but {count} events from {least} to {most}"


@rule("every feed is numbered without a hole up to its head")
def _feeds(moment: Moment) -> Iterator[str]:
    for feed, head, floor, most, count in rows(
        """SELECT coalesce(head.feed, log.feed), head.seq, head.floor, log.most, coalesce(log.count, 0)
           FROM core_feedhead AS head
           FULL JOIN (SELECT entry.feed, max(entry.seq) AS most, count(*) AS count
                      FROM core_feedentry AS entry JOIN core_feedhead AS own ON own.feed = entry.feed
                      WHERE entry.seq > own.floor GROUP BY entry.feed) AS log ON log.feed = head.feed
           WHERE head.seq IS NULL OR coalesce(log.count, 0) <> head.seq - head.floor
              OR (log.count > 0 AND log.most <> head.seq)"""
    ):
        yield f"{feed}: head {head}, forgotten to {floor}, but {count} entries above, up to {most}"


@rule("every event was written with what must hear of it")
def _outbox_complete(moment: Moment) -> Iterator[str]:
    for stream, seq, kind in rows(
        """SELECT stream, seq, type FROM core_event AS fact
           WHERE NOT EXISTS (SELECT 1 FROM core_outbox AS heard WHERE heard.event_id = fact.id) ORDER BY 1, 2"""
    ):
        yield f"{stream}#{seq} {kind} has no outbox row"


@rule("nothing waits in the outbox longer than 10 s")
def _outbox_prompt(moment: Moment) -> Iterator[str]:
    limit = moment.now - clock.at_least(0, OUTBOX_GRACE_S)
    for stream, seq, handler, attempts in rows(
        """SELECT waiting.stream, waiting.seq, waiting.handler, waiting.attempts
           FROM core_outbox AS waiting JOIN core_event AS fact ON fact.id = waiting.event_id
           WHERE waiting.handled_at IS NULL AND waiting.parked_at IS NULL AND fact.at < %(limit)s
           ORDER BY waiting.id""",
        limit=limit,
    ):
        yield f"{stream}#{seq} {handler}, {attempts} tries"


@rule("nothing was given up in the outbox")
def _outbox_parked(moment: Moment) -> Iterator[str]:
    for stream, seq, handler, error in rows(
        """SELECT stream, seq, handler, left(error, 120) FROM core_outbox
           WHERE parked_at IS NOT NULL AND handled_at IS NULL ORDER BY id"""
    ):
        yield f"{stream}#{seq} {handler}: {error}"


@rule("every event that was told stands in its feeds")
def _feeds_complete(moment: Moment) -> Iterator[str]:
    fed = [(kind, cls.type) for cls in events.known_types().values() for kind in cls.feeds]
    for stream, seq, feed in rows(
        """SELECT fact.stream, fact.seq, fed.kind || ':' || (fact.payload ->> (fed.kind || '_id'))
           FROM core_event AS fact
           JOIN unnest(%(kinds)s::text[], %(types)s::text[]) AS fed(kind, type) ON fed.type = fact.type
           JOIN core_outbox AS told ON told.event_id = fact.id AND told.handled_at IS NOT NULL
                                   AND told.handler = %(handler)s
           WHERE coalesce(fact.payload ->> (fed.kind || '_id'), '') <> ''
             AND NOT EXISTS (SELECT 1 FROM core_feedentry AS entry WHERE entry.event_id = fact.id
                             AND entry.feed = fed.kind || ':' || (fact.payload ->> (fed.kind || '_id')))""",
        kinds=[kind for kind, _ in fed],
        types=[name for _, name in fed],
        handler=f"{tell_watchers.__module__}.{tell_watchers.__name__}",
    ):
        yield f"{stream}#{seq} is missing in {feed}"


@rule("no event lies in the future of business time")
def _no_future(moment: Moment) -> Iterator[str]:
    limit = moment.now + timedelta(seconds=5) + clock.at_least(0, 1)
    for stream, seq, at in rows("SELECT stream, seq, at FROM core_event WHERE at > %(limit)s", limit=limit):
        yield f"{stream}#{seq} at {at.isoformat()}"


def as_json(found: Mapping[str, list[str]], names: list[str]) -> str:
    """Return the report for machines: `ok`, and every rule with its breaches."""
    rules = [{"rule": name, "breaches": found.get(name, [])} for name in names]
    return json.dumps({"ok": not found, "rules": rules}, indent=2)
