"""Rate limits over Redis, on machine time: requests by user or address, and failures by secret tried.

Fixed windows: one INCR a request. Where Redis is down requests pass, for orders must be
placed without it; what guards a secret is held instead (`begin_attempt` raises).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from fleetsync.core import clock, redis

if TYPE_CHECKING:  # views read their default throttles while their module loads: this one
    from django.http import HttpRequest
    from rest_framework.request import Request
    from rest_framework.views import APIView

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a window of so many seconds."""

    most: int
    window_s: int


#: By scope. A view names one in `throttle_scope`; else it is `read` or `write` by its method.
RATES: Final[Mapping[str, Rate]] = {
    "read": Rate(1_200, 60),
    "write": Rate(300, 60),
    "positions": Rate(300, 60),  # a phone sends one a second; four phones' worth of retries
    "anonymous": Rate(300, 60),
    "login": Rate(60, 60),
}


@dataclass(frozen=True, slots=True)
class Count:
    """Where a client stands in its window."""

    most: int
    used: int
    reset_s: int

    @property
    def left(self) -> int:
        """Return how many more there may be."""
        return max(0, self.most - self.used)


def _key(scope: str, ident: str, window: int) -> str:
    # hashed, so that no address or e-mail stands in Redis
    return redis.key("rate", scope, hashlib.sha256(ident.encode()).hexdigest()[:24], str(window))


def count(scope: str, ident: str, rate: Rate) -> Count:
    """Count one more and return where that leads.

    Raises:
        RedisDown: it cannot be counted.
    """
    moment = clock.real_now().timestamp()
    key = _key(scope, ident, int(moment // rate.window_s))

    def bump(client: Any) -> int:
        pipe = client.pipeline(transaction=False)
        pipe.incr(key)
        pipe.expire(key, rate.window_s + 1)
        used: int = pipe.execute()[0]
        return used

    reset_s = rate.window_s - int(moment % rate.window_s)
    return Count(rate.most, redis.call(bump), reset_s)


def forget(scope: str, ident: str, rate: Rate) -> None:
    """Set the present window back to nothing, as after a right password."""
    key = _key(scope, ident, int(clock.real_now().timestamp() // rate.window_s))
    redis.attempt(lambda client: bool(client.delete(key)), False)


def uncount(scope: str, ident: str, rate: Rate) -> None:
    """Take one back from the present window."""
    key = _key(scope, ident, int(clock.real_now().timestamp() // rate.window_s))
    redis.attempt(lambda client: bool(client.decr(key)), False)


def address_of(request: Request | HttpRequest) -> str:
    """Return the client's address; proxies are believed as far as FLEETSYNC_PROXIES says."""
    return BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # it reads headers and META alone


class Throttle(BaseThrottle):
    """The default throttle of every view; off unless FLEETSYNC_THROTTLE is on."""

    reset_s = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; leave what the headers say on the Django request."""
        if not settings.FLEETSYNC_THROTTLE:
            return True
        user = request.user
        scope = getattr(view, "throttle_scope", None) or ("read" if request.method in SAFE else "write")
        if user.is_authenticated:
            ident = str(user.pk)
        else:
            ident = address_of(request)
            scope = scope if scope == "login" else "anonymous"
        try:
            counted = count(scope, ident, RATES[scope])
        except redis.RedisDown:
            return True
        request._request.rate_limit = counted  # type: ignore[attr-defined]
        self.reset_s = counted.reset_s
        return counted.used <= counted.most

    def wait(self) -> float:
        """Return the seconds until the window ends."""
        return float(self.reset_s)


def limit_headers(request: Any) -> dict[str, str]:
    """Return the `RateLimit-*` headers of an answer; none where nothing was counted."""
    counted = getattr(request, "rate_limit", None)
    if not isinstance(counted, Count):
        return {}
    return {
        "RateLimit-Limit": str(counted.most),
        "RateLimit-Remaining": str(counted.left),
        "RateLimit-Reset": str(counted.reset_s),
    }
