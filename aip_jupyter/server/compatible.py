"""The base of all handlers that speak the protocols of others: below `/aip/<protocol>/…` for the default
project or the token's own, and below `/aip/p/{project}/<protocol>/…`.

Who may ask is decided as for our own API. An answer is never a redirect, and leaves no cookie.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from ..domain.records import DEFAULT_PROJECT
from ..errors import AipError, NotFound, Unauthenticated
from ..services.callers import Caller
from ..wire.compatible import Asked, spell_error
from .handlers import ApiHandler


class CompatibleHandler(ApiHandler):
    """A handler for the clients of another system, whose errors it tells in their words."""

    protocol: ClassVar[str] = ""

    async def admit(self) -> None:
        if self.came.form:
            # A key that is wrong stays wrong, also where somebody has logged in.
            self.request.headers.pop("Cookie", None)
        await super().admit()

    def named_project(self, token: Caller | None) -> str:
        """The project of the address; without one the token's own, or the server's default."""
        default = self.app.platform.settings.project or DEFAULT_PROJECT
        return self.path_kwargs.get("project") or (token.project if token else "") or default

    def below(self) -> str:
        """The path below the protocol's prefix, with the slash."""
        return re.sub(rf"^.*?/aip(/p/[^/]*)?/{self.protocol}", "", self.request.path)

    def tell(self, status: int, error: AipError) -> None:
        told = spell_error(self.protocol, error, status, Asked(self.below(), self.came.form))
        self.set_status(told.status, told.reason)
        if isinstance(error, Unauthenticated):
            self.set_header("WWW-Authenticate", told.challenge)
        self.finish(told.body, set_content_type=told.content_type)

    def set_cookie(self, *args: Any, **kwargs: Any) -> None:
        """None: these clients send their key each time, and a cookie would outlive it."""


class NotServedHandler(CompatibleHandler):
    """What of a protocol this server does not serve: says so in its words, to who may know."""

    async def admit(self) -> None:
        await super().admit()
        raise NotFound(f"this server does not serve {self.below()[:200] or '/'} of {self.protocol} yet")
