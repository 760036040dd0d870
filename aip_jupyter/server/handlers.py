"""The base of all our handlers: who may ask, what a request is made of, how errors are told.

Everything is decided in `prepare`, for every method of every route, before a byte of a body is read.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from jupyter_server.auth import Authorizer, IdentityProvider, User
from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.base.handlers import APIHandler
from tornado import web

from .._version import __version__
from ..domain.access import Right
from ..errors import AipError, Denied, NotFound, Unauthenticated
from ..services.callers import Caller
from ..wire.errors import encode_error
from ..wire.requests import build_request
from ..wire.routes import JSON_BODY_LIMIT, VERSION_HEADER, Route
from .credentials import (
    OwnIdentity,
    came_with_any,
    from_elsewhere,
    identify,
    presented,
    user_of,
    wait_out,
)
from .faults import domain_error
from .roles import RESOURCE, RoleAuthorizer, admitted

if TYPE_CHECKING:
    from .app import AipApp
    from .pool import Pool

_OWN_IDENTITY = OwnIdentity()
_ROLES = RoleAuthorizer()


@web.stream_request_body
class ApiHandler(APIHandler):
    """A handler of `aip`, the resource that a site's Authorizer decides on."""

    auth_resource = RESOURCE
    routes: ClassVar[dict[str, Route]] = {}
    """By HTTP method."""
    token_in_query: ClassVar[bool] = False
    """Whether a token of ours may come as `?token=`: where a client cannot send it otherwise."""

    right: Right
    """What the request needs."""
    project = ""
    """The project in which it needs it; "" outside of projects."""
    caller: Caller
    """Who asks; known once the request is let in."""

    def initialize(self, app: AipApp) -> None:
        self.app = app
        self._body = bytearray()
        self._refused = False
        route = self.routes.get(self.request.method or "")
        self.right = route.right if route else "read"
        # What routes about projects and tokens answer depends on all that the caller may.
        self.needs_all_rights = bool(route and route.pool == "access")
        self.own_user: User | None = None
        self.came = presented(self.request, bool(route and route.linked), self.token_in_query)

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header(VERSION_HEADER, __version__)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")

    async def prepare(self) -> None:  # type: ignore[override]
        arrived = asyncio.get_running_loop().time()
        self.request.connection.set_max_body_size(self.body_limit())  # type: ignore[union-attr]
        try:
            await self.admit()
        except (AipError, web.HTTPError) as error:
            told = self._domain_error(getattr(error, "status_code", 500), error)
            if isinstance(told, Unauthenticated) and came_with_any(self.request, self.came):
                await wait_out(arrived)
            length = self.request.headers.get("Content-Length") or "0"
            if not length.isdecimal() or int(length) > JSON_BODY_LIMIT:
                raise
            self._refuse(error)

    async def admit(self) -> None:
        """Let the request in, or raise."""
        if self.came.form == "basic" and from_elsewhere(self.request):
            raise Denied("a page of another site may not use the password that this browser knows")
        token = await identify(self, self.came)
        if token is not None:
            self.own_user = user_of(token)
        await super().prepare()  # the host that was asked for, who it is, and whether a page sent it
        if self.current_user is None:
            raise web.HTTPError(403)
        self.caller = await admitted(self, token, self.current_user, self.named_project(token))

    def named_project(self, token: Caller | None) -> str:
        """The project that the request names; "" when it is about none."""
        return self.path_kwargs.get("project", "")

    def _refuse(self, error: Exception) -> None:
        """Answer with the error once the body has been read (and dropped).

        Tornado closes the connection when the answer comes before the end of the body; what the client is
        still sending then resets it, and the answer may be lost.
        """

        async def refusal(*path: str, **fields: str) -> None:
            raise error

        self._refused = True
        self.request.connection.set_max_body_size(JSON_BODY_LIMIT)  # type: ignore[union-attr]
        setattr(self, (self.request.method or "get").lower(), refusal)

    def body_limit(self) -> int:
        """The most bytes that the body may have."""
        route = self.routes.get(self.request.method or "")
        return route.body_limit if route else JSON_BODY_LIMIT

    def data_received(self, chunk: bytes) -> Any:
        if not self._refused:
            self._body += chunk

    @property
    def identity_provider(self) -> IdentityProvider:
        """The site's, but for whoever came with a token of ours."""
        return _OWN_IDENTITY if self.own_user is not None else super().identity_provider

    @property
    def authorizer(self) -> Authorizer:
        """The site's own; where it has none, the roles of projects decide."""
        site = super().authorizer
        return _ROLES if type(site) is AllowAllAuthorizer else site

    def route(self) -> Route:
        """The route of this request's method."""
        return self.routes[self.request.method or ""]

    def pool(self) -> Pool:
        """The threads that do this route's work."""
        return self.app.pools[self.route().pool]

    def services(self) -> Any:
        """The use cases, for whoever asks."""
        return self.app.platform.services(self.caller)

    def request_of(self, path: dict[str, str]) -> Any:
        """The route's request struct from path, query and body."""
        return build_request(self.route(), path, self._query(), bytes(self._body))

    def _query(self) -> dict[str, str]:
        arguments = self.request.query_arguments
        return {key: values[-1].decode(errors="replace") for key, values in arguments.items()}

    def reply(self, encoded: bytes) -> None:
        """Send the reply, which is JSON, with the route's status."""
        status = self.route().status
        self.set_status(status)
        self.finish(None if status == 204 else encoded)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error has one form, which `tell` knows."""
        error = self._domain_error(status_code, kwargs.get("exc_info", (None, None, None))[1])
        status = status_code if type(error) is AipError else encode_error(error)[0]
        self.set_status(status)
        self.tell(status, error)

    def tell(self, status: int, error: AipError) -> None:
        """Answer with an error, as `wire.errors.ErrorBody`."""
        if isinstance(error, Unauthenticated):
            self.set_header("WWW-Authenticate", "Bearer")
        self.finish(msgspec.json.encode(encode_error(error)[1]))

    def _domain_error(self, status: int, error: BaseException | None) -> AipError:
        known = getattr(self, "_jupyter_current_user", None) is not None
        return domain_error(status, error, self.request.method or "", known)

    def log_exception(self, kind: Any, value: Any, traceback: Any) -> None:
        """Domain errors are news for the caller, not for the log."""
        if not isinstance(value, AipError):
            super().log_exception(kind, value, traceback)


class JsonHandler(ApiHandler):
    """A use case whose request and reply are JSON."""

    async def answer(self, **path: str) -> None:
        route = self.route()
        feature, _, method = route.operation.partition(".")
        operation = getattr(getattr(self.services(), feature), method)

        def work() -> bytes:
            """Decoding and encoding take their time too, and must not take it from the event loop."""
            return msgspec.json.encode(operation(self.request_of(path)))

        self.reply(await self.pool().run_within(self.app.deadline_of(route), work))


class MissingHandler(ApiHandler):
    """Whatever else is below our prefix: says 404 in our form, to who may know."""

    async def admit(self) -> None:
        await super().admit()
        raise NotFound(f"there is nothing at {self.request.path[:200]}; see openapi.json")
