"""Bearer tokens."""

from rest_framework.authentication import BaseAuthentication


class BearerAuthentication(BaseAuthentication):
    """Placeholder until the tokens exist."""

    def authenticate(self, request):
        return None
