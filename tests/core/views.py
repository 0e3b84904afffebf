"""Small endpoints on the shared base classes; one order-like thing a POST."""

from typing import Any

from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from fleetsync.core import errors, ids
from fleetsync.core.api import (
    ApiActions,
    ApiView,
    CoordinatesField,
    PublicIdField,
    StrictSerializer,
    accepted,
    actor_of,
)
from fleetsync.core.events import change
from tests.core.conftest import NOON, Happened


class TaskSerializer(StrictSerializer):
    what = serializers.CharField(max_length=20)
    count = serializers.IntegerField(min_value=1, max_value=9, required=False)
    place = CoordinatesField(required=False)
    restaurant_id = PublicIdField("restaurant_id", required=False)
    things = serializers.ListField(child=serializers.IntegerField(), required=False)


def do(request: Request) -> Response:
    """Write one event, then answer 202."""
    serializer = TaskSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    order_id = ids.uuid7()
    with change(now=NOON, actor=actor_of(request)) as emit:
        emit(Happened(order_id=order_id, what=serializer.validated_data["what"]))
    public = ids.encode("ord", order_id)
    if serializer.validated_data["what"] == "late refusal":
        raise errors.IllegalTransition(order_id=public)
    if serializer.validated_data["what"] == "own 409":
        return Response({"code": "own"}, status=409)
    return accepted({"id": public, "at": NOON}, location=f"/things/{public}")


class Things(ApiActions):
    """A viewset: `create` demands a key, `poke` honours one, `ping` ignores it."""

    idempotency_required_actions = ("create",)
    idempotency_ignored_actions = ("ping",)

    def create(self, request: Request) -> Response:
        return do(request)

    @action(detail=False, methods=["post"])
    def poke(self, request: Request) -> Response:
        return do(request)

    @action(detail=False, methods=["post"])
    def ping(self, request: Request) -> Response:
        return do(request)


class Plain(ApiView):
    """A single endpoint that demands a key."""

    idempotency_required_actions = ("post",)

    def post(self, request: Request) -> Response:
        return do(request)


class Public(ApiView):
    """Open to nobody in particular."""

    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        return do(request)


class ReadOnly(ApiView):
    """Knows no POST."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response({})


class Raises(ApiView):
    """Raises what the test hands in."""

    permission_classes = [AllowAny]
    error: Any = exceptions.APIException

    def get(self, request: Request) -> Response:
        raise self.error


urlpatterns = [
    path("api/things", Things.as_view({"post": "create"})),
    path("api/things/poke", Things.as_view({"post": "poke"})),
    path("api/things/ping", Things.as_view({"post": "ping"})),
    path("api/plain", Plain.as_view()),
    path("api/public", Public.as_view()),
    path("api/read-only", ReadOnly.as_view()),
    path("api/raises", Raises.as_view()),
]
handler400 = "fleetsync.core.problems.bad_request"
handler404 = "fleetsync.core.problems.not_found"
handler500 = "fleetsync.core.problems.server_error"
