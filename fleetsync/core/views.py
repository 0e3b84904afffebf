"""The clock for clients, and the health of the HTTP process."""

from functools import cache
from pathlib import Path
from typing import Final

from django.contrib.staticfiles import finders
from django.db.utils import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from drf_spectacular.utils import extend_schema, inline_serializer
from prometheus_client import REGISTRY, generate_latest
from psycopg_pool import PoolTimeout
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from fleetsync.core import clock, health, redis
from fleetsync.core.api import ApiView
from fleetsync.core.catalogue import problem_types

REDOC_LOGO: Final = "https://cdn.redoc.ly/redoc/logo-mini.svg"


class ClockView(ApiView):
    """Business time and its speed; countdowns and simulators use it."""

    permission_classes = [AllowAny]
    authentication_classes = ()

    @extend_schema(
        tags=["clock"],
        summary="Read the business clock",
        responses=inline_serializer("Clock", {"now": serializers.DateTimeField(), "scale": serializers.FloatField()}),
    )
    def get(self, request: Request) -> Response:
        """Return `now` and `scale` (business seconds per real second)."""
        return Response({"now": clock.now().isoformat(), "scale": clock.scale()})


def problem_page(request: HttpRequest) -> HttpResponse:
    """Show every problem code, where the `type` of a problem document points."""
    return render(request, "pages/problems.html", {"problems": problem_types()})


def livez(request: HttpRequest) -> JsonResponse:
    """Say that the process answers."""
    return JsonResponse({"process": "api", "ready": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether orders can be taken: the database must answer, Redis should.

    What else must run for an order to be delivered and is not heard of stands in
    `missing`, with the command that starts it; it makes this process no less ready.
    """
    facts: dict[str, object] = {"redis": redis.attempt(lambda r: bool(r.ping()), False)}
    try:
        absent = health.missing()
        facts |= {
            "database": True,
            "missing": [{"process": each, "start": health.how_to_start(each)} for each in absent],
        }
    except (DatabaseError, PoolTimeout):
        facts["database"] = False
    ready = bool(facts["database"])
    return JsonResponse({"process": "api", "ready": ready, **facts}, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Return this process's metrics in Prometheus's text format."""
    return HttpResponse(generate_latest(REGISTRY), content_type="text/plain; version=0.0.4")


@cache
def _redoc() -> str:
    found = finders.find("drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js")
    if not isinstance(found, str):
        raise Http404
    return Path(found).read_text().replace(REDOC_LOGO, static("fleetsync/favicon.svg"))


def redoc_script(request: HttpRequest) -> HttpResponse:
    """Return Redoc with our own picture where it asks another server for one."""
    return HttpResponse(_redoc(), content_type="text/javascript", headers={"Cache-Control": "public, max-age=86400"})
