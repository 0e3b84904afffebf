"""Facts of policies, in the stream of their zone."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fleetsync.core.events import Event, event


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyActivated(Event):
    """A zone's rounds decide by another version from now on."""

    type: ClassVar[str] = "policy.activated"
    home: ClassVar[str] = "area"
    home_field: ClassVar[str] = "zone_id"
    zone_id: UUID
    policy_id: UUID
    version: int
    replaced_version: int  # 0: the engine's defaults held
    unrehearsed: bool
