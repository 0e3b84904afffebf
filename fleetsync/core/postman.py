"""A Postman collection (v2.1) made from the OpenAPI document: a folder a tag, a request an operation."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

METHODS: Final = ("get", "post", "put", "patch", "delete")
SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
#: Whoever logs in, registers or refreshes has the token in all later requests.
KEEP_TOKEN: Final = [
    "const body = pm.response.code < 300 ? pm.response.json() : {};",
    'if (body.access) pm.collectionVariables.set("access", body.access);',
    'if (body.refresh) pm.collectionVariables.set("refresh", body.refresh);',
]
DEEPEST: Final = 8

Json = dict[str, Any]


def openapi() -> Json:
    """Return the OpenAPI document of the whole product as plain JSON."""
    made: Json = json.loads(OpenApiJsonRenderer().render(SchemaGenerator().get_schema(public=True)))  # type: ignore[no-untyped-call]
    return made


def collection(document: Json) -> Json:
    """Return the collection; the same document gives the same collection."""
    folders: dict[str, list[Json]] = {}
    for path, method, operation in _operations(document):
        tag = (operation.get("tags") or ["other"])[0]
        folders.setdefault(tag, []).append(_request(document, path, method, operation))
    return {
        "info": {
            "name": document["info"]["title"],
            "description": "Made from the OpenAPI document. Set `base_url`, then log in: the token goes along from there.",
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{access}}", "type": "string"}]},
        "variable": [
            {"key": "base_url", "value": "http://127.0.0.1:8000"},
            {"key": "access", "value": ""},
            {"key": "refresh", "value": ""},
        ],
        "item": [{"name": tag, "item": folders[tag]} for tag in sorted(folders)],
    }


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path in sorted(document["paths"]):
        for method in METHODS:
            if method in document["paths"][path]:
                yield path, method, document["paths"][path][method]


def _request(document: Json, path: str, method: str, operation: Json) -> Json:
    parameters = operation.get("parameters", [])
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    headers = [{"key": "Accept", "value": "application/json"}]
    if body is not None:
        headers.append({"key": "Content-Type", "value": "application/json"})
    headers += [
        {"key": each["name"], "value": "{{$guid}}", "description": each.get("description", "")}
        for each in parameters
        if each["in"] == "header"
    ]
    request: Json = {
        "method": method.upper(),
        "header": headers,
        "url": _url(document, path, parameters),
        "description": operation.get("description", ""),
    }
    if body is not None:
        text = json.dumps(example(document, body.get("schema", {})), indent=2, ensure_ascii=False)
        request["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    if not operation.get("security") or {} in operation["security"]:
        request["auth"] = {"type": "noauth"}
    item: Json = {"name": operation.get("summary") or operation["operationId"], "request": request, "response": []}
    if path.endswith(("/auth/login", "/auth/register", "/auth/refresh", "/invitations/accept")):
        item["event"] = [{"listen": "test", "script": {"type": "text/javascript", "exec": KEEP_TOKEN}}]
    return item


def _url(document: Json, path: str, parameters: Sequence[Json]) -> Json:
    parts = [f":{part[1:-1]}" if part.startswith("{") else part for part in path.strip("/").split("/")]
    query = [
        {
            "key": each["name"],
            "value": str(each.get("example", "")),
            "description": each.get("description", ""),
            "disabled": not each.get("required", False),
        }
        for each in parameters
        if each["in"] == "query"
    ]
    url: Json = {"raw": "{{base_url}}/" + "/".join(parts), "host": ["{{base_url}}"], "path": parts}
    if query:
        url["query"] = query
    variables = [
        {"key": each["name"], "value": str(example(document, each.get("schema", {})))}
        for each in parameters
        if each["in"] == "path"
    ]
    if variables:
        url["variable"] = variables
    return url


def example(document: Json, schema: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a value of this schema that could be sent: examples and defaults first, read-only left out."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example(document, document["components"]["schemas"][name], depth + 1) if depth < DEEPEST else None
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("allOf", "oneOf", "anyOf"):
        if schema.get(key):
            return example(document, schema[key][0], depth)
    return _by_type(document, schema, depth)


def _by_type(document: Json, schema: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), None)
    if kind == "object" or "properties" in schema:
        return {
            name: example(document, inner, depth)
            for name, inner in schema.get("properties", {}).items()
            if not inner.get("readOnly")
        }
    if kind == "array":
        return [example(document, schema.get("items", {}), depth)]
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    if kind == "boolean":
        return False
    return _TEXTS.get(schema.get("format", ""), "")


_TEXTS: Final = {
    "date-time": "2026-03-06T18:00:00Z",
    "date": "2026-03-06",
    "time": "18:00:00",
    "email": "ada@fleetsync.example",
    "uuid": "00000000-0000-0000-0000-000000000000",
}
