"""The page of events: made from the registry and the audience table, so that it cannot lie."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from fleetsync.core.events import Event, known_types
from tracking.audience import HEARD, Audience, hears
from tracking.topics import TopicKind

HEAD: Final = """# Events

Made by `python3 manage.py event_docs > docs/events.md`; a test keeps it current.

Every change of the platform is a fact with a type. It lives in one stream and is told on the
sockets as a frame `{type, topic, seq, at, data}` (see [protocol.md](protocol.md)); `data` has the
members below, ids as public ids, moments in UTC business time. **Topics** are where it is heard:
a stream's own topic, and the feeds that repeat it under numbers of their own. **Heard by**: C
customer and tracking link, D driver, R restaurant; ops hear everything on the topics they open.
What a role has no business with is left out of its frames: a customer reads no `driver_id`, a
driver no `customer_id`.
"""
_LETTERS: Final = (
    ("C", Audience.CUSTOMER, (TopicKind.ORDER,)),
    ("D", Audience.DRIVER, (TopicKind.ORDER, TopicKind.DRIVER)),
    ("R", Audience.RESTAURANT, (TopicKind.ORDER, TopicKind.RESTAURANT)),
)
_SHOWN: Final = {"driver": "driver:me", **{kind: f"{kind}:{{id}}" for kind in ("order", "restaurant", "zone")}}


def markdown() -> str:
    """Return docs/events.md."""
    return HEAD + "".join(_section(home) for home in sorted({cls.home for _, cls in _facts()}))


def _facts() -> list[tuple[str, type[Event]]]:
    return sorted((kind, cls) for kind, cls in known_types().items() if not cls.__module__.startswith("tests."))


def _section(home: str) -> str:
    lines = [
        f"\n## Stream `{home}:{{id}}`\n",
        "| type | what happened | members | topics | heard by |",
        "|---|---|---|---|---|",
    ]
    for kind, cls in _facts():
        if cls.home == home:
            members = " ".join(f"`{name}`" for name in _members(cls))
            lines.append(f"| `{kind}` | {_sentence(cls)} | {members} | {_topics(cls)} | {_heard(kind, cls)} |")
    return "\n".join(lines) + "\n"


def _members(cls: type[Event]) -> Iterator[str]:
    return (field.name for field in fields(cls))


def _sentence(cls: type[Event]) -> str:
    return " ".join((cls.__doc__ or "").split())


def _topics(cls: type[Event]) -> str:
    return ", ".join(f"`{_SHOWN[kind]}`" for kind in (cls.home, *cls.feeds) if kind in _SHOWN) or "none"


def _heard(kind: str, cls: type[Event]) -> str:
    homes = {TopicKind(each) for each in (cls.home, *cls.feeds) if each in set(TopicKind)}
    return (
        "".join(
            letter
            for letter, audience, topics in _LETTERS
            if any(topic in homes and audience in HEARD[topic] and hears(audience, topic, kind) for topic in topics)
        )
        or "ops"
    )
