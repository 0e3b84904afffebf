"""Zones, with their areas on the map; every edit goes through a service, so it is an event."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.gis.geos import Point, Polygon
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path

from fleetsync.admin_base import OpsAdmin, actor_of
from fleetsync.admin_history import HistoryAdmin
from fleetsync.admin_maps import AreaField
from fleetsync.core import clock, ids
from fleetsync.core.errors import DomainError
from restaurants import services
from restaurants.models import Restaurant, Zone

MOST_ON_BACKDROP = 2000


def corners_of(area: Polygon) -> list[Point]:
    """Return the corners of an area, the last one not repeated."""
    return [Point(lng, lat, srid=4326) for lng, lat in [*area.exterior_ring][:-1]]


class ZoneForm(forms.ModelForm[Zone]):
    """A zone; its area is typed as corners or drawn on the map."""

    polygon = AreaField(help_text="One corner a line: latitude, longitude. Or click on the map.")

    class Meta:
        model = Zone
        fields = ["name", "active", "polygon", "time_zone", "currency", "dispatch"]

    def clean_dispatch(self) -> Any:
        """Return the dispatch settings; those that were unusable before may stay while something else is changed.

        Raises:
            ValidationError: they hold what cannot be used.
        """
        settings = {} if self.cleaned_data["dispatch"] is None else self.cleaned_data["dispatch"]
        if "dispatch" in self.changed_data:
            try:
                services.check_settings(settings=settings)
            except DomainError as error:
                raise ValidationError(error.detail, code=error.code) from error
        return settings

    def clean_polygon(self) -> Polygon:
        """Return the area.

        Raises:
            ValidationError: the corners make no usable one.
        """
        try:
            return services.polygon_of(corners=self.cleaned_data["polygon"])
        except DomainError as error:
            raise ValidationError(error.detail, code=error.code) from error


@admin.register(Zone)
class ZoneAdmin(HistoryAdmin, OpsAdmin):
    """Dispatch areas."""

    form = ZoneForm
    id_kind = "zone_id"
    list_display = ["name", "active", "time_zone", "currency", "delay"]
    search_fields = ["name"]
    list_filter = ["active"]
    ordering = ["name", "id"]
    fields = ["public_id", "name", "active", "polygon", "time_zone", "currency", "dispatch", "delay"]
    readonly_fields = ["public_id", "delay"]

    def get_urls(self) -> list[URLPattern]:
        """Add the backdrop of every map of the back office."""
        backdrop = path("map/backdrop.json", self.admin_site.admin_view(self.backdrop), name="map-backdrop")
        return [backdrop, *super().get_urls()]

    def backdrop(self, request: HttpRequest) -> JsonResponse:
        """Return zones and restaurants as GeoJSON."""
        features: list[dict[str, Any]] = [
            {
                "type": "Feature",
                "properties": {"kind": "zone", "id": ids.public("zone_id", zone.pk)},
                "geometry": json.loads(zone.polygon.geojson),
            }
            for zone in Zone.objects.order_by("name", "pk")
        ]
        places = Restaurant.objects.order_by("pk").values_list("point", flat=True)[:MOST_ON_BACKDROP]
        features += [
            {
                "type": "Feature",
                "properties": {"kind": "restaurant"},
                "geometry": {"type": "Point", "coordinates": [point.x, point.y]},
            }
            for point in places
        ]
        return JsonResponse({"type": "FeatureCollection", "features": features})

    @admin.display(description="delay", ordering="present_delay_s")
    def delay(self, obj: Zone) -> str:
        """Return how late the zone runs; quotes add it."""
        return f"{obj.present_delay_s / 60:.0f} min"

    def save_model(self, request: HttpRequest, obj: Zone, form: forms.ModelForm[Zone], change: bool) -> None:
        """Save through the services."""
        changed = (name for name in form.changed_data if form.cleaned_data[name] != form.initial.get(name))
        values = {name: form.cleaned_data[name] for name in changed}
        if "polygon" in values:
            values["polygon"] = corners_of(values["polygon"])
        if change:
            services.update_zone(zone=obj, changes=values, now=clock.now(), actor=actor_of(request))
        else:
            made = services.create_zone(values=values, now=clock.now(), actor=actor_of(request))
            obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: Zone) -> None:
        """Delete through the service."""
        services.delete_zone(zone=obj, now=clock.now(), actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Zone]) -> None:
        """Delete through the service, one by one."""
        self.run(request, queryset, "zones deleted", lambda zone: self.delete_model(request, zone))
