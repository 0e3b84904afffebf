"""The event log: facts, written in the transaction of the change they tell of.

    with change(now=now, actor=actor) as emit:
        order.save()
        emit(OrderPlaced(order_id=order.pk, ...))

Nested blocks join the outermost one, which writes all events as its last statements,
sorted by stream, so that stream heads are always the last locks taken. Handlers
(`@on(OrderPlaced)` in an app's `handlers.py`) are run by the relay, at least once,
in order per stream.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Final, Protocol, TypeVar
from uuid import UUID

from django.db import connection, transaction

from fleetsync.core import ids
from fleetsync.core.models import Event as EventRow
from fleetsync.core.models import Outbox

NOTIFY_CHANNEL: Final = "fleetsync_relay"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A fact. Subclasses are frozen dataclasses with a `type` and the fields that tell it.

    `home` names the stream: `order` means `order:<order_id>`; `home_field` names the field
    where it is another. `feeds` names the feeds the relay appends it to, by the same rule
    (`restaurant`, `zone`); an empty id leaves it out. Streams and feeds share no names.
    `ends` marks the last fact of a life: where a kind of stream has such facts, retention
    forgets only streams that hold one.
    Field names that end in `_id` hold UUIDs and become public ids in the payload.
    """

    type: ClassVar[str]
    home: ClassVar[str] = "order"
    home_field: ClassVar[str] = ""
    feeds: ClassVar[tuple[str, ...]] = ()
    ends: ClassVar[bool] = False

    @property
    def stream(self) -> str:
        """Return the stream this event lives in."""
        field = self.home_field or f"{self.home}_id"
        return f"{self.home}:{ids.public(field, getattr(self, field))}"


def topic_of(kind: str, key: UUID) -> str:
    """Return the name of a stream or feed, e.g. `order:ord_…`; sockets use the same name."""
    return f"{kind}:{ids.public(f'{kind}_id', key)}"


_types: dict[str, type[Event]] = {}
EventType = TypeVar("EventType", bound=type[Event])


def event(cls: EventType) -> EventType:
    """Register an event class, so that the relay can read it back. Use above `@dataclass`."""
    if _types.setdefault(cls.type, cls) is not cls and _types[cls.type].__qualname__ != cls.__qualname__:
        raise TypeError(f"two events are called {cls.type}")
    _types[cls.type] = cls
    return cls


def known_types() -> Mapping[str, type[Event]]:
    """Return every event class by its type."""
    return dict(_types)


def to_payload(fact: Event) -> dict[str, Any]:
    """Return the JSON form: public ids, ISO moments, everything else as it is."""
    return {name: _outward(name, value) for name, value in asdict(fact).items()}


def _outward(name: str, value: Any) -> Any:
    if isinstance(value, UUID):
        return ids.public(name, value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_outward(f"{name[:-1]}" if name.endswith("_ids") else name, each) for each in value]
    return value


def from_row(row: EventRow) -> Event:
    """Return the typed event behind a stored row.

    Raises:
        KeyError: no class of this type is registered in this version.
    """
    cls = _types[row.type]
    known = {field.name: field for field in fields(cls)}
    values = {name: _inward(name, value) for name, value in row.payload.items() if name in known}
    return cls(**values)


def _inward(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if name in ids.PREFIXES:
            return ids.private(name, value)
        if name == "at" or name.endswith("_at"):
            return datetime.fromisoformat(value)
    if isinstance(value, list) and name.endswith("_ids"):
        return tuple(ids.private(name[:-1], each) for each in value)
    return value


# --- writing -----------------------------------------------------------------


class Emit(Protocol):
    """Record a fact of the present change."""

    def __call__(self, fact: Event) -> None: ...


class _Change:
    """What the outermost block has collected so far; closed, it takes no more."""

    def __init__(self) -> None:
        self.facts: list[tuple[Event, datetime, str]] = []
        self.closed = False

    def emit(self, now: datetime, actor: str) -> Emit:
        def record(fact: Event) -> None:
            if self.closed:
                raise RuntimeError(f"{fact.type} was emitted after its change had ended")
            self.facts.append((fact, now, actor))

        return record


_current: ContextVar[_Change | None] = ContextVar("fleetsync_change", default=None)


@contextmanager
def change(*, now: datetime, actor: str = "system") -> Iterator[Emit]:
    """Open the transaction of a service; what it emits is written with it, or not at all.

    `now` is business time; `actor` is a public user id or a part of the system
    (`relay`, `round`, `geofence`). Blocks nest: the inner one's facts keep their own actor.
    """
    outer = _current.get()
    if outer is not None:
        with transaction.atomic():
            mark = len(outer.facts)
            try:
                yield outer.emit(now, actor)
            except BaseException:
                del outer.facts[mark:]
                raise
        return
    block = _Change()
    with transaction.atomic():
        token = _current.set(block)
        try:
            yield block.emit(now, actor)
        finally:
            block.closed = True
            _current.reset(token)
        _write(block)


def _write(block: _Change) -> None:
    """Take the sequence numbers, then insert events and their outbox rows; wake the relay."""
    if not block.facts:
        return
    by_stream: dict[str, list[tuple[Event, datetime, str]]] = {}
    for noted in block.facts:
        by_stream.setdefault(noted[0].stream, []).append(noted)
    streams = sorted(by_stream)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO core_streamhead AS head (stream, seq)
               SELECT * FROM unnest(%s::text[], %s::bigint[]) ORDER BY 1
               ON CONFLICT (stream) DO UPDATE SET seq = head.seq + EXCLUDED.seq
               RETURNING stream, seq""",
            [streams, [len(by_stream[stream]) for stream in streams]],
        )
        heads = dict(cursor.fetchall())
    rows: list[EventRow] = []
    outbox: list[Outbox] = []
    for stream in streams:
        first = heads[stream] - len(by_stream[stream]) + 1
        for seq, (fact, at, actor) in enumerate(by_stream[stream], start=first):
            row = EventRow(stream=stream, seq=seq, type=fact.type, payload=to_payload(fact), actor=actor, at=at)
            rows.append(row)
            outbox.extend(
                Outbox(event=row, stream=stream, seq=seq, rank=rank, handler=handler)
                for rank, handler in enumerate(handlers_of(type(fact)))
            )
    EventRow.objects.bulk_create(rows)
    Outbox.objects.bulk_create(outbox)
    if outbox:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [NOTIFY_CHANNEL])


# --- hearing -----------------------------------------------------------------

Handler = Callable[[Any], None]
_handlers: dict[str, Handler] = {}
_heard: dict[type[Event], list[str]] = {}
_hear_all: list[str] = []
H = TypeVar("H", bound=Callable[..., None])


def on(*types: type[Event]) -> Callable[[H], H]:
    """Register a handler of these events. It must be idempotent.

    The relay calls it inside a transaction, after the event's own has committed;
    what it does and the mark that it was done commit together.
    """

    def register(function: H) -> H:
        name = f"{function.__module__}.{function.__name__}"
        _handlers[name] = function
        for each in types:
            names = _heard.setdefault(each, [])
            if name not in names:
                names.append(name)
        return function

    return register


def on_every_event(function: Handler) -> Handler:
    """Register a handler that gets the stored row of every event, after all others."""
    name = f"{function.__module__}.{function.__name__}"
    _handlers[name] = function
    if name not in _hear_all:
        _hear_all.append(name)
    return function


def handlers_of(cls: type[Event]) -> list[str]:
    """Return the names of the handlers of an event class, in the order they run."""
    return [*_heard.get(cls, ()), *_hear_all]


class UnknownName(LookupError):
    """This version has no such handler or event: it was written by a newer one, or before a renaming."""


def call_handler(name: str, row: EventRow) -> None:
    """Run one handler for one stored event.

    Raises:
        UnknownName: this version has no such handler or event; the row waits for one that has.
    """
    function = _handlers.get(name)
    if function is None:
        raise UnknownName(f"no handler {name}")
    if name in _hear_all:
        function(row)
        return
    if row.type not in _types:
        raise UnknownName(f"no event {row.type}")
    function(from_row(row))
