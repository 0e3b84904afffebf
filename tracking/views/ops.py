"""HTTP of the ops map: a zone's past, figures, heat and search."""

from dataclasses import asdict
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsOps
from fleetsync.core import clock
from fleetsync.core.api import ApiView, checked
from fleetsync.core.errors import NotFound
from restaurants.models import Zone
from tracking import selectors
from tracking.serializers import (
    FiguresOutput,
    HappenedOutput,
    HeatOutput,
    HistoryOutput,
    HistoryQuery,
    LiveZoneOutput,
    MomentQuery,
    PastQuery,
    SearchOutput,
    SearchQuery,
)

ZONE_ID = OpenApiParameter("zone_id", str, OpenApiParameter.PATH, description="`zon_…`")


class ZoneView(ApiView):
    """Base: ops, and a zone that exists."""

    permission_classes = [IsOps]

    def require_zone(self, zone_id: UUID) -> None:
        """Refuse with 404 where there is no such zone."""
        if not Zone.objects.filter(pk=zone_id).exists():
            raise NotFound


class PastView(ZoneView):
    """The time machine."""

    @extend_schema(
        tags=["tracking"],
        summary="See a zone as it was",
        description="The live map's shape at a moment of the past, made from the event log and the trail.",
        parameters=[ZONE_ID, PastQuery],
        responses=LiveZoneOutput,
    )
    def get(self, request: Request, zone_id: UUID) -> Response:
        """Return drivers, deliveries and offers as they were."""
        self.require_zone(zone_id)
        at = checked(PastQuery, request.query_params.dict())["at"]
        return Response(LiveZoneOutput(selectors.past_zone(zone_id=zone_id, at=min(at, clock.now()))).data)


class HistoryView(ZoneView):
    """What lies behind, minute by minute."""

    @extend_schema(
        tags=["tracking"],
        summary="Count open and late deliveries, minute by minute",
        description="The last of them is now. Over more than 240 minutes the looks are further apart, evenly.",
        parameters=[ZONE_ID, HistoryQuery],
        responses=HistoryOutput,
    )
    def get(self, request: Request, zone_id: UUID) -> Response:
        """Return the minutes, oldest first."""
        self.require_zone(zone_id)
        minutes = checked(HistoryQuery, request.query_params.dict())["minutes"]
        found = selectors.history(zone_id=zone_id, minutes=minutes, now=clock.now())
        return Response(HistoryOutput({"minutes": found}).data)


class HappenedView(ZoneView):
    """What happened, in lines."""

    @extend_schema(
        tags=["tracking"],
        summary="Read what happened in a zone",
        description="The last 40 events that dispatch staff care about, newest first, of the hour before now or then.",
        parameters=[ZONE_ID, MomentQuery],
        responses=HappenedOutput,
    )
    def get(self, request: Request, zone_id: UUID) -> Response:
        """Return the lines, newest first."""
        self.require_zone(zone_id)
        now = clock.now()
        at = min(now, checked(MomentQuery, request.query_params.dict()).get("at", now))
        return Response(HappenedOutput({"results": selectors.happened(zone_id=zone_id, at=at)}).data)


class HeatView(ZoneView):
    """Where drivers are spare and where orders wait."""

    @extend_schema(
        tags=["tracking"],
        summary="Compare supply and demand by place",
        description="H3 cells of resolution 8 with free drivers and orders that look for one; now or then.",
        parameters=[ZONE_ID, MomentQuery],
        responses=HeatOutput,
    )
    def get(self, request: Request, zone_id: UUID) -> Response:
        """Return the cells in which there is something."""
        self.require_zone(zone_id)
        now = clock.now()
        at = checked(MomentQuery, request.query_params.dict()).get("at", now)
        zone = (
            selectors.past_zone(zone_id=zone_id, at=at) if at < now else selectors.live_zone(zone_id=zone_id, now=now)
        )
        return Response(HeatOutput({"at": zone.now, "cells": selectors.heat_of(zone)}).data)


class FiguresView(ZoneView):
    """How it goes."""

    @extend_schema(
        tags=["tracking"],
        summary="See how a zone goes",
        description="Time to find a driver and promises kept in the two hours before now or then; the last round.",
        parameters=[ZONE_ID, MomentQuery],
        responses=FiguresOutput,
    )
    def get(self, request: Request, zone_id: UUID) -> Response:
        """Return the pace of two hours and the last round."""
        self.require_zone(zone_id)
        now = clock.now()
        at = min(now, checked(MomentQuery, request.query_params.dict()).get("at", now))
        pace = selectors.pace(until=at, zone_id=zone_id)
        last = selectors.last_round(zone_id=zone_id, until=at if at < now else None)
        return Response(FiguresOutput({**asdict(pace), "round": last}).data)


class SearchView(ZoneView):
    """Finding by a few letters."""

    @extend_schema(
        tags=["tracking"],
        summary="Find an order, a driver or a kitchen",
        description="Six of each at most: orders by code, newest first; drivers and kitchens by name.",
        parameters=[ZONE_ID, SearchQuery],
        responses=SearchOutput,
    )
    def get(self, request: Request, zone_id: UUID) -> Response:
        """Return what fits."""
        self.require_zone(zone_id)
        text = checked(SearchQuery, request.query_params.dict())["q"]
        return Response(SearchOutput({"results": selectors.find_in_zone(zone_id=zone_id, text=text)}).data)
