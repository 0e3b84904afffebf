"""Drivers near a restaurant, a driver's earnings, and the roster."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import HasRole, IsDriver, IsOps, driver_of, user_of
from accounts.states import OPS, Role
from dispatch import selectors, services
from dispatch.models import Shift
from dispatch.serializers import (
    EarningsOutput,
    EarningsQuery,
    NearbyQuery,
    NearDriverOutput,
    ShiftInput,
    ShiftOutput,
    ShiftQuery,
)
from fleetsync.core import clock
from fleetsync.core.api import ApiView, checked
from fleetsync.core.errors import NotFound
from fleetsync.core.pagination import Cursor
from restaurants.models import Restaurant


class NearbyView(ApiView):
    """Who is near."""

    permission_classes = [IsOps]

    @extend_schema(
        operation_id="drivers_nearby",
        tags=["dispatch"],
        summary="Find the drivers nearest to a restaurant",
        description="Available ones with a fresh position, nearest first, in metres.",
        parameters=[NearbyQuery],
        responses={200: NearDriverOutput(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Return the nearest available drivers."""
        data = checked(NearbyQuery, request.query_params.dict())
        restaurant = Restaurant.objects.visible_to(user_of(request)).filter(pk=data["restaurant"]).first()
        if restaurant is None:
            raise NotFound(attr="restaurant")
        found = selectors.nearby(restaurant=restaurant, radius_m=data["radius_m"], limit=data["limit"], now=clock.now())
        return Response(NearDriverOutput(found, many=True).data)


class EarningsView(ApiView):
    """What one earned."""

    permission_classes = [IsDriver]

    @extend_schema(
        operation_id="drivers_me_earnings",
        tags=["driver"],
        summary="Read what you earned on a day",
        description="Pay and tips of what you handed over, time online, offers seen, taken and declined.",
        parameters=[EarningsQuery],
        responses={200: EarningsOutput},
    )
    def get(self, request: Request) -> Response:
        """Return the day."""
        day = checked(EarningsQuery, request.query_params.dict()).get("day")
        found = selectors.earnings(driver_id=driver_of(request).pk, day=day, now=clock.now())
        return Response(EarningsOutput(found).data)


class MayReadShifts(HasRole):
    """Drivers their own, ops all."""

    roles = OPS | {Role.DRIVER}


class ShiftsView(ApiView):
    """The roster."""

    def get_permissions(self) -> list[BasePermission]:
        """Drivers read, ops also write."""
        return [MayReadShifts()] if self.request.method == "GET" else [IsOps()]

    @extend_schema(
        operation_id="shifts_list",
        tags=["dispatch"],
        summary="List shifts",
        description="Drivers see their own, ops all.",
        parameters=[ShiftQuery],
        responses={200: ShiftOutput(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Return shifts, newest first."""
        data = checked(ShiftQuery, request.query_params.dict())
        shifts: QuerySet[Shift] = Shift.objects.order_by("-id")
        user = user_of(request)
        if not user.is_ops:
            shifts = shifts.filter(driver__user=user)
        if "driver" in data:
            shifts = shifts.filter(driver_id=data["driver"])
        pages = Cursor()
        page = pages.paginate_queryset(shifts, request, view=self)
        return pages.get_paginated_response(ShiftOutput(page, many=True).data)

    @extend_schema(
        operation_id="shifts_create",
        tags=["dispatch"],
        summary="Plan a shift",
        request=ShiftInput,
        responses={201: ShiftOutput},
    )
    def post(self, request: Request) -> Response:
        """Put a shift on the roster."""
        data = checked(ShiftInput, request.data)
        shift = services.plan_shift(**data)
        return Response(ShiftOutput(shift).data, status=201)


class ShiftView(ApiView):
    """One shift."""

    permission_classes = [IsOps]

    @extend_schema(
        operation_id="shifts_delete", tags=["dispatch"], summary="Drop a shift", request=None, responses={204: None}
    )
    def delete(self, request: Request, shift_id: UUID) -> Response:
        """Take it off the roster."""
        services.drop_shift(shift_id=shift_id)
        return Response(status=204)
