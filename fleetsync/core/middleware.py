"""What surrounds every request: its time as a metric, headers every answer carries."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from fleetsync.core import metrics
from fleetsync.core.throttles import limit_headers


class RequestTimes:
    """Count and time every request by route, method and status class."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Observe how long the answer took; addresses that lead nowhere share one label."""
        started = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "unknown"
        method = request.method if request.method in METHODS else "OTHER"
        metrics.REQUEST_S.labels(method, route, f"{response.status_code // 100}xx").observe(
            time.perf_counter() - started
        )
        return response


METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def policy(*, loose: bool) -> str:
    """Return the Content-Security-Policy of a page; the tiles' origin is in it only where tiles are set.

    `loose`: Unfold uses Alpine (eval) and inline styles; Swagger and Redoc inline a start script and styles.
    """
    live, tiles = settings.FLEETSYNC_LIVE_URL.rstrip("/"), ""
    archive = settings.FLEETSYNC_TILES_FILE or urlsplit(settings.FLEETSYNC_TILES_URL).path.endswith(".pmtiles")
    images = " blob:" if archive else ""  # the reader of an archive hands its images to the page as blobs
    if settings.FLEETSYNC_TILES_URL and not settings.FLEETSYNC_TILES_FILE:
        address = urlsplit(settings.FLEETSYNC_TILES_URL)
        tiles = f" {address.scheme}://{address.netloc}" if address.netloc else ""
    inline, evals = (" 'unsafe-inline'", " 'unsafe-eval'") if loose else ("", "")
    workers = "; worker-src 'self' blob:" if loose else ""
    return (
        f"default-src 'self'; img-src 'self' data:{tiles}{images}; object-src 'none'; base-uri 'self'; form-action 'self';"
        f" frame-ancestors 'none'; script-src 'self'{inline}{evals}; style-src 'self'{inline};"
        f" connect-src 'self' {live}{tiles}{workers}"
    )


class SecurityHeaders:
    """Content-Security-Policy by kind of page, and no shared caching of private answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add what the view has not set itself."""
        response = self.get_response(request)
        path = request.path
        loose = path.startswith(("/admin/", "/api/docs", "/api/redoc")) and not getattr(response, "strict_csp", False)
        response.headers.setdefault("Content-Security-Policy", policy(loose=loose))
        for name, value in limit_headers(request).items():
            response.headers[name] = value
        if path.startswith("/api/") and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
