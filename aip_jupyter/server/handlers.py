"""The base of all our handlers: who may ask, what a request is made of, how errors are told.

Everything is decided in `prepare`, for every method of every route, before a byte of a body is read.
"""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from jupyter_core.utils import ensure_async
from jupyter_server.auth import IdentityProvider, User
from jupyter_server.auth.utils import HTTP_METHOD_TO_AUTH_ACTION
from jupyter_server.base.handlers import APIHandler
from tornado import web

from .._version import __version__
from ..errors import AipError, Denied, Invalid, NotFound, Unauthenticated
from ..services.callers import Caller
from ..wire.errors import encode_error
from ..wire.requests import build_request
from ..wire.routes import JSON_BODY_LIMIT, VERSION_HEADER, Route

if TYPE_CHECKING:
    from .app import AipApp
    from .pool import Pool

KERNEL = "aip-kernel"
"""The user name of who comes with our runtime file's token."""


class _KernelIdentity(IdentityProvider):
    """Whoever has the token of the runtime file: a kernel, or another process of the server's owner."""

    def get_user(self, handler: web.RequestHandler) -> User:
        return User(username=KERNEL)

    def is_token_authenticated(self, handler: web.RequestHandler) -> bool:
        return True


_KERNEL_IDENTITY = _KernelIdentity()


@web.stream_request_body
class ApiHandler(APIHandler):
    """A handler of `aip`, the resource that a site's Authorizer decides on."""

    auth_resource = "aip"
    routes: ClassVar[dict[str, Route]] = {}
    """By HTTP method."""

    def initialize(self, app: AipApp) -> None:
        self.app = app
        self._body = bytearray()
        self._refused = False
        self._from_kernel = False

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header(VERSION_HEADER, __version__)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")

    async def prepare(self) -> None:  # type: ignore[override]
        self.request.connection.set_max_body_size(self.body_limit())  # type: ignore[union-attr]
        try:
            await self.admit()
        except (AipError, web.HTTPError) as error:
            length = self.request.headers.get("Content-Length") or "0"
            if not length.isdecimal() or int(length) > JSON_BODY_LIMIT:
                raise
            self._refuse(error)

    async def admit(self) -> None:
        """Let the request in, or raise."""
        self._accept_kernel_token()
        await super().prepare()
        if self.current_user is None:
            raise web.HTTPError(403)
        await self._authorize()

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

    def _accept_kernel_token(self) -> None:
        """The token in our runtime file opens our routes only; every other one is Jupyter's to judge."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in ("token", "bearer"):
            return
        if hmac.compare_digest(token.strip().encode(), self.app.kernel_token.encode()):
            self._from_kernel = True

    @property
    def identity_provider(self) -> IdentityProvider:
        """The site's; but about our own token nobody else has to be asked (JupyterHub's would refuse it)."""
        return _KERNEL_IDENTITY if self._from_kernel else super().identity_provider

    async def _authorize(self) -> None:
        if self._from_kernel:  # may do what its owner may, who has started it
            return
        method = self.request.method or ""
        route = self.routes.get(method)
        action = HTTP_METHOD_TO_AUTH_ACTION.get(method, "execute")
        if route and route.right == "execute":
            action = "execute"
        allowed = await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, action, self.auth_resource)
        )
        if not allowed:
            raise Denied(f"you may not {action} here; ask whoever runs this server for the right")

    def route(self) -> Route:
        """The route of this request's method."""
        return self.routes[self.request.method or ""]

    def pool(self) -> Pool:
        """The threads that do this route's work."""
        return self.app.pools[self.route().pool]

    def services(self) -> Any:
        """The use cases, for whoever asks."""
        return self.app.platform.services(Caller(user=self._known_user()))

    def _known_user(self) -> str:
        """The Jupyter or Hub user; "" when Jupyter made up a name. A kernel works for the Hub's user."""
        user = self.current_user
        if user.username == KERNEL:
            return os.environ.get("JUPYTERHUB_USER", "")
        return "" if user.name.startswith("Anonymous ") else str(user.username)

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
        """Every error as `wire.errors.ErrorBody`."""
        error = self._as_domain_error(status_code, kwargs.get("exc_info", (None, None, None))[1])
        status, body = encode_error(error)
        if type(error) is AipError:
            status = status_code
        if isinstance(error, Unauthenticated):
            self.set_header("WWW-Authenticate", "Bearer")
        self.set_status(status)
        self.finish(msgspec.json.encode(body))

    def _as_domain_error(self, status: int, error: BaseException | None) -> AipError:
        if isinstance(error, AipError):
            return error
        if status in (401, 403) and self.current_user is None:
            return Unauthenticated("no valid token came with the request; log in to Jupyter again")
        if status == 403:
            return Denied("the request was refused; reload the page and try again")
        if status == 404:
            return NotFound("there is nothing at this address")
        if status == 405:
            return AipError(f"{self.request.method} is not possible here; see openapi.json")
        if status == 400:
            return Invalid("the request is damaged; see openapi.json for its form")
        return AipError("the server failed; its log says why")

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
