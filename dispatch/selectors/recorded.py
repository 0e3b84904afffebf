"""Rounds as they were recorded, to look at and to decide again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from dispatch.engine import Asked
from dispatch.engine.codec import Recording, RecordingError, decode, whole
from dispatch.engine.travel import Point
from dispatch.models import RoundRecord
from fleetsync.core.geo import LngLat
from fleetsync.core.travel import Fan, provider


def recorded_rounds(*, start: datetime, end: datetime, zone_id: UUID | None = None) -> QuerySet[RoundRecord]:
    """Return the rounds recorded in [start, end), oldest first."""
    rows = RoundRecord.objects.filter(at__gte=start, at__lt=end)
    if zone_id is not None:
        rows = rows.filter(zone=zone_id)
    return rows.order_by("at", "pk")


def recording_of(record: RoundRecord) -> Recording:
    """Return what a round saw, by what it decided, and its plan; the snapshot as it was, travel times included.

    Raises:
        RecordingError: the data is damaged or of another form, or its travel times cannot be asked again.
    """
    recording = decode(bytes(record.data))
    return replace(recording, snapshot=whole(recording.snapshot, _ask))


def _ask(asked: Asked, places: Sequence[Point]) -> list[list[float]]:
    present = provider()
    if present.name != asked.source:
        raise RecordingError(f"travel times came from {asked.source}; FLEETSYNC_TRAVEL now names {present.name}")
    fans = [Fan(*each) for each in zip(asked.hubs, asked.others, asked.inbound, strict=True)]
    return present.fans_s([LngLat(lng, lat) for lng, lat in places], fans).seconds
