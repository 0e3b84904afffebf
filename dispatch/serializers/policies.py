"""Shapes of policies, in and out."""

from rest_framework import serializers

from dispatch.states import PolicyStatus
from fleetsync.core.api import PublicIdField, StrictSerializer


class PolicyInput(StrictSerializer):
    """A new version."""

    parameters = serializers.DictField(help_text="Parameters of the engine that differ from its defaults.")
    note = serializers.CharField(max_length=200, required=False, help_text="What it is meant to change.")


class ActivateInput(StrictSerializer):
    """How sure the caller is."""

    unrehearsed = serializers.BooleanField(required=False, help_text="true: activate a draft no rehearsal has tried.")
    replaces = serializers.IntegerField(
        required=False, min_value=0, help_text="The version believed to be active (0: none); another one is a conflict."
    )


class PolicyOutput(StrictSerializer):
    """One version of how a zone decides."""

    id = PublicIdField("policy_id", source="pk")
    zone_id = PublicIdField("zone_id")
    version = serializers.IntegerField()
    status = serializers.ChoiceField(choices=PolicyStatus.choices)
    parameters = serializers.DictField(help_text="Those that differ from the engine's defaults.")
    note = serializers.CharField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    simulation = serializers.JSONField(allow_null=True, help_text="What the rehearsal gave.")
    simulated_at = serializers.DateTimeField(allow_null=True)
    activated_at = serializers.DateTimeField(allow_null=True)
    activated_by = serializers.CharField()
    retired_at = serializers.DateTimeField(allow_null=True)
