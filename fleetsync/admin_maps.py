"""Points and areas in forms: numbers that can be typed, and a map that works without the internet.

The map's backdrop is our own GeoJSON (zones and restaurants); no tiles, no inline script.
The fields take numbers only: no WKT, no GeoJSON, so nothing of a geometry parser is in reach.
"""

import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib.gis.geos import Point, Polygon
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import INPUT_CLASSES

from fleetsync.core.geo import SRID

DIGITS: Final = 6


class MapMedia:
    """Leaflet from our own disk, and the script that ties it to the inputs."""

    css = {"all": ("vendor/leaflet/leaflet.css", "fleetsync/css/admin_map.css")}
    js = ("vendor/leaflet/leaflet.js", "fleetsync/js/admin_map.js")


#: What a map is called; where it fills inputs, those are the way of the keyboard.
_NAMES: Final = {
    "point": "Map: click where it is, or type the degrees above",
    "area": "Map: click the corners, or type them above",
    "shown": "Map of the place",
    "trail": "Map of the way",
}


def _map(kind: str, **data: str) -> SafeString:
    attributes = {"backdrop": reverse("admin:map-backdrop"), **data}
    shown = SafeString(" ").join(format_html('data-{}="{}"', name, value) for name, value in attributes.items())
    return format_html(
        '<div class="fs-map" data-fs-map="{}" role="application" aria-label="{}" {}></div>',
        kind,
        _NAMES[kind],
        SafeString(shown),
    )


def _named(degrees: str) -> dict[str, str]:
    return {"placeholder": degrees, "aria-label": degrees.capitalize()}


class PlaceWidget(forms.MultiWidget):
    """Latitude and longitude as numbers, and a marker to drag."""

    Media = MapMedia

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        look = {"class": " ".join([*INPUT_CLASSES, "fs-degrees"]), "step": "any", **(attrs or {})}
        widgets: dict[str, forms.Widget | type[forms.Widget]] = {
            "lat": forms.NumberInput({**look, **_named("latitude"), "min": -90, "max": 90}),
            "lng": forms.NumberInput({**look, **_named("longitude"), "min": -180, "max": 180}),
        }
        super().__init__(widgets)

    def decompress(self, value: Any) -> list[float | None]:
        """Return latitude and longitude of a point."""
        return [round(value.y, DIGITS), round(value.x, DIGITS)] if value else [None, None]

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return both inputs with the map below."""
        inputs = super().render(name, value, attrs, renderer)
        return format_html('<div class="fs-place">{}{}</div>', inputs, _map("point"))


class PlaceField(forms.MultiValueField):
    """A point from two numbers of degrees."""

    widget = PlaceWidget

    def __init__(self, **kwargs: Any) -> None:
        bounded = {"required": False}
        fields = (
            forms.FloatField(min_value=-90, max_value=90, **bounded),  # type: ignore[arg-type]
            forms.FloatField(min_value=-180, max_value=180, **bounded),  # type: ignore[arg-type]
        )
        super().__init__(fields, require_all_fields=False, **kwargs)

    def compress(self, data_list: Sequence[float | None]) -> Point | None:
        """Return the point, or nothing where both are empty."""
        if not data_list or all(part is None for part in data_list):
            return None
        lat, lng = data_list
        if lat is None or lng is None or not (math.isfinite(lat) and math.isfinite(lng)):
            raise ValidationError("Give latitude and longitude.", code="incomplete")
        return Point(lng, lat, srid=SRID)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare degrees as they are shown, so that looking at a page moves nothing."""
        before = PlaceWidget().decompress(initial) if isinstance(initial, Point) else [None, None]
        return [str(part) for part in before] != [str(self._number(part)) for part in data or [None, None]]

    def _number(self, text: Any) -> float | None:
        try:
            return round(float(text), DIGITS)
        except (TypeError, ValueError):
            return None if text in ("", None) else math.nan


class AreaWidget(forms.Textarea):
    """One corner a line, `latitude, longitude`, and an area to draw."""

    Media = MapMedia

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": " ".join([*INPUT_CLASSES, "fs-corners"]), "rows": 6, **(attrs or {})})

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return the text with the map below."""
        return format_html(
            '<div class="fs-area">{}{}</div>', super().render(name, value, attrs, renderer), _map("area")
        )


class AreaField(forms.CharField):
    """The corners of an area; the cleaned value is a list of points, the last one joins the first."""

    widget = AreaWidget

    def prepare_value(self, value: Any) -> Any:
        """Return a stored area as text."""
        if isinstance(value, Polygon):
            ring = [*value.exterior_ring][:-1]
            return "\n".join(f"{round(lat, DIGITS)}, {round(lng, DIGITS)}" for lng, lat in ring)
        return value

    def to_python(self, value: Any) -> Any:
        """Return the corners.

        Raises:
            ValidationError: a line is not two numbers of degrees.
        """
        corners = []
        for number, line in enumerate(str(value or "").strip().splitlines(), start=1):
            try:
                lat, lng = (float(part) for part in line.split(","))
            except ValueError as error:
                raise ValidationError(f"Line {number}: expected latitude, longitude.", code="invalid") from error
            if not (abs(lat) <= 90 and abs(lng) <= 180):
                raise ValidationError(f"Line {number}: these degrees are not on Earth.", code="invalid")
            corners.append(Point(lng, lat, srid=SRID))
        return corners

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the corners, however they are written."""
        try:
            before, after = self.to_python(self.prepare_value(initial)), self.to_python(data)
        except ValidationError:
            return True
        return [corner.coords for corner in before] != [corner.coords for corner in after]


def shown_trail(points: Sequence[tuple[float, float, datetime]]) -> SafeString:
    """Return a read-only map of a way: latitude, longitude and local moment of each point, oldest first."""
    way = [[round(lat, DIGITS), round(lng, DIGITS), f"{at:%H:%M:%S}"] for lat, lng, at in points]
    return _map("trail", way=json.dumps(way))


def shown_place(point: Point | None) -> str:
    """Return a read-only map with the point, or a dash."""
    if point is None:
        return "-"
    at = json.dumps([round(point.y, DIGITS), round(point.x, DIGITS)])
    return format_html("{}, {}{}", round(point.y, DIGITS), round(point.x, DIGITS), _map("shown", at=at))
