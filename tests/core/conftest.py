"""An event type and handlers that only these tests know."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db import connection

from fleetsync.core import events, redis
from fleetsync.core.events import Event, change

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened(Event):
    """Something happened to an order."""

    type: ClassVar[str] = "test.happened"
    feeds: ClassVar[tuple[str, ...]] = ("restaurant", "zone")
    order_id: UUID
    what: str = ""
    restaurant_id: UUID | None = None
    zone_id: UUID | None = None
    item_ids: tuple[UUID, ...] = ()
    until_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended(Event):
    """The order's life is over."""

    type: ClassVar[str] = "test.ended"
    ends: ClassVar[bool] = True
    order_id: UUID


def happen(order_id, *whats: str, **fields) -> str:
    """Let things happen to an order, each in a change of its own; return its stream."""
    for what in whats:
        with change(now=NOON) as emit:
            emit(Happened(order_id=order_id, what=what, **fields))
    return events.topic_of("order", order_id)


def in_threads(count: int, work) -> list[BaseException]:
    """Run `work(number)` in so many threads, each with a connection of its own; return what failed."""
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return failures


@pytest.fixture(autouse=True)
def _test_only_events(monkeypatch: pytest.MonkeyPatch) -> None:
    for cls in (Happened, Ended):
        monkeypatch.setitem(events._types, cls.type, cls)


@pytest.fixture
def hear(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], None]], str]:
    """Register a handler of `Happened` for the length of a test; returns its name."""
    monkeypatch.setitem(events._heard, Happened, [])

    def register(function: Callable[[Any], None]) -> str:
        name = f"test.{function.__name__}.{len(events._heard[Happened])}"
        monkeypatch.setitem(events._handlers, name, function)
        events._heard[Happened].append(name)
        return name

    return register


@pytest.fixture(autouse=True)
def _closed_breaker() -> Iterator[None]:
    redis._breaker._look_at = 0.0
    yield
    redis._breaker._look_at = 0.0
