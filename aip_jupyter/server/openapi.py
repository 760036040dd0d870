"""The OpenAPI document of our own API, made from the route table.

`python -m aip_jupyter.server.openapi` prints it.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import msgspec
from tornado import web

from .._version import __version__
from ..wire.errors import ErrorBody
from ..wire.requests import path_fields
from ..wire.routes import PREFIX, ROUTES, Route
from .handlers import ApiHandler

_REF = "#/components/schemas/{name}"


@functools.cache
def openapi() -> dict[str, Any]:
    """The document (OpenAPI 3.1)."""
    types = [ErrorBody, *(t for r in ROUTES for t in (r.request, r.reply) if t not in (None, bytes))]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(
            route, schema_of, components
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "aip-jupyter", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _operation(route: Route, schema_of: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    error = {"content": {"application/json": {"schema": schema_of[repr(ErrorBody)]}}}
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "parameters": _parameters(route, components),
        "responses": {
            str(route.status): _reply(route, schema_of),
            "default": {"description": "What went wrong, and what to do", **error},
        },
    }
    if route.stream == "up" or route.raw:
        operation["requestBody"] = {"content": {"application/octet-stream": {}}, "required": True}
    elif route.method == "POST":
        content = {"application/json": {"schema": _body_schema(route, components)}}
        operation["requestBody"] = {"content": content, "required": True}
    return operation


def _properties(route: Route, components: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = components[route.request.__name__].get("properties", {})
    return properties


def _parameters(route: Route, components: dict[str, Any]) -> list[dict[str, Any]]:
    in_path = path_fields(route)
    in_query = route.method != "POST" or route.raw
    required = components[route.request.__name__].get("required", [])
    return [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path or name in required,
            "schema": schema,
        }
        for name, schema in _properties(route, components).items()
        if name in in_path or (in_query and name != route.raw)
    ]


def _body_schema(route: Route, components: dict[str, Any]) -> dict[str, Any]:
    """What is not in the path; those fields may be repeated in the body, the path counts."""
    whole = components[route.request.__name__]
    in_path = set(path_fields(route))
    return {
        "type": "object",
        "properties": {k: v for k, v in whole.get("properties", {}).items() if k not in in_path},
        "required": [name for name in whole.get("required", []) if name not in in_path],
    }


def _reply(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    if route.reply is None:
        return {"description": "Done"}
    if route.reply is bytes:
        return {"description": "The bytes", "content": {"application/octet-stream": {}}}
    return {
        "description": route.summary,
        "content": {"application/json": {"schema": schema_of[repr(route.reply)]}},
    }


class OpenApiHandler(ApiHandler):
    """GET of the document."""

    @web.authenticated
    async def get(self) -> None:
        self.finish(msgspec.json.encode(openapi()))


if __name__ == "__main__":
    print(json.dumps(openapi(), indent=1, sort_keys=True))
