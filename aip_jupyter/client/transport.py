"""One connection to one server, and how a use case is asked over it: by the route table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import msgspec

from ..backends.storage.protocol import Progress
from ..errors import Unavailable
from ..redaction import keep_secret
from ..services.blobs import write_verified
from ..wire.errors import UNREADABLE, decode_error
from ..wire.requests import split_request
from ..wire.routes import CHUNK, PREFIX, ROUTES, Route

ROUTE_OF = {route.operation: route for route in ROUTES}
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)


class Transport:
    """One connection pool to one server."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        keep_secret(token)
        # No proxies from the environment: a token for a local server must not travel through one.
        self._http = httpx.Client(
            base_url=self.url + PREFIX,
            timeout=_TIMEOUT,
            trust_env=False,
            verify=self.url.startswith("https:"),
        )
        if token:
            self._http.headers["Authorization"] = f"Bearer {token}"

    def call(self, operation: str, request: Any) -> Any:
        """The reply's value. Raises what the far side raised, or Unavailable."""
        route = ROUTE_OF[operation]
        path, fields = split_request(route, request)
        if route.raw:
            reply = self.send(route, path, params=fields, content=getattr(request, route.raw))
        elif route.method == "POST":
            reply = self.send(route, path, content=msgspec.json.encode(fields))
        else:
            reply = self.send(route, path, params=fields)
        return None if route.reply is None else self.decode(reply, route.reply)

    def send(self, route: Route, path: str, **how: Any) -> httpx.Response:
        """One request; the reply is read whole."""
        timeout = httpx.Timeout(route.deadline + 60.0, connect=5.0) if route.deadline else _TIMEOUT
        try:
            reply = self._http.request(route.method, path, timeout=timeout, **how)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None  # whose frames hold the headers
        self._check(reply)
        return reply

    def stream(self, route: Route, path: str, target: Path, digest: str, progress: Progress | None) -> Path:
        """Write the reply's bytes to `target`, verified."""
        try:
            with self._http.stream(route.method, path) as reply:
                if reply.is_error or reply.is_redirect:
                    reply.read()
                self._check(reply)
                return write_verified(reply.iter_bytes(CHUNK), digest, target, progress)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None  # whose frames hold the headers

    def _check(self, reply: httpx.Response) -> None:
        if reply.is_error or reply.is_redirect:
            raise decode_error(reply.status_code, reply.content)

    def decode(self, reply: httpx.Response, type: Any) -> Any:
        """The reply's value. Unavailable when it is not ours."""
        try:
            return msgspec.json.decode(reply.content, type=type)
        except UNREADABLE as error:
            message = f"{self.url} answered what aip-jupyter does not; is it a server of this version?"
            raise Unavailable(message) from error

    def _unreachable(self, error: httpx.HTTPError) -> Unavailable:
        what = type(error).__name__
        return Unavailable(f"the server at {self.url} does not answer ({what}); is it running? See %aip")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
