"""Bearer tokens: one query finds the user and proves that the login still stands."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import selectors
from accounts.errors import TokenInvalid
from accounts.models import User


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; anything else is left to the next way in."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """Return the user and the token, None without a bearer, or refuse with 401."""
        scheme, _, token = get_authorization_header(request).decode("latin-1").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            return selectors.user_of_access_token(token=token.strip()), token
        except TokenInvalid as error:
            refused = AuthenticationFailed(error.detail)
            refused.default_code = error.code
            refused.default_detail = error.title
            raise refused from error

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a missing login is 401 and not 403."""
        return 'Bearer realm="api"'


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells OpenAPI of the bearer."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the security scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
