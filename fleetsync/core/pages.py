"""What every template may know."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from fleetsync.core import money


def addresses(request: HttpRequest) -> dict[str, str]:
    """Return addresses, the tiles of maps, the CSRF cookie's name and how money is written, for the page's meta tags."""
    from_file = bool(settings.FLEETSYNC_TILES_FILE)
    return {
        "tiles_url": reverse("tiles") if from_file else settings.FLEETSYNC_TILES_URL,
        "tiles_attribution": settings.FLEETSYNC_TILES_ATTRIBUTION,
        "live_url": settings.FLEETSYNC_LIVE_URL,
        "public_url": settings.FLEETSYNC_PUBLIC_URL,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "currency_digits": money.unusual_digits(),
    }
