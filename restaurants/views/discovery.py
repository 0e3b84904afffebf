"""What everybody reads: restaurants near, one restaurant, its menu."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.permissions import user_of
from fleetsync.core import clock
from fleetsync.core.api import ApiView, CoordinatesField, actor_of, checked
from fleetsync.core.pagination import Cursor
from restaurants import conf, selectors, services
from restaurants.permissions import require_ops, require_settings_of
from restaurants.serializers.menus import MenuSerializer
from restaurants.serializers.restaurants import (
    ListedSerializer,
    RestaurantPageSerializer,
    RestaurantSerializer,
    RestaurantSettings,
)


class NearField(serializers.CharField):
    """`lat,lng` in degrees, as one query parameter."""

    def to_internal_value(self, data: Any) -> Any:
        """Return a point."""
        lat, comma, lng = str(data).partition(",")
        try:
            place = {"lat": float(lat), "lng": float(lng)}
        except ValueError:
            raise serializers.ValidationError("Expected lat,lng in degrees, e.g. 39.29,-76.61.") from None
        if not comma:
            raise serializers.ValidationError("Expected lat,lng in degrees, e.g. 39.29,-76.61.")
        return CoordinatesField().run_validation(place)


class DiscoveryQuery(serializers.Serializer[Any]):
    """Query parameters of the list."""

    near = NearField(required=False, help_text="lat,lng: nearest first, open ones before closed ones.")
    radius_m = serializers.IntegerField(min_value=1, max_value=conf.MAX_RADIUS_M, default=conf.DEFAULT_RADIUS_M)
    open = serializers.BooleanField(default=False, help_text="Only those that take orders now.")
    search = serializers.CharField(max_length=60, default="", allow_blank=True, help_text="In name or cuisine.")
    mine = serializers.BooleanField(default=False, help_text="Only those you work for.")
    limit = serializers.IntegerField(min_value=1, max_value=conf.MAX_PAGE, default=conf.PAGE)
    cursor = serializers.CharField(max_length=300, default="", allow_blank=True)


class RestaurantsView(ApiView):
    """The list for everybody, and new ones by ops."""

    permission_classes = [AllowAny]

    @extend_schema(
        tags=["restaurants"],
        summary="Find restaurants near a place",
        operation_id="restaurants_list",
        parameters=[DiscoveryQuery],
        responses=RestaurantPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """With `near`: nearest first, open ones before closed ones. Without: newest first."""
        query = checked(DiscoveryQuery, request.query_params)
        if "near" not in query:
            return self._without_place(request, query)
        page = selectors.restaurants_near(
            origin=query["near"],
            radius_m=query["radius_m"],
            now=clock.now(),
            only_open=query["open"],
            search=query["search"],
            limit=query["limit"],
            cursor=query["cursor"],
        )
        following = replace_query_param(request.build_absolute_uri(), "cursor", page.cursor) if page.cursor else None
        return Response({"results": ListedSerializer(page.rows, many=True).data, "next": following})

    def _without_place(self, request: Request, query: dict[str, Any]) -> Response:
        now = clock.now()
        rows = selectors.restaurants_listed(
            user=request.user, now=now, mine=query["mine"], only_open=query["open"], search=query["search"]
        )
        pages = Cursor()
        page = pages.paginate_queryset(rows, request, self)
        data = ListedSerializer(page, many=True, context={"now": now}).data
        return Response({"results": data, "next": pages.get_next_link()})

    @extend_schema(
        tags=["restaurants"],
        summary="Create a restaurant",
        request=RestaurantSettings,
        responses={201: RestaurantSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a restaurant in the zone that covers its position (dispatch staff)."""
        self.permission_denied_unless_ops(request)
        now = clock.now()
        row = services.create_restaurant(
            settings=checked(RestaurantSettings, request.data), now=now, actor=actor_of(request)
        )
        return Response(RestaurantSerializer(row, context={"now": now}).data, status=201)

    def permission_denied_unless_ops(self, request: Request) -> None:
        """Ask for a login first, then for the role."""
        if not request.user.is_authenticated:
            self.permission_denied(request)
        require_ops(user=user_of(request))


class RestaurantView(ApiView):
    """One restaurant."""

    def get_permissions(self) -> Any:
        """Let everybody read."""
        return [AllowAny()] if self.request.method in SAFE_METHODS else super().get_permissions()

    @extend_schema(tags=["restaurants"], summary="Read a restaurant", responses=RestaurantSerializer)
    def get(self, request: Request, restaurant_id: UUID) -> Response:
        """Return a published restaurant, or one of your own."""
        row = selectors.restaurant_visible_to(restaurant_id=restaurant_id, user=request.user)
        return Response(RestaurantSerializer(row, context={"now": clock.now()}).data)

    @extend_schema(
        tags=["restaurants"],
        summary="Change a restaurant's settings",
        request=RestaurantSettings,
        responses=RestaurantSerializer,
    )
    def patch(self, request: Request, restaurant_id: UUID) -> Response:
        """Change what was sent, nothing else. Name, place, reach and `published` are for dispatch staff alone."""
        user = user_of(request)
        row = selectors.restaurant_managed_by(restaurant_id=restaurant_id, user=user)
        changes = checked(RestaurantSettings, request.data, partial=True)
        require_settings_of(user=user, names=changes)
        now = clock.now()
        services.update_restaurant(restaurant=row, changes=changes, now=now, actor=actor_of(request))
        return Response(RestaurantSerializer(row, context={"now": now}).data)

    @extend_schema(tags=["restaurants"], summary="Delete a restaurant that sold nothing", responses={204: None})
    def delete(self, request: Request, restaurant_id: UUID) -> Response:
        """Delete it (dispatch staff); one with orders is unpublished instead."""
        user = user_of(request)
        row = selectors.restaurant_managed_by(restaurant_id=restaurant_id, user=user)
        require_ops(user=user)
        services.delete_restaurant(restaurant=row, now=clock.now(), actor=actor_of(request))
        return Response(status=204)


class MenuView(ApiView):
    """The menu everybody reads, as ready bytes."""

    permission_classes = [AllowAny]

    @extend_schema(
        tags=["menus"],
        summary="Read the menu",
        parameters=[
            OpenApiParameter(
                "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="ETag of what you have."
            )
        ],
        responses={200: MenuSerializer, 304: OpenApiResponse(description="Yours is the present one.")},
    )
    def get(self, request: Request, restaurant_id: UUID) -> HttpResponseBase:
        """Return the present menu; 304 if the ETag that was sent is still the present one."""
        head = selectors.menu_head(restaurant_id=restaurant_id, user=request.user)
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]
        answer: HttpResponse
        if head.etag in known or "*" in known:
            answer = HttpResponse(status=304)
        else:
            answer = HttpResponse(selectors.menu_bytes(head=head), content_type="application/json")
        answer.headers["ETag"] = head.etag
        answer.headers["Cache-Control"] = "public, no-cache" if head.published else "private, no-cache"
        return answer
