"""How a zone decides now: its active policy, or the engine's defaults."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson
from django.db.models import QuerySet

from dispatch import errors
from dispatch.engine import Policy
from dispatch.models import DispatchPolicy
from dispatch.states import PolicyStatus

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The parameters that a zone's rounds read, and which version says so."""

    version: int
    """0: no policy was activated, the engine's defaults hold."""
    policy: Policy


DEFAULTS: Final = InForce(version=0, policy=Policy())


def read_policy(parameters: Mapping[str, Any]) -> Policy:
    """Return the engine's policy with these parameters, the others at their defaults.

    Raises:
        PolicyInvalid: a name or value that cannot be; the sentence says which.
    """
    if not isinstance(parameters, Mapping):
        raise errors.PolicyInvalid("parameters: expected an object", attr="parameters")
    try:
        return Policy.from_dict(parameters)
    except (TypeError, ValueError) as error:
        raise errors.PolicyInvalid(str(error), attr="parameters") from error


def policy_in_force(*, zone_id: UUID) -> InForce:
    """Return what the zone's rounds decide by; one query. A row that cannot be read counts as none, and is said."""
    row = (
        DispatchPolicy.objects.filter(zone=zone_id, status=PolicyStatus.ACTIVE)
        .values_list("version", "parameters")
        .first()
    )
    return _remembered(row[0], orjson.dumps(row[1], option=orjson.OPT_SORT_KEYS)) if row else DEFAULTS


@lru_cache(maxsize=256)
def _remembered(version: int, parameters: bytes) -> InForce:
    try:
        return InForce(version=version, policy=read_policy(orjson.loads(parameters)))
    except errors.PolicyInvalid as error:
        log.exception("dispatch.policy.invalid", extra={"version": version, "detail": error.detail})
        return DEFAULTS


def policies_of(*, zone_id: UUID) -> QuerySet[DispatchPolicy]:
    """Return the zone's policies, newest first."""
    return DispatchPolicy.objects.filter(zone=zone_id).order_by("-version")
