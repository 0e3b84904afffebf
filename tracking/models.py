"""The trail of positions: a table partitioned by business day."""

from django.contrib.gis.db.models import PointField
from django.db import models


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
