"""The core's own ear: every event goes to its feeds, then as a hint to whoever watches."""

from typing import Any

from django.db import transaction

from fleetsync.core import hub
from fleetsync.core.events import on_every_event
from fleetsync.core.models import Event
from fleetsync.core.relay import append_feeds


def frame_of(row: Event, *, topic: str, seq: int) -> dict[str, Any]:
    """Return the live frame of a stored event: `{type, topic, seq, at, data}`."""
    return {"type": row.type, "topic": topic, "seq": seq, "at": row.at.isoformat(), "data": row.payload}


@on_every_event
def tell_watchers(row: Event) -> None:
    """Append to feeds and publish, once committed. Running twice repeats only the hint."""
    frames = [(row.stream, frame_of(row, topic=row.stream, seq=row.seq))]
    frames += [(feed, frame_of(row, topic=feed, seq=seq)) for feed, seq in append_feeds(row)]
    transaction.on_commit(lambda: hub.publish_many(frames), robust=True)
