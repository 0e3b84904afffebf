"""Policies of a zone: list, draft, activate, roll back. For dispatch staff."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsOps
from dispatch import selectors, services
from dispatch.serializers import ActivateInput, PolicyInput, PolicyOutput
from fleetsync.core import clock
from fleetsync.core.api import ApiView, actor_of, checked
from restaurants.selectors import zone as zone_of

ZONE_ID = OpenApiParameter("zone_id", str, OpenApiParameter.PATH, description="`zon_…`")
POLICY_ID = OpenApiParameter("policy_id", str, OpenApiParameter.PATH, description="`pol_…`")


class PoliciesView(ApiView):
    """All versions of a zone."""

    permission_classes = [IsOps]

    @extend_schema(
        tags=["policies"],
        summary="List a zone's policies",
        description="Newest first. Without an ACTIVE one the engine's defaults hold.",
        operation_id="policies_list",
        parameters=[ZONE_ID],
        responses=PolicyOutput(many=True),
    )
    def get(self, request: Request, zone_id: UUID) -> Response:
        """Return every version, newest first."""
        rows = selectors.policies_of(zone_id=zone_of(zone_id=zone_id).pk)
        return Response(PolicyOutput(rows, many=True).data)

    @extend_schema(
        tags=["policies"],
        summary="Draft a policy",
        description="Parameters of the engine that differ from its defaults; nothing decides by it yet.",
        parameters=[ZONE_ID],
        request=PolicyInput,
        responses={201: PolicyOutput},
    )
    def post(self, request: Request, zone_id: UUID) -> Response:
        """Write a new version."""
        data = checked(PolicyInput, request.data)
        row = services.draft_policy(
            zone_id=zone_of(zone_id=zone_id).pk,
            parameters=data["parameters"],
            note=data.get("note", ""),
            now=clock.now(),
            actor=actor_of(request),
        )
        return Response(PolicyOutput(row).data, status=201)


class PolicyRollBackView(ApiView):
    """The version before the present one."""

    permission_classes = [IsOps]

    @extend_schema(
        tags=["policies"],
        summary="Go back to the version before",
        description="The version that held before the active one holds again from the next round on.",
        parameters=[ZONE_ID],
        request=None,
        responses={200: PolicyOutput},
    )
    def post(self, request: Request, zone_id: UUID) -> Response:
        """Let it hold again."""
        row = services.roll_back_policy(zone_id=zone_of(zone_id=zone_id).pk, now=clock.now(), actor=actor_of(request))
        return Response(PolicyOutput(row).data)


class PolicyActivateView(ApiView):
    """One version."""

    permission_classes = [IsOps]

    @extend_schema(
        tags=["policies"],
        summary="Activate a policy",
        description="Its zone's rounds decide by it from the next one on; the one that held is retired.",
        parameters=[POLICY_ID],
        request=ActivateInput,
        responses={200: PolicyOutput},
    )
    def post(self, request: Request, policy_id: UUID) -> Response:
        """Activate it, unless another one was activated meanwhile."""
        data = checked(ActivateInput, request.data)
        row = services.activate_policy(
            policy_id=policy_id,
            now=clock.now(),
            actor=actor_of(request),
            unrehearsed=data.get("unrehearsed", False),
            replaces=data.get("replaces"),
        )
        return Response(PolicyOutput(row).data)
