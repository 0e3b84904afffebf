"""Register, log in, refresh, log out, and oneself."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.permissions import user_of
from accounts.serializers import (
    LoginAnswer,
    LoginInput,
    ProfileInput,
    RefreshInput,
    RegisterInput,
    TicketAnswer,
    TokenPair,
    UserSerializer,
)
from fleetsync.core import clock
from fleetsync.core.api import ApiView, actor_of, checked
from fleetsync.core.throttles import address_of


class OpenView(ApiView):
    """A way in that needs no login; a stale token in the header does no harm."""

    permission_classes = [AllowAny]
    authentication_classes = ()
    idempotency_ignored_actions = ("post",)
    throttle_scope = "login"


class RegisterView(OpenView):
    """New customers."""

    @extend_schema(tags=["auth"], summary="Register as a customer", request=RegisterInput, responses={201: LoginAnswer})
    def post(self, request: Request) -> Response:
        """Create a CUSTOMER and log in."""
        data = checked(RegisterInput, request.data)
        user = services.register(
            email=data["email"], password=data["password"], name=data["name"], phone=data["phone"], now=clock.now()
        )
        login = services.open_login(user=user, real_now=clock.real_now())
        return Response(LoginAnswer(login).data, status=201)


class LoginView(OpenView):
    """Log in."""

    @extend_schema(tags=["auth"], summary="Log in", request=LoginInput, responses={200: LoginAnswer})
    def post(self, request: Request) -> Response:
        """Return an access token of 10 minutes and a refresh token that works once."""
        data = checked(LoginInput, request.data)
        login = services.log_in(
            email=data["email"],
            password=data["password"],
            address=address_of(request),
            real_now=clock.real_now(),
        )
        return Response(LoginAnswer(login).data)


class RefreshView(OpenView):
    """Stay logged in."""

    throttle_scope = "anonymous"

    @extend_schema(tags=["auth"], summary="Spend a refresh token", request=RefreshInput, responses={200: TokenPair})
    def post(self, request: Request) -> Response:
        """Return a new pair. A token that comes twice ends its whole login."""
        data = checked(RefreshInput, request.data)
        login = services.refresh_login(token=data["refresh"], now=clock.now(), real_now=clock.real_now())
        return Response(TokenPair(login).data)


class LogoutView(OpenView):
    """Log out."""

    @extend_schema(tags=["auth"], summary="End this login", request=RefreshInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the login the refresh token belongs to, its access tokens included."""
        services.log_out(token=checked(RefreshInput, request.data)["refresh"], real_now=clock.real_now())
        return Response(status=204)


class MeView(ApiView):
    """Oneself."""

    @extend_schema(tags=["auth"], summary="Read your own account", responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """Return the user behind the token."""
        return Response(UserSerializer(user_of(request)).data)

    @extend_schema(tags=["auth"], summary="Change your name or phone", request=ProfileInput, responses=UserSerializer)
    def patch(self, request: Request) -> Response:
        """Change what was sent, nothing else."""
        changes = checked(ProfileInput, request.data)
        user = services.update_profile(user=user_of(request), changes=changes, now=clock.now(), actor=actor_of(request))
        return Response(UserSerializer(user).data)


class SocketTicketView(ApiView):
    """Tickets for sockets."""

    idempotency_ignored_actions = ("post",)

    @extend_schema(tags=["auth"], summary="Get a one-use socket ticket", request=None, responses={201: TicketAnswer})
    def post(self, request: Request) -> Response:
        """Return a ticket that opens one socket within 30 s."""
        ticket, expires_at = services.make_socket_ticket(user=user_of(request), real_now=clock.real_now())
        return Response(TicketAnswer({"ticket": ticket, "expires_at": expires_at}).data, status=201)
