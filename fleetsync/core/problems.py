"""Every error leaves as RFC 9457 `application/problem+json`, from this one handler."""

import logging
import math
import sys
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from psycopg_pool import PoolTimeout
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from fleetsync.core.errors import DomainError, Kind
from fleetsync.core.parsers import PayloadTooLarge

log = logging.getLogger(__name__)

STATUS: Final[Mapping[Kind, int]] = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.REFUSED: 422,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
CONTENT_TYPE: Final = "application/problem+json"
#: What DRF refuses by itself, by its own code: our code and title.
TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "parse_error": ("parse-error", "The body is not valid JSON."),
    "not_authenticated": ("not-authenticated", "Log in first."),
    "authentication_failed": ("authentication-failed", "These credentials are not valid."),
    "permission_denied": ("permission-denied", "You may not do this."),
    "not_found": ("not-found", "There is no such object."),
    "method_not_allowed": ("method-not-allowed", "This address does not know that method."),
    "not_acceptable": ("not-acceptable", "No offered media type is acceptable."),
    "unsupported_media_type": ("unsupported-media-type", "Send application/json."),
    "throttled": ("throttled", "Too many requests; wait a little."),
    "payload_too_large": ("payload-too-large", "The body is too large."),
}


def problem(
    *,
    status_code: int,
    code: str,
    title: str,
    detail: str = "",
    errors: list[dict[str, Any]] | None = None,
    **members: Any,
) -> dict[str, Any]:
    """Return the members of a problem document; `errors` lists code, detail and attr by field.

    A further member never replaces one of the standard's own.
    """
    body: dict[str, Any] = {
        "type": f"/docs/problems#{code}",
        "title": title,
        "status": status_code,
        "code": code,
        "detail": detail or title,
    }
    if errors:
        body["errors"] = errors
    return members | body


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer any expected error as a problem document; None lets a bug be a 500."""
    headers: dict[str, str] = {}
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        error = PayloadTooLarge()
    if isinstance(error, DomainError):
        body = _of_domain(error)
        if error.kind in (Kind.UNAVAILABLE, Kind.TOO_MANY) or error.code == "idempotency-in-flight":
            headers["Retry-After"] = str(error.members.get("retry_after_s", 1))
        if error.kind is Kind.UNAUTHENTICATED:
            headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, exceptions.APIException):
        body = _of_drf(error)
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(math.ceil(wait))
        if auth := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = auth
    elif isinstance(error, (PoolTimeout, OperationalError)):
        log.warning("core.http.database_unavailable", extra={"error": type(error).__name__})
        body = problem(status_code=503, code="overloaded", title="The service is too busy; try again.")
        headers["Retry-After"] = "2"
    else:
        return None
    set_rollback()
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def _of_domain(error: DomainError) -> dict[str, Any]:
    errors = [{"code": error.code, "detail": error.detail, "attr": error.attr}] if error.attr else None
    return problem(
        status_code=STATUS[error.kind],
        code=error.code,
        title=error.title,
        detail=error.detail,
        errors=errors,
        **error.members,
    )


def _of_drf(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        fields = list(_flatten(error.detail))
        first = fields[0] if fields else {"attr": None, "detail": ""}
        detail = f"{first['attr']}: {first['detail']}" if first["attr"] else str(first["detail"])
        return problem(
            status_code=400, code="invalid", title="The request has invalid values.", detail=detail, errors=fields
        )
    code, title = TITLES.get(error.default_code, (error.default_code.replace("_", "-"), str(error.default_detail)))
    told: Any = error.detail.get("detail", title) if isinstance(error.detail, dict) else error.detail
    return problem(status_code=error.status_code, code=code, title=title, detail=str(told))


def _flatten(detail: Any, path: str = "") -> list[dict[str, Any]]:
    if isinstance(detail, Mapping):
        return [
            each
            for name, inner in detail.items()
            for each in _flatten(inner, path if name == "non_field_errors" else f"{path}.{name}".strip("."))
        ]
    if isinstance(detail, (list, tuple)):
        nested = any(isinstance(inner, (Mapping, list)) for inner in detail)
        return [
            each
            for index, inner in enumerate(detail)
            for each in _flatten(inner, f"{path}.{index}".strip(".") if nested else path)
        ]
    return [{"code": str(getattr(detail, "code", "invalid")), "detail": str(detail), "attr": path or None}]


def json_problem(status_code: int, code: str, title: str) -> JsonResponse:
    """Return a problem outside DRF (Django's own 404, 500, CSRF)."""
    return JsonResponse(
        problem(status_code=status_code, code=code, title=title), status=status_code, content_type=CONTENT_TYPE
    )


def not_found(request: HttpRequest, exception: Exception) -> Any:
    """Answer Django's 404: a problem under /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return json_problem(404, "not-found", "There is no such resource.")
    from django.views.defaults import page_not_found

    return page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> Any:
    """Answer what Django itself refuses (host name, size): a problem under /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return json_problem(400, "bad-request", "The request cannot be used.")
    from django.views.defaults import bad_request as page

    return page(request, exception)


def server_error(request: HttpRequest) -> Any:
    """Answer a bug: no trace, a problem under /api/, a page elsewhere.

    A database that is away is no bug wherever it shows (in a middleware, too): 503.
    """
    if isinstance(sys.exc_info()[1], (PoolTimeout, OperationalError)):
        answer = json_problem(503, "overloaded", "The service is too busy; try again.")
        answer["Retry-After"] = "2"
        return answer
    if request.path.startswith("/api/"):
        return json_problem(status.HTTP_500_INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")
    from django.views.defaults import server_error as page

    return page(request)


__all__ = [
    "CONTENT_TYPE",
    "STATUS",
    "TITLES",
    "bad_request",
    "exception_handler",
    "json_problem",
    "not_found",
    "problem",
    "server_error",
]
