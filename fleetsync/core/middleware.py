"""What surrounds every request: its time as a metric, headers every answer carries."""

import time
from collections.abc import Callable

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


class SecurityHeaders:
    """Content-Security-Policy by kind of page, and no shared caching of private answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        live = settings.FLEETSYNC_LIVE_URL.rstrip("/")
        base = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
        self.own = f"{base}; script-src 'self'; style-src 'self'; connect-src 'self' {live}"
        # Unfold uses Alpine (eval) and inline styles; Swagger inlines a start script and styles.
        self.admin = f"{base}; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; connect-src 'self' {live}"

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add what the view has not set itself."""
        response = self.get_response(request)
        path = request.path
        loose = path.startswith(("/admin/", "/api/docs", "/api/redoc")) and not getattr(response, "strict_csp", False)
        response.headers.setdefault("Content-Security-Policy", self.admin if loose else self.own)
        for name, value in limit_headers(request).items():
            response.headers[name] = value
        if path.startswith("/api/") and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
