"""The request of a route, both ways: its struct, and path, query and JSON body."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from ..domain.records import Request
from ..errors import Invalid
from .errors import UNREADABLE
from .routes import Route

_FIELD = re.compile(r"{(\w+)}")
_NOT_OURS = re.compile(r"token|signature|_xsrf|no_track_activity|\d+")
"""Query arguments that say who asks, and those that Jupyter's own clients add."""


def path_fields(route: Route) -> list[str]:
    """The fields of the request that stand in the path."""
    return _FIELD.findall(route.path)


def build_request(route: Route, path: dict[str, str], query: dict[str, str], body: bytes) -> Request:
    """The route's request struct. Raises Invalid naming the field.

    The path wins over the rest, so that what was authorized is what is done.
    """
    known = set(route.request.__struct_fields__)
    values: dict[str, Any] = {k: v for k, v in query.items() if not _NOT_OURS.fullmatch(k)}
    if route.raw:
        values[route.raw] = body
    elif body and not route.stream:
        values.update(_decode_body(body))
    if unknown := sorted(values.keys() - known):
        raise Invalid(
            f"{unknown[0][:80]}: unknown field; this route has {', '.join(sorted(known))}",
            field=unknown[0][:80],
        )
    values.update(path)
    has_types = bool(body) and not route.stream and not route.raw
    try:
        # Queries are text, so numbers in them are converted; a body has types of its own.
        request: Request = msgspec.convert(values, route.request, strict=has_types)
        return request
    except msgspec.ValidationError as error:
        raise _invalid(error) from error


def _decode_body(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except UNREADABLE as error:
        raise Invalid("body: must be a JSON object; see openapi.json", field="body") from error


def _invalid(error: msgspec.ValidationError) -> Invalid:
    """msgspec says `Expected int, got str - at $.limit`: the path names the field."""
    text = str(error)
    match = re.search(r"at `\$\.?(\w*)", text) or re.search(r"required field `(\w+)`", text)
    field = match[1] if match and match[1] else "request"
    return Invalid(f"{field}: {text.split(' - at')[0].lower()}", field=field)


def split_request(route: Route, request: Request) -> tuple[str, dict[str, Any]]:
    """The path, filled in, and the other fields that differ from their defaults; not what is the body."""
    in_path = path_fields(route)
    for name in in_path:
        if getattr(request, name) in (".", ".."):  # RFC 3986 §5.2.4: would lead to another route
            raise Invalid(f"{name}: {getattr(request, name)!r} cannot be part of an address", field=name)
    path = _FIELD.sub(lambda match: quote(str(getattr(request, match[1])), safe=""), route.path)
    without_body = replace(request, **{route.raw: b""}) if route.raw else request
    values: dict[str, Any] = msgspec.to_builtins(without_body)
    elsewhere = {*in_path, route.raw}
    return path, {name: value for name, value in values.items() if name not in elsewhere}
