"""How a zone decides, version by version: drafted, rehearsed, activated, taken back.

Rounds read the active policy at their beginning, so a change holds from the next round on.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from dispatch import errors
from dispatch.engine import Policy
from dispatch.events import PolicyActivated
from dispatch.models import DispatchPolicy
from dispatch.selectors.policies import policy_in_force, read_policy
from dispatch.states import PolicyStatus
from fleetsync.core.events import change

log = logging.getLogger(__name__)


def draft_policy(
    *, zone_id: UUID, parameters: Mapping[str, Any], note: str = "", now: datetime, actor: str
) -> DispatchPolicy:
    """Write a new version; nothing decides by it yet. `parameters` are those that differ from the defaults.

    Raises:
        PolicyInvalid: a parameter that does not exist, or a value out of its bounds.
        PolicyConflict: another version was drafted in the same moment.
    """
    policy = read_policy(parameters)
    with change(now=now, actor=actor), _conflicts():
        latest = DispatchPolicy.objects.filter(zone=zone_id).aggregate(latest=Max("version"))["latest"] or 0
        return DispatchPolicy.objects.create(
            zone_id=zone_id,
            version=latest + 1,
            parameters=differences(policy),
            note=note[:200],
            created_at=now,
            created_by=actor,
        )


def note_simulation(*, policy_id: UUID, result: Mapping[str, Any], now: datetime, actor: str) -> DispatchPolicy:
    """Keep what a rehearsal gave; a draft becomes SIMULATED, another status stays.

    Raises:
        PolicyNotFound: there is none.
    """
    with change(now=now, actor=actor):
        row = _locked(policy_id)
        row.simulation, row.simulated_at, row.simulated_by = dict(result), now, actor
        if row.status == PolicyStatus.DRAFT:
            row.status = PolicyStatus.SIMULATED
        row.save(update_fields=["simulation", "simulated_at", "simulated_by", "status"])
    return row


def activate_policy(
    *,
    policy_id: UUID,
    now: datetime,
    actor: str,
    unrehearsed: bool = False,
    replaces: int | None = None,
) -> DispatchPolicy:
    """Let the zone's rounds decide by this version; the one that held is retired.

    `replaces` is the version the caller believes to be active (0: none); another one there is
    a conflict. Locks the policy and the active one, by id.

    Raises:
        PolicyNotFound: there is none.
        PolicyUnrehearsed: a draft without a rehearsal, and not `unrehearsed`.
        PolicyConflict: it is active already, or another was activated meanwhile.
    """
    with change(now=now, actor=actor) as emit, _conflicts():
        zone = DispatchPolicy.objects.filter(pk=policy_id).values("zone")
        mine = DispatchPolicy.objects.select_for_update(of=("self",), no_key=True).filter(zone__in=zone)
        rows = {row.pk: row for row in mine.order_by("pk")}
        row = rows.get(policy_id)
        if row is None:
            raise errors.PolicyNotFound
        old = next((each for each in rows.values() if each.status == PolicyStatus.ACTIVE), None)
        if old is row:
            raise errors.PolicyConflict("This version is active already.")
        if replaces is not None and replaces != (old.version if old else 0):
            raise errors.PolicyConflict(f"Version {old.version if old else 0} is active now, not {replaces}.")
        if row.status == PolicyStatus.DRAFT and not unrehearsed:
            raise errors.PolicyUnrehearsed
        if old is not None:
            old.status, old.retired_at = PolicyStatus.RETIRED, now
            old.save(update_fields=["status", "retired_at"])
        row.status, row.activated_at, row.activated_by = PolicyStatus.ACTIVE, now, actor
        row.save(update_fields=["status", "activated_at", "activated_by"])
        emit(
            PolicyActivated(
                zone_id=row.zone_id,
                policy_id=row.pk,
                version=row.version,
                replaced_version=old.version if old else 0,
                unrehearsed=row.simulated_at is None,
            )
        )
    log.info("dispatch.policy.activated", extra={"zone_id": str(row.zone_id), "version": row.version})
    return row


def roll_back_policy(*, zone_id: UUID, now: datetime, actor: str) -> DispatchPolicy:
    """Let the version hold again that held before the present one.

    Raises:
        PolicyNotFound: none held before.
        PolicyConflict: another was activated meanwhile.
    """
    active = policy_in_force(zone_id=zone_id).version
    before = (
        DispatchPolicy.objects.filter(zone=zone_id, status=PolicyStatus.RETIRED).order_by("-retired_at", "-pk").first()
    )
    if before is None:
        raise errors.PolicyNotFound("No version held before this one.")
    return activate_policy(policy_id=before.pk, now=now, actor=actor, unrehearsed=True, replaces=active)


def change_policy(
    *, zone_id: UUID, parameters: Mapping[str, Any], note: str, now: datetime, actor: str
) -> DispatchPolicy | None:
    """Change some parameters at once, by a new version that is activated unrehearsed; None: they are so already.

    For tools that set a stage (demo, replay); people draft and rehearse.

    Raises:
        PolicyInvalid, PolicyConflict: as for drafting and activating.
    """
    present = policy_in_force(zone_id=zone_id)
    wanted = read_policy({**differences(present.policy), **parameters})
    if wanted == present.policy:
        return None
    with transaction.atomic():
        row = draft_policy(zone_id=zone_id, parameters=differences(wanted), note=note, now=now, actor=actor)
        return activate_policy(policy_id=row.pk, now=now, actor=actor, unrehearsed=True, replaces=present.version)


def differences(policy: Policy) -> dict[str, Any]:
    """Return the parameters that differ from the engine's defaults, by name."""
    usual = Policy().to_dict()
    return {name: value for name, value in policy.to_dict().items() if value != usual[name]}


def _locked(policy_id: UUID) -> DispatchPolicy:
    row = DispatchPolicy.objects.select_for_update(of=("self",), no_key=True).filter(pk=policy_id).first()
    if row is None:
        raise errors.PolicyNotFound
    return row


@contextmanager
def _conflicts() -> Iterator[None]:
    """Tell what the database's constraints refuse: two versions of one number, two active ones."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise errors.PolicyConflict from error
