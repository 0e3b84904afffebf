"""Running a restaurant: hours, closures, pauses, staff."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import user_of
from fleetsync.core import clock
from fleetsync.core.api import ApiView, actor_of, checked
from fleetsync.core.errors import NotAllowed
from restaurants import hours, selectors, services
from restaurants.models import Restaurant
from restaurants.serializers.restaurants import (
    ClosureInput,
    ClosureSerializer,
    HoursAnswer,
    HoursInput,
    PauseInput,
    RestaurantSerializer,
    StaffInput,
    StaffSerializer,
)


class OwnRestaurantView(ApiView):
    """A view below a restaurant that the user may change; every other one is 404."""

    def own(self, request: Request, restaurant_id: UUID) -> Restaurant:
        """Return the restaurant."""
        return selectors.restaurant_managed_by(restaurant_id=restaurant_id, user=user_of(request))


class OpeningHoursView(OwnRestaurantView):
    """The week of a restaurant."""

    def get_permissions(self) -> Any:
        """Let everybody read."""
        return [AllowAny()] if self.request.method in SAFE_METHODS else super().get_permissions()

    @extend_schema(tags=["restaurants"], summary="Read the opening hours", responses=HoursAnswer)
    def get(self, request: Request, restaurant_id: UUID) -> Response:
        """Return the week in local time and what it means now."""
        row = selectors.restaurant_visible_to(restaurant_id=restaurant_id, user=request.user)
        return Response(self._answer(row))

    @extend_schema(tags=["restaurants"], summary="Replace the opening hours", request=HoursInput, responses=HoursAnswer)
    def put(self, request: Request, restaurant_id: UUID) -> Response:
        """Replace the whole week."""
        data = checked(HoursInput, request.data)
        row = services.set_opening_hours(
            restaurant=self.own(request, restaurant_id),
            openings=[hours.Opening(**each) for each in data["hours"]],
            always_open=data.get("always_open"),
            now=clock.now(),
            actor=actor_of(request),
        )
        return Response(self._answer(row))

    def _answer(self, row: Restaurant) -> dict[str, object]:
        now = clock.now()
        return HoursAnswer(
            {
                "time_zone": row.time_zone,
                "always_open": row.always_open,
                "is_open": selectors.is_open(restaurant=row, now=now),
                "next_opening_at": selectors.next_opening(restaurant=row, now=now),
                "hours": row.opening_hours.all(),
            }
        ).data


class ClosuresView(OwnRestaurantView):
    """Closures of a restaurant."""

    @extend_schema(
        tags=["restaurants"],
        summary="List closures",
        operation_id="closures_list",
        responses=ClosureSerializer(many=True),
    )
    def get(self, request: Request, restaurant_id: UUID) -> Response:
        """Return all closures in order."""
        rows = selectors.closures_of(restaurant=self.own(request, restaurant_id))
        return Response(ClosureSerializer(rows, many=True).data)

    @extend_schema(
        tags=["restaurants"], summary="Add a closure", request=ClosureInput, responses={201: ClosureSerializer}
    )
    def post(self, request: Request, restaurant_id: UUID) -> Response:
        """Close for a while, whatever the hours say."""
        restaurant = self.own(request, restaurant_id)
        row = services.add_closure(
            restaurant=restaurant, **checked(ClosureInput, request.data), now=clock.now(), actor=actor_of(request)
        )
        return Response(ClosureSerializer(row).data, status=201)


class ClosureView(OwnRestaurantView):
    """One closure."""

    @extend_schema(tags=["restaurants"], summary="Read a closure", responses=ClosureSerializer)
    def get(self, request: Request, restaurant_id: UUID, closure_id: UUID) -> Response:
        """Return one closure."""
        row = selectors.closure_of(restaurant=self.own(request, restaurant_id), closure_id=closure_id)
        return Response(ClosureSerializer(row).data)

    @extend_schema(tags=["restaurants"], summary="Change a closure", request=ClosureInput, responses=ClosureSerializer)
    def patch(self, request: Request, restaurant_id: UUID, closure_id: UUID) -> Response:
        """Change what was sent, nothing else."""
        row = selectors.closure_of(restaurant=self.own(request, restaurant_id), closure_id=closure_id)
        changes = checked(ClosureInput, request.data, partial=True)
        services.update_closure(closure=row, changes=changes, now=clock.now(), actor=actor_of(request))
        return Response(ClosureSerializer(row).data)

    @extend_schema(tags=["restaurants"], summary="Take a closure back", responses={204: None})
    def delete(self, request: Request, restaurant_id: UUID, closure_id: UUID) -> Response:
        """Delete it."""
        row = selectors.closure_of(restaurant=self.own(request, restaurant_id), closure_id=closure_id)
        services.remove_closure(closure=row, now=clock.now(), actor=actor_of(request))
        return Response(status=204)


class PauseView(OwnRestaurantView):
    """Pausing."""

    @extend_schema(
        tags=["restaurants"], summary="Take no orders for a while", request=PauseInput, responses=RestaurantSerializer
    )
    def post(self, request: Request, restaurant_id: UUID) -> Response:
        """Pause for so many minutes, or until a moment; an hour if neither is given."""
        now = clock.now()
        row = self.own(request, restaurant_id)
        services.pause_restaurant(restaurant=row, **checked(PauseInput, request.data), now=now, actor=actor_of(request))
        return Response(RestaurantSerializer(row, context={"now": now}).data)


class ResumeView(OwnRestaurantView):
    """Resuming."""

    @extend_schema(tags=["restaurants"], summary="Take orders again", request=None, responses=RestaurantSerializer)
    def post(self, request: Request, restaurant_id: UUID) -> Response:
        """End the pause."""
        now = clock.now()
        row = self.own(request, restaurant_id)
        services.resume_restaurant(restaurant=row, now=now, actor=actor_of(request))
        return Response(RestaurantSerializer(row, context={"now": now}).data)


class StaffView(OwnRestaurantView):
    """Who works there."""

    @extend_schema(tags=["restaurants"], summary="List the staff", responses=StaffSerializer(many=True))
    def get(self, request: Request, restaurant_id: UUID) -> Response:
        """Return the staff by name."""
        rows = selectors.staff_of(restaurant=self.own(request, restaurant_id))
        return Response(StaffSerializer(rows, many=True).data)

    @extend_schema(
        tags=["restaurants"], summary="Add a restaurant user", request=StaffInput, responses={201: StaffSerializer}
    )
    def post(self, request: Request, restaurant_id: UUID) -> Response:
        """Let an existing restaurant user work here too (dispatch staff); new people are invited."""
        restaurant = self.own(request, restaurant_id)
        if not user_of(request).is_ops:
            raise NotAllowed
        email = checked(StaffInput, request.data)["email"]
        row = services.add_staff(restaurant=restaurant, email=email, now=clock.now(), actor=actor_of(request))
        return Response(StaffSerializer(row).data, status=201)


class StaffMemberView(OwnRestaurantView):
    """One who works there."""

    @extend_schema(tags=["restaurants"], summary="Remove somebody from the staff", responses={204: None})
    def delete(self, request: Request, restaurant_id: UUID, user_id: UUID) -> Response:
        """Take the restaurant away from a user, from the next request on."""
        restaurant = self.own(request, restaurant_id)
        services.remove_staff(restaurant=restaurant, user_id=user_id, now=clock.now(), actor=actor_of(request))
        return Response(status=204)
