"""Zones: everybody reads, admins write."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsAdmin
from fleetsync.core import clock
from fleetsync.core.api import ApiView, actor_of, checked
from restaurants import selectors, services
from restaurants.serializers.zones import ZoneInput, ZoneSerializer


class ZoneBase(ApiView):
    """Reading is open, writing is an admin's."""

    def get_permissions(self) -> Any:
        """Let everybody read."""
        return [AllowAny()] if self.request.method in SAFE_METHODS else [IsAdmin()]

    def shown(self, rows: Any, *, many: bool = False) -> Any:
        """Return plain values; dispatch settings for dispatch staff only."""
        user = self.request.user
        ops = user.is_authenticated and user.is_ops
        return ZoneSerializer(rows, many=many, context={"ops": ops}).data


class ZonesView(ZoneBase):
    """All zones."""

    @extend_schema(tags=["zones"], summary="List zones", operation_id="zones_list", responses=ZoneSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Return every zone by name."""
        return Response(self.shown(selectors.zones(), many=True))

    @extend_schema(tags=["zones"], summary="Create a zone", request=ZoneInput, responses={201: ZoneSerializer})
    def post(self, request: Request) -> Response:
        """Create a zone from its corners (admin)."""
        row = services.create_zone(values=checked(ZoneInput, request.data), now=clock.now(), actor=actor_of(request))
        return Response(self.shown(row), status=201)


class ZoneView(ZoneBase):
    """One zone."""

    @extend_schema(tags=["zones"], summary="Read a zone", responses=ZoneSerializer)
    def get(self, request: Request, zone_id: UUID) -> Response:
        """Return one zone."""
        return Response(self.shown(selectors.zone(zone_id=zone_id)))

    @extend_schema(tags=["zones"], summary="Change a zone", request=ZoneInput, responses=ZoneSerializer)
    def patch(self, request: Request, zone_id: UUID) -> Response:
        """Change what was sent, dispatch settings as a whole (admin)."""
        row = selectors.zone(zone_id=zone_id)
        changes = checked(ZoneInput, request.data, partial=True)
        services.update_zone(zone=row, changes=changes, now=clock.now(), actor=actor_of(request))
        return Response(self.shown(row))

    @extend_schema(tags=["zones"], summary="Delete an unused zone", responses={204: None})
    def delete(self, request: Request, zone_id: UUID) -> Response:
        """Delete it; one in use is made inactive instead (admin)."""
        services.delete_zone(zone=selectors.zone(zone_id=zone_id), now=clock.now(), actor=actor_of(request))
        return Response(status=204)
