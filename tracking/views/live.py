"""HTTP of tracking: pings, live views, the public link."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsDriver, IsOps, IsRestaurantOrOps, driver_of, user_of
from fleetsync.core import clock
from fleetsync.core.api import ApiView
from fleetsync.core.errors import NotFound
from tracking import pings, services, snapshots
from tracking.errors import TopicForbidden
from tracking.selectors import basemap_of, basemap_version, viewer_of
from tracking.serializers import (
    LiveDriverOutput,
    LiveOrderOutput,
    LiveRestaurantOutput,
    LiveZoneOutput,
    PositionsInput,
    PositionsOutput,
)
from tracking.topics import Topic, TopicKind


def _path_id(name: str, prefix: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.PATH, description=f"`{prefix}_…`")


def _live(request: Request, kind: TopicKind, key: UUID) -> Response:
    """Answer a topic's snapshot; what one may not see does not exist."""
    try:
        data = snapshots.take(topic=Topic(kind, key), viewer=viewer_of(user_of(request)), now=clock.now())
    except TopicForbidden as refusal:
        raise NotFound from refusal
    return Response(data, headers={"Cache-Control": "no-store"})


class PositionsView(ApiView):
    """Where a driver is; Redis alone is touched."""

    throttle_scope = "positions"
    permission_classes = [IsDriver]
    idempotency_ignored_actions = ("post",)

    @extend_schema(
        tags=["tracking"], summary="Report positions", request=PositionsInput, responses={202: PositionsOutput}
    )
    def post(self, request: Request) -> Response:
        """Keep the newest point and show it to those who watch; older ones make the trail."""
        driver = driver_of(request)
        points = pings.decode(request.body)
        services.take_positions(driver_id=driver.pk, points=points, now=clock.now())
        return Response({"accepted": len(points)}, status=202)


class LiveOrderView(ApiView):
    """An order with delivery, driver and arrival range."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=["tracking"],
        summary="See where an order is",
        parameters=[_path_id("order_id", "ord")],
        responses=LiveOrderOutput,
    )
    def get(self, request: Request, order_id: UUID) -> Response:
        """Return the snapshot of the socket's topic `order:{id}`."""
        return _live(request, TopicKind.ORDER, order_id)


class LiveRestaurantView(ApiView):
    """A kitchen's screen."""

    permission_classes = [IsRestaurantOrOps]

    @extend_schema(
        tags=["tracking"],
        summary="See a kitchen's open orders",
        parameters=[_path_id("restaurant_id", "rst")],
        responses=LiveRestaurantOutput,
    )
    def get(self, request: Request, restaurant_id: UUID) -> Response:
        """Return the snapshot of the socket's topic `restaurant:{id}`."""
        return _live(request, TopicKind.RESTAURANT, restaurant_id)


class LiveZoneView(ApiView):
    """The map of ops."""

    permission_classes = [IsOps]

    @extend_schema(
        tags=["tracking"],
        summary="See a zone's drivers and deliveries",
        parameters=[_path_id("zone_id", "zon")],
        responses=LiveZoneOutput,
    )
    def get(self, request: Request, zone_id: UUID) -> Response:
        """Return the snapshot of the socket's topic `zone:{id}`."""
        return _live(request, TopicKind.ZONE, zone_id)


class LiveDriverView(ApiView):
    """A driver's own screen."""

    permission_classes = [IsDriver]

    @extend_schema(tags=["tracking"], summary="See one's session, offers and tasks", responses=LiveDriverOutput)
    def get(self, request: Request) -> Response:
        """Return the snapshot of the socket's topic `driver:me`."""
        return _live(request, TopicKind.DRIVER, driver_of(request).pk)


class PublicTrackingView(ApiView):
    """What a customer sees, for whoever holds the signed link."""

    permission_classes = [AllowAny]
    authentication_classes = ()

    @extend_schema(
        tags=["tracking"],
        summary="See an order by its link",
        description="No login: the token is signed. Leaves out addresses, amounts and people.",
        parameters=[OpenApiParameter("token", str, OpenApiParameter.PATH)],
        responses=LiveOrderOutput,
        auth=[],
    )
    def get(self, request: Request, token: str) -> Response:
        """Return the snapshot of the link's order."""
        login = services.open_link(token=token)
        order_id = login.viewer.link_order_id
        if order_id is None:
            raise NotFound
        data = snapshots.take(topic=Topic(TopicKind.ORDER, order_id), viewer=login.viewer, now=clock.now())
        return Response(data, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


class BasemapView(ApiView):
    """Streets, water, parks and the outline of a zone: maps need no tiles."""

    permission_classes = [AllowAny]
    authentication_classes = ()

    @extend_schema(
        tags=["tracking"],
        summary="Draw the map of a zone",
        description="A GeoJSON FeatureCollection; each feature has a `kind`, the whole an `attribution` to show.",
        parameters=[_path_id("zone_id", "zon")],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, zone_id: UUID) -> HttpResponseBase:
        """Return the map with an ETag; a client that has this version gets 304."""
        known = basemap_version(zone_id=zone_id)
        if known is not None and request.headers.get("If-None-Match", "").removeprefix("W/") == f'"{known}"':
            return HttpResponseNotModified(headers={"ETag": f'"{known}"'})
        drawn = basemap_of(zone_id=zone_id)
        if drawn is None:
            raise NotFound
        return HttpResponse(
            drawn.body,
            content_type="application/geo+json",
            headers={"ETag": f'"{drawn.version}"', "Cache-Control": "public, max-age=0, must-revalidate"},
        )
