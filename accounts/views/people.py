"""Drivers and invitations."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors, services
from accounts.permissions import IsDriver, IsOps, IsOpsOrHidden, driver_of, user_of
from accounts.serializers import (
    AcceptInput,
    DriverInput,
    DriverSerializer,
    InvitationInput,
    InvitationSerializer,
    LoginAnswer,
    SuspendInput,
)
from accounts.states import Role
from accounts.views.auth import OpenView
from fleetsync.core import clock
from fleetsync.core.api import ApiView, actor_of, checked
from fleetsync.core.pagination import Cursor


class Paged(ApiView):
    """A list with a cursor."""

    def page(self, request: Request, rows: Any, shape: type[serializers.BaseSerializer[Any]]) -> Response:
        """Return one page of rows, newest first."""
        pages = Cursor()
        return pages.get_paginated_response(shape(pages.paginate_queryset(rows, request, self), many=True).data)


class MyDriverView(ApiView):
    """The driver's own profile."""

    permission_classes = [IsDriver]

    @extend_schema(tags=["drivers"], summary="Read your driver profile", responses=DriverSerializer)
    def get(self, request: Request) -> Response:
        """Return the profile of the driver who is logged in."""
        return Response(DriverSerializer(driver_of(request)).data)

    @extend_schema(
        tags=["drivers"], summary="Change vehicle or capacity", request=DriverInput, responses=DriverSerializer
    )
    def patch(self, request: Request) -> Response:
        """Change what was sent, nothing else."""
        driver = driver_of(request)
        changes = checked(DriverInput, request.data)
        services.update_driver(driver=driver, changes=changes, now=clock.now(), actor=actor_of(request))
        return Response(DriverSerializer(driver).data)


class DriversView(Paged):
    """All drivers, for ops."""

    permission_classes = [IsOps]

    @extend_schema(
        tags=["drivers"],
        summary="List drivers",
        operation_id="drivers_list",
        responses=DriverSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Return drivers, newest first."""
        return self.page(request, selectors.drivers(), DriverSerializer)


class DriverView(ApiView):
    """One driver, for ops; for everybody else there is none."""

    permission_classes = [IsOpsOrHidden]

    @extend_schema(tags=["drivers"], summary="Read a driver", responses=DriverSerializer)
    def get(self, request: Request, driver_id: UUID) -> Response:
        """Return one driver."""
        return Response(DriverSerializer(selectors.driver(driver_id=driver_id)).data)


class DriverDecision(ApiView):
    """What ops decide about a driver."""

    permission_classes = [IsOpsOrHidden]


class ApproveDriverView(DriverDecision):
    """Approval."""

    @extend_schema(tags=["drivers"], summary="Approve a driver", request=None, responses=DriverSerializer)
    def post(self, request: Request, driver_id: UUID) -> Response:
        """Let the driver go online."""
        driver = selectors.driver(driver_id=driver_id)
        services.approve_driver(driver=driver, now=clock.now(), actor=actor_of(request))
        return Response(DriverSerializer(driver).data)


class SuspendDriverView(DriverDecision):
    """Suspension."""

    @extend_schema(tags=["drivers"], summary="Suspend a driver", request=SuspendInput, responses=DriverSerializer)
    def post(self, request: Request, driver_id: UUID) -> Response:
        """Keep the driver from going online; an open session ends."""
        driver = selectors.driver(driver_id=driver_id)
        reason = checked(SuspendInput, request.data)["reason"]
        services.suspend_driver(driver=driver, reason=reason, now=clock.now(), actor=actor_of(request))
        return Response(DriverSerializer(driver).data)


class ReinstateDriverView(DriverDecision):
    """The end of a suspension."""

    @extend_schema(tags=["drivers"], summary="Reinstate a driver", request=None, responses=DriverSerializer)
    def post(self, request: Request, driver_id: UUID) -> Response:
        """Let the driver go online again."""
        driver = selectors.driver(driver_id=driver_id)
        services.reinstate_driver(driver=driver, now=clock.now(), actor=actor_of(request))
        return Response(DriverSerializer(driver).data)


class InvitationsView(Paged):
    """Invitations, for ops."""

    permission_classes = [IsOps]

    @extend_schema(
        tags=["invitations"],
        summary="List invitations",
        operation_id="invitations_list",
        responses=InvitationSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Return invitations, newest first."""
        return self.page(request, selectors.invitations(), InvitationSerializer)

    @extend_schema(
        tags=["invitations"],
        summary="Invite somebody",
        request=InvitationInput,
        responses={201: InvitationSerializer},
    )
    def post(self, request: Request) -> Response:
        """Mail a token; only admins invite dispatchers and admins."""
        data = checked(InvitationInput, request.data)
        row = services.invite(
            email=data["email"],
            role=Role(data["role"]),
            restaurant_id=data.get("restaurant_id"),
            inviter=user_of(request),
            now=clock.now(),
            real_now=clock.real_now(),
        )
        return Response(InvitationSerializer(row).data, status=201)


class AcceptInvitationView(OpenView):
    """The link of the mail."""

    @extend_schema(
        tags=["invitations"], summary="Accept an invitation", request=AcceptInput, responses={201: LoginAnswer}
    )
    def post(self, request: Request) -> Response:
        """Create the account with the invited role and log in."""
        data = checked(AcceptInput, request.data)
        user = services.accept_invitation(**data, now=clock.now(), real_now=clock.real_now())
        return Response(LoginAnswer(services.open_login(user=user, real_now=clock.real_now())).data, status=201)
