"""One connection to one server, and how a use case is asked over it: by the route table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec

from ..errors import Unavailable
from ..redaction import keep_secret
from ..wire.errors import UNREADABLE, decode_error
from ..wire.ranges import entity_tag
from ..wire.requests import split_request
from ..wire.routes import CHUNK, PREFIX, ROUTES, Route
from .downloading import Cut, Source

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

    def source(self, route: Route, path: str, digest: str) -> Source:
        """Gives the reply's bytes from a place on, for `downloading.fetch`."""
        return lambda start: self._from(route, path, digest, start)

    def head(self, route: Route, path: str, count: int) -> bytes:
        """The first bytes of the reply."""
        try:
            with self._http.stream(route.method, path, headers={"Range": f"bytes=0-{count - 1}"}) as reply:
                self._check_stream(reply)
                found = b""
                for block in reply.iter_bytes(CHUNK):
                    found += block
                    if len(found) >= count:
                        break
                return found[:count]
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None  # whose frames hold the headers

    @contextmanager
    def _from(
        self, route: Route, path: str, digest: str, start: int
    ) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The reply's bytes from this place on, if it is still the same content; else all of them."""
        headers = {"Range": f"bytes={start}-", "If-Range": entity_tag(digest)} if start else {}
        try:
            with self._http.stream(route.method, path, headers=headers) as reply:
                if start and reply.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                    yield 0, iter(())  # what has arrived is longer: it is of something else
                    return
                self._check_stream(reply)
                is_part = reply.status_code == httpx.codes.PARTIAL_CONTENT
                yield (start if is_part else 0), reply.iter_bytes()  # in larger pieces, what is cut is lost
        except httpx.HTTPError as error:
            nobody = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
            raise Cut(self._unreachable(error), nobody=nobody) from None  # whose frames hold the headers

    def _check_stream(self, reply: httpx.Response) -> None:
        if reply.is_error or reply.is_redirect:
            reply.read()
        self._check(reply)

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
