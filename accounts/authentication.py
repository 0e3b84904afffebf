"""Bearer tokens: one query finds the user and proves that the login still stands."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts import selectors, tokens
from accounts.errors import TokenInvalid
from accounts.models import User
from fleetsync.core import clock


class BearerAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access token>`; anything else is left to the next way in.

    simplejwt's steps, with our claims in the place of its token object.
    """

    def authenticate(self, request: Request) -> tuple[User, tokens.Claims] | None:  # type: ignore[override]
        """Return the user and what the token says, None without a bearer, or refuse with 401."""
        try:
            return super().authenticate(request)  # type: ignore[return-value]
        except TokenInvalid as error:
            refused = AuthenticationFailed(error.detail)
            refused.default_code = error.code
            refused.default_detail = error.title
            raise refused from error

    def get_raw_token(self, header: bytes) -> bytes | None:
        """Return what follows the scheme, whose case does not matter (RFC 9110, 11.1)."""
        scheme, _, token = header.strip().partition(b" ")
        return token.strip() if scheme.lower() == b"bearer" else None

    def get_validated_token(self, raw_token: bytes) -> tokens.Claims:  # type: ignore[override]
        """Return what the token says.

        Raises:
            TokenInvalid: it is not an access token of ours, or its time is over.
        """
        return tokens.verify(token=raw_token.decode("latin-1"), typ="access", now=clock.real_now())

    def get_user(self, validated_token: Any) -> User:  # type: ignore[override]
        """Return whose login it is.

        Raises:
            TokenInvalid: the user or the login is ended.
        """
        return selectors.user_of_login(claims=validated_token)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells OpenAPI of the bearer."""

    target_class = BearerAuthentication
    priority = 1  # before the one that drf-spectacular has for simplejwt's own class
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the security scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
