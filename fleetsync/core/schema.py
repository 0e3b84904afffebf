"""OpenAPI: shared parts that drf-spectacular cannot see by itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension

from fleetsync.core.ids import PREFIXES


class CoordinatesExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Coordinates are two numbers in degrees."""

    target_class = "fleetsync.core.api.CoordinatesField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the JSON schema."""
        return {
            "type": "object",
            "required": ["lat", "lng"],
            "properties": {
                "lat": {"type": "number", "minimum": -90, "maximum": 90, "example": 39.2904},
                "lng": {"type": "number", "minimum": -180, "maximum": 180, "example": -76.6122},
            },
        }


class PublicIdExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A public id is a text with the prefix of its kind."""

    target_class = "fleetsync.core.api.PublicIdField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the JSON schema, with an id of this kind as the example."""
        return {"type": "string", "example": f"{PREFIXES[self.target.kind]}_01jd6k3v9w8x7y5z4t3s2r1q0p"}


PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "attr": {"type": ["string", "null"]},
                },
            },
        },
    },
}


def declare_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Post-processing hook: every operation may answer a problem document."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {
        "description": "A problem document (RFC 9457); `code` is stable.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path in result.get("paths", {}).values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"].setdefault("default", answer)
    return result
