"""Going online and offline."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsDriver, driver_of
from dispatch import services
from dispatch.serializers import SessionInput, SessionOutput
from fleetsync.core import clock
from fleetsync.core.api import ApiView, actor_of, checked


class SessionsView(ApiView):
    """The driver goes online."""

    permission_classes = [IsDriver]

    @extend_schema(
        operation_id="driver_sessions_create",
        tags=["driver"],
        summary="Go online",
        description="In the zone where you stand. The session is a lease: each ping renews it, silence ends it.",
        request=SessionInput,
        responses={201: SessionOutput},
    )
    def post(self, request: Request) -> Response:
        """Start a session, or renew the one that lives."""
        data = checked(SessionInput, request.data)
        session = services.start_session(
            driver=driver_of(request),
            position=data["position"],
            off_at=data.get("off_at"),
            now=clock.now(),
            actor=actor_of(request),
        )
        return Response(SessionOutput(session).data, status=201)


class CurrentSessionView(ApiView):
    """The driver's live session."""

    permission_classes = [IsDriver]

    @extend_schema(
        operation_id="driver_sessions_current",
        tags=["driver"],
        summary="Read your session",
        responses={200: SessionOutput},
    )
    def get(self, request: Request) -> Response:
        """Return the live session; 404 while offline."""
        return Response(SessionOutput(services.live_session(driver=driver_of(request))).data)

    @extend_schema(
        operation_id="driver_sessions_end",
        tags=["driver"],
        summary="Go offline",
        description="Open offers are withdrawn, deliveries that are not picked up search again.",
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        """End the session; 404 while offline."""
        session = services.live_session(driver=driver_of(request))
        services.end_session(session_id=session.pk, reason="driver", now=clock.now(), actor=actor_of(request))
        return Response(status=204)


class PauseView(ApiView):
    """No offers for now."""

    permission_classes = [IsDriver]

    @extend_schema(
        operation_id="driver_sessions_pause",
        tags=["driver"],
        summary="Take no offers for now",
        request=None,
        responses={200: SessionOutput},
    )
    def post(self, request: Request) -> Response:
        """Withdraw open offers and make no new ones."""
        session = services.pause_session(driver=driver_of(request), now=clock.now(), actor=actor_of(request))
        return Response(SessionOutput(session).data)


class ResumeView(ApiView):
    """Offers again."""

    permission_classes = [IsDriver]

    @extend_schema(
        operation_id="driver_sessions_resume",
        tags=["driver"],
        summary="Take offers again",
        request=None,
        responses={200: SessionOutput},
    )
    def post(self, request: Request) -> Response:
        """End the pause."""
        session = services.resume_session(driver=driver_of(request), now=clock.now(), actor=actor_of(request))
        return Response(SessionOutput(session).data)
