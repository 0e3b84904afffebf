"""The trail of positions, a table partitioned by business day; and what maps are drawn on."""

from django.contrib.gis.db.models import PointField
from django.db import models

from restaurants.models import Zone


class PositionTrail(models.Model):
    """A point of a driver's way: one each 10 s or 50 m, and one at every status change.

    Unmanaged: the migration creates it in SQL, partitioned by `at`, with a DEFAULT
    partition so that no insert ever fails.
    """

    id = models.BigAutoField(primary_key=True)
    driver_id = models.UUIDField()
    point = PointField(srid=4326, spatial_index=False)
    heading_deg = models.FloatField(null=True)
    speed_mps = models.FloatField(null=True)
    status = models.CharField(max_length=20, blank=True, help_text="The delivery's status at a change.")
    at = models.DateTimeField(help_text="Business time.")

    class Meta:
        managed = False
        db_table = "tracking_positiontrail"

    def __str__(self) -> str:
        return f"{self.driver_id} at {self.at:%H:%M:%S}"


class Basemap(models.Model):
    """What the maps of a zone are drawn on where there are no tiles: streets, water, parks, names."""

    zone = models.OneToOneField(Zone, models.CASCADE, primary_key=True, related_name="basemap")
    geojson = models.JSONField(help_text="A FeatureCollection; each feature has a kind.")
    attribution = models.CharField(max_length=120, blank=True, help_text="Shown wherever it is drawn.")
    version = models.CharField(max_length=16, help_text="Changes with the content; the ETag.")

    def __str__(self) -> str:
        return f"basemap {self.version}"
