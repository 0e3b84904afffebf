"""How the platform itself runs: processes, outbox, due moments, broker, rounds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db import connection

from fleetsync.core import clock, health, redis
from fleetsync.core.timers import all_timers

#: Real seconds after which something that waits is worth a look.
SLOW_S: Final = 5.0
#: Milliseconds a round may take.
ROUND_MS: Final = 500.0

_OUTBOX: Final = """
    SELECT (SELECT count(*) FROM core_outbox WHERE handled_at IS NULL AND parked_at IS NULL),
           (SELECT min(e.at) FROM core_outbox o JOIN core_event e ON e.id = o.event_id
            WHERE o.handled_at IS NULL AND o.parked_at IS NULL),
           (SELECT count(*) FROM core_outbox WHERE parked_at IS NOT NULL AND handled_at IS NULL)"""
_ROUNDS: Final = """
    SELECT count(*), coalesce(max(solve_ms), 0), count(*) FILTER (WHERE fallback <> ''), max(fallback)
    FROM dispatch_round r JOIN restaurants_zone z ON z.id = r.zone_id AND z.active"""
_DECISIONS: Final = """
    SELECT count(*), percentile_cont(0.95) WITHIN GROUP (ORDER BY solve_ms), count(*) FILTER (WHERE fallback <> '')
    FROM dispatch_decisionrecord WHERE at >= %(since)s"""
_POSITIONS: Final = (
    "SELECT max(received_at), count(*) FILTER (WHERE received_at >= %(fresh)s) FROM dispatch_driverposition"
)


class State(StrEnum):
    """How a part does: never colour alone, each has a word and a shape."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the platform, in a word and a few figures; `link` names the list to look into."""

    name: str
    text: str
    state: State = State.OK
    link: str = ""


def machinery(*, now: datetime) -> list[Part]:
    """Return how each part does; eleven queries at most, and one question to Redis."""
    outbox, dead = _outbox(now)
    return [_processes(), _due(now), outbox, dead, _broker(), *_rounds(now), _positions(now)]


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _processes() -> Part:
    missing = health.missing()
    if missing:
        text = f"{', '.join(missing)} not heard of for {health.MISSING_S:.0f} s"
        return Part(name="Processes", text=text, state=State.BAD, link="core.heartbeat")
    return Part(name="Processes", text=f"{', '.join(health.NEEDED)} are there", link="core.heartbeat")


def _due(now: datetime) -> Part:
    """Say which due moment waits longest, in real seconds; the relay handles each within a second."""
    waits = {}
    for timer in all_timers():
        due = timer.next_due()
        if due is not None and due < now:
            waits[timer.name] = (now - due).total_seconds() / clock.scale()
    late = {name: wait_s for name, wait_s in waits.items() if wait_s > SLOW_S}
    if late:
        name = max(late, key=lambda each: late[each])
        text = f"{name.replace('.', ' ').replace('_', ' ')} waits {_age(late[name])}"
        return Part(name="Due moments", text=text, state=State.BAD)
    return Part(name="Due moments", text="none waits")


def _outbox(now: datetime) -> tuple[Part, Part]:
    with connection.cursor() as cursor:
        cursor.execute(_OUTBOX)
        waiting, oldest, dead = cursor.fetchone()
    age_s = max(0.0, (now - oldest).total_seconds() / clock.scale()) if oldest else 0.0
    text = f"{waiting:,} waiting, {_age(age_s)} behind"
    state = State.WARN if age_s > SLOW_S else State.OK
    return (
        Part(name="Outbox", text=text, state=state, link="core.outbox?state=waiting"),
        Part(
            name="Given-up events",
            text=f"{dead:,}" if dead else "none",
            state=State.BAD if dead else State.OK,
            link="core.outbox?state=parked",
        ),
    )


def _broker() -> Part:
    key = f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}{settings.CELERY_TASK_DEFAULT_QUEUE}"
    try:
        waiting = redis.call(lambda r: r.llen(key))
    except redis.RedisDown:
        text = "does not answer; the relay's own look must do"
        return Part(name="Broker", text=text, state=State.BAD)
    return Part(name="Broker", text=f"answers, {waiting} task{'s' if waiting != 1 else ''} queued")


def _rounds(now: datetime) -> tuple[Part, Part]:
    """Say how long rounds take, and whether a simpler strategy had to take over."""
    with connection.cursor() as cursor:
        cursor.execute(_ROUNDS)
        zones, slowest_ms, falling, why = cursor.fetchone()
        cursor.execute(_DECISIONS, {"since": now - timedelta(hours=1)})
        decided, p95_ms, fell = cursor.fetchone()
    text = f"{slowest_ms:.0f} ms the last" if zones else "none yet"
    if decided:
        text = f"{p95_ms:.0f} ms slowest 5 %, {decided:,} decisions in an hour"
    slow = max(slowest_ms, p95_ms or 0) > ROUND_MS
    fallen = f"{fell:,} in an hour, none now" if fell else "none in an hour"
    return (
        Part(name="Rounds", text=text, state=State.WARN if slow else State.OK, link="dispatch.round"),
        Part(
            name="Engine fallbacks",
            text=why if falling else fallen,
            state=State.WARN if falling else State.OK,
            link="dispatch.round" if falling else "dispatch.decisionrecord",
        ),
    )


def _positions(now: datetime) -> Part:
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, {"fresh": now - timedelta(seconds=60)})
        newest, fresh = cursor.fetchone()
    if newest is None:
        return Part(name="Positions", text="none yet", link="dispatch.driverposition")
    age_s = max(0.0, (now - newest).total_seconds())
    return Part(name="Positions", text=f"{fresh:,} fresh, newest {_age(age_s)} old", link="dispatch.driverposition")


__all__ = ["Part", "State", "machinery"]
