"""What every template may know."""

from django.conf import settings
from django.http import HttpRequest


def addresses(request: HttpRequest) -> dict[str, str]:
    """Return the address of the sockets, for the page's meta tag."""
    return {"live_url": settings.FLEETSYNC_LIVE_URL, "public_url": settings.FLEETSYNC_PUBLIC_URL}
