"""Shapes of zones: the polygon is a list of corners."""

from typing import Any

from rest_framework import serializers

from fleetsync.core.api import CoordinatesField, PublicIdField, StrictSerializer
from restaurants import conf
from restaurants.models import Zone
from restaurants.serializers.restaurants import TimeZoneField


class ZoneSerializer(serializers.Serializer[Any]):
    """A dispatch area. The polygon's last corner joins its first by itself."""

    id = PublicIdField("zone_id", source="pk", read_only=True)
    name = serializers.CharField(read_only=True)
    polygon = CoordinatesField(many=True, read_only=True)
    time_zone = serializers.CharField(read_only=True)
    currency = serializers.CharField(read_only=True)
    active = serializers.BooleanField(read_only=True)
    dispatch = serializers.DictField(read_only=True, required=False, help_text="For dispatch staff only.")

    def to_representation(self, instance: Zone) -> dict[str, Any]:
        """Return plain values; dispatch settings only where the context says `ops`."""
        ring: list[tuple[float, ...]] = list(instance.polygon.exterior_ring.coords)
        corners = [{"lat": lat, "lng": lng} for lng, lat, *_ in ring[:-1]]
        data: dict[str, Any] = {
            "id": PublicIdField("zone_id").to_representation(instance.pk),
            "name": instance.name,
            "polygon": corners,
            "time_zone": instance.time_zone,
            "currency": instance.currency,
            "active": instance.active,
        }
        if self.context.get("ops"):
            data["dispatch"] = instance.dispatch
        return data


class ZoneInput(StrictSerializer):
    """A zone as admins write it."""

    name = serializers.CharField(max_length=80)
    polygon = serializers.ListField(child=CoordinatesField(), min_length=3, max_length=conf.MAX_CORNERS + 1)
    time_zone = TimeZoneField()
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False, help_text="ISO 4217.")
    active = serializers.BooleanField(required=False)
    dispatch = serializers.DictField(required=False, help_text="Dispatch settings that differ from the defaults.")
