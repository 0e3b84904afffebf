"""Words of ops to drivers, and the drivers' receipts."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Driver
from accounts.permissions import IsDriver, IsOps, driver_of, user_of
from dispatch import services
from dispatch.conf import CANNED_TEXTS
from dispatch.models import DriverMessage
from dispatch.serializers import CannedTextOutput, MessageInput, MessageOutput, MessageQuery
from fleetsync.core import clock
from fleetsync.core.api import ApiView, actor_of, checked
from fleetsync.core.errors import NotFound
from fleetsync.core.pagination import Cursor


def _page(view: ApiView, request: Request, driver_id: UUID) -> Response:
    checked(MessageQuery, request.query_params.dict())
    pages = Cursor()
    page = pages.paginate_queryset(DriverMessage.objects.filter(driver=driver_id).order_by("-id"), request, view=view)
    return pages.get_paginated_response(MessageOutput(page, many=True).data)


class DriverMessagesView(ApiView):
    """What ops told a driver."""

    permission_classes = [IsOps]

    @extend_schema(
        operation_id="driver_messages_list",
        tags=["dispatch"],
        summary="List what a driver was told",
        description="Newest first; `read_at` is his receipt.",
        parameters=[MessageQuery],
        responses={200: MessageOutput(many=True)},
    )
    def get(self, request: Request, driver_id: UUID) -> Response:
        """Return the messages."""
        if not Driver.objects.filter(pk=driver_id).exists():
            raise NotFound
        return _page(self, request, driver_id)

    @extend_schema(
        operation_id="driver_messages_create",
        tags=["dispatch"],
        summary="Tell a driver something",
        description="`text`, or `canned`: the code of a ready text. It appears on his page with a sound.",
        request=MessageInput,
        responses={201: MessageOutput},
    )
    def post(self, request: Request, driver_id: UUID) -> Response:
        """Send it."""
        row = services.send_message(
            driver_id=driver_id,
            sender=user_of(request),
            text=checked(MessageInput, request.data)["text"],
            now=clock.now(),
            actor=actor_of(request),
        )
        return Response(MessageOutput(row).data, status=201)


class MyMessagesView(ApiView):
    """What ops told me."""

    permission_classes = [IsDriver]

    @extend_schema(
        operation_id="drivers_me_messages_list",
        tags=["driver"],
        summary="List what dispatch told you",
        description="Newest first.",
        parameters=[MessageQuery],
        responses={200: MessageOutput(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Return the messages."""
        return _page(self, request, driver_of(request).pk)


class ReadMessageView(ApiView):
    """A receipt."""

    permission_classes = [IsDriver]

    @extend_schema(
        operation_id="drivers_me_messages_read",
        tags=["driver"],
        summary="Say that you have read it",
        request=None,
        responses={200: MessageOutput},
    )
    def post(self, request: Request, message_id: UUID) -> Response:
        """Note the receipt. Twice is harmless."""
        row = services.read_message(
            message_id=message_id, driver_id=driver_of(request).pk, now=clock.now(), actor=actor_of(request)
        )
        return Response(MessageOutput(row).data)


class CannedTextsView(ApiView):
    """Ready texts for messages to drivers."""

    permission_classes = [IsOps]

    @extend_schema(
        operation_id="message_texts_list",
        tags=["dispatch"],
        summary="List the ready texts",
        responses={200: CannedTextOutput(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Return code and text of each."""
        return Response([{"code": code, "text": text} for code, text in CANNED_TEXTS.items()])
