"""What a route of our own API is.

A request's fields come from the path, then the query (GET, DELETE, uploads) or the JSON body (POST).
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from ..domain.access import Right
from ..domain.records import Request

PREFIX = "/aip/v1"
VERSION_HEADER = "X-AIP-Version"
"""Both sides name their version, so that a difference can be told in one line."""

JSON_BODY_LIMIT = 8 * 2**20
"""Bytes of a request body outside streams."""

CHUNK = 4 * 2**20
"""Bytes that cross between the event loop and a thread at once."""


class Route(Struct, frozen=True, kw_only=True):
    """One use case over HTTP."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    """Below PREFIX; `{name}` is a field of the request."""
    operation: str
    """`feature.method` of `services.interface.Services`."""
    request: type[Request]
    reply: Any
    """A type, or None for an empty reply."""
    summary: str
    right: Right
    """What the caller needs."""
    pool: Literal["registry", "storage", "tracking", "datasets", "gpus", "starts", "access", "verifying"] = (
        "registry"
    )
    """Whose threads do the work. `starts` are those for what takes a pool of GPUs long, `verifying` for what
    takes a storage long."""
    raw: str = ""
    """The field of the request that takes the body's bytes as they are; "" when the body is JSON."""
    stream: Literal["", "up", "down", "channels"] = ""
    """`up`: the body is the bytes; `down`: the reply is; `channels`: a websocket, see `wire.channels`."""
    status: int = 200
    body_limit: int = JSON_BODY_LIMIT
    """The most bytes of a JSON body."""
    deadline: float = 0.0
    """Seconds that the work may take; 0: the backend's usual deadline."""
    linked: bool = False
    """Whether a signed address opens it, without any token."""


PROJECT = "/projects/{project}"
"""Where the paths of what belongs to a project begin."""
