"""What zones said about the engine becomes version 1 of their policy, active."""

from django.db import migrations
from django.utils import timezone

from dispatch.engine import Policy
from fleetsync.core.ids import uuid7

NAMES = {"strategy": "strategy", "nearest_k": "nearest_k", "offer_lead_s": "lead_s"}
MOVED = {*NAMES, "policy"}


def to_policies(apps, schema_editor):
    """A zone whose settings could not be read was dispatched with the defaults, and still is."""
    zones, policies = apps.get_model("restaurants", "Zone"), apps.get_model("dispatch", "DispatchPolicy")
    now, usual = timezone.now(), Policy().to_dict()
    for zone in zones.objects.order_by("pk"):
        if not isinstance(zone.dispatch, dict) or not MOVED & set(zone.dispatch):
            continue
        given = {new: zone.dispatch[old] for old, new in NAMES.items() if old in zone.dispatch}
        try:
            wanted = Policy.from_dict({**zone.dispatch.get("policy", {}), **given})
        except (TypeError, ValueError):
            wanted = Policy()
        parameters = {name: value for name, value in wanted.to_dict().items() if value != usual[name]}
        if parameters:
            policies.objects.create(
                id=uuid7(),
                zone=zone,
                version=1,
                status="ACTIVE",
                parameters=parameters,
                note="from the zone's settings",
                created_at=now,
                created_by="migration",
                activated_at=now,
                activated_by="migration",
            )
        zone.dispatch = {name: value for name, value in zone.dispatch.items() if name not in MOVED}
        zone.save(update_fields=["dispatch"])


def to_settings(apps, schema_editor):
    """The active policy stands in the zone's settings again; the other versions are lost."""
    for policy in apps.get_model("dispatch", "DispatchPolicy").objects.filter(status="ACTIVE").select_related("zone"):
        rest = dict(policy.parameters)
        moved = {old: rest.pop(new) for old, new in NAMES.items() if new in rest}
        zone = policy.zone
        zone.dispatch = {**zone.dispatch, **moved} | ({"policy": rest} if rest else {})
        zone.save(update_fields=["dispatch"])


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0006_policies_and_rounds"),
        ("restaurants", "0001_initial"),
    ]

    operations = [migrations.RunPython(to_policies, to_settings)]
