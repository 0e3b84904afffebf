"""The trail of positions and the basemaps in the back office."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from fleetsync.admin_base import ReadOnlyAdmin, shown_place
from fleetsync.admin_maps import MapMedia
from fleetsync.core import ids
from tracking.models import Basemap, PositionTrail


@admin.register(PositionTrail)
class PositionTrailAdmin(ReadOnlyAdmin):
    """Points of ways, newest first."""

    Media = MapMedia
    id_searches = {"drv": "driver_id"}
    list_display = ["driver", "at", "status", "speed_mps", "heading_deg"]
    search_fields = ["status__exact"]
    search_help_text = "A driver's id, drv_…"
    list_filter = ["at"]
    ordering = ["-id"]
    exclude = ["point", "driver_id"]
    readonly_fields = ["driver", "place"]

    @admin.display(description="driver")
    def driver(self, obj: PositionTrail) -> str:
        """Return the driver's public id."""
        return ids.encode("drv", obj.driver_id)

    @admin.display(description="place")
    def place(self, obj: PositionTrail) -> str:
        """Return the point on a map."""
        return shown_place(obj.point)

    def has_view_permission(self, request: HttpRequest, obj: PositionTrail | None = None) -> bool:
        """Where people were is for those who act on drivers."""
        return request.user.has_perm("accounts.operate_driver")


@admin.register(Basemap)
class BasemapAdmin(ReadOnlyAdmin):
    """What the maps of a zone are drawn on; `manage.py` commands and the seeding write it."""

    id_searches = {"zon": "zone_id"}
    list_display = ["zone", "version", "attribution"]
    list_select_related = ["zone"]
    search_fields = ["zone__name"]
    ordering = ["zone__name", "zone_id"]
    exclude = ["geojson"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Basemap]:
        """Leave the drawing itself in the database: it is large."""
        return super().get_queryset(request).defer("geojson")
