"""Passwords: change, forget, set anew."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.errors import ResetInvalid
from accounts.permissions import user_of
from accounts.serializers import PasswordChangeInput, ResetConfirmInput, ResetInput
from accounts.views.auth import OpenView
from fleetsync.core import clock, ids
from fleetsync.core.api import ApiView, checked
from fleetsync.core.throttles import address_of


class PasswordView(ApiView):
    """One's own password."""

    idempotency_ignored_actions = ("post",)

    @extend_schema(tags=["auth"], summary="Change your password", request=PasswordChangeInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set a new password; every login of yours ends, this one included."""
        data = checked(PasswordChangeInput, request.data)
        services.change_password(
            user=user_of(request),
            current=data["current_password"],
            new=data["new_password"],
            address=address_of(request),
            now=clock.now(),
            real_now=clock.real_now(),
        )
        return Response(status=204)


class PasswordResetView(OpenView):
    """A forgotten password."""

    @extend_schema(tags=["auth"], summary="Ask for a new password", request=ResetInput, responses={202: None})
    def post(self, request: Request) -> Response:
        """Mail a link if the address has an account; the answer is the same if not."""
        email = checked(ResetInput, request.data)["email"]
        services.ask_password_reset(email=email, address=address_of(request), now=clock.now())
        return Response(status=202)


class PasswordResetConfirmView(OpenView):
    """The link of the mail."""

    @extend_schema(
        tags=["auth"],
        summary="Set a new password with the mail's link",
        request=ResetConfirmInput,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """Set the password once; every login of the user ends."""
        data = checked(ResetConfirmInput, request.data)
        try:
            user_id = ids.decode("usr", data["uid"])
        except ids.BadId:
            raise ResetInvalid from None
        services.reset_password(
            user_id=user_id,
            token=data["token"],
            new=data["new_password"],
            now=clock.now(),
            real_now=clock.real_now(),
        )
        return Response(status=204)
