"""What every template may know."""

from django.conf import settings
from django.http import HttpRequest


def addresses(request: HttpRequest) -> dict[str, str]:
    """Return the addresses and the name of the CSRF cookie, for the page's meta tags."""
    return {
        "live_url": settings.FLEETSYNC_LIVE_URL,
        "public_url": settings.FLEETSYNC_PUBLIC_URL,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
    }
