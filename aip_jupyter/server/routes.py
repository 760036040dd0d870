"""Handlers made from the route table: one class per path, one method per route."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tornado import web

from ..wire.compatible import PROTOCOLS
from ..wire.routes import PREFIX, ROUTES, Route
from .channels import ChannelsHandler
from .compatible import NotServedHandler
from .handlers import ApiHandler, JsonHandler, MissingHandler
from .openapi import OpenApiHandler
from .transfer import DownloadHandler, UploadHandler

if TYPE_CHECKING:
    from .app import AipApp

_BASES: dict[str, type[ApiHandler]] = {
    "": JsonHandler,
    "up": UploadHandler,
    "down": DownloadHandler,
    "channels": ChannelsHandler,
}


def make_handlers(app: AipApp) -> list[tuple[str, type[ApiHandler], dict[str, Any]]]:
    """The (pattern, handler, arguments) of all our routes, and of everything else below the prefix."""
    by_path: defaultdict[str, list[Route]] = defaultdict(list)
    for route in ROUTES:
        by_path[route.path].append(route)
    handlers = [(_pattern(path), _handler(routes), {"app": app}) for path, routes in by_path.items()]
    handlers.append((rf"{PREFIX}/openapi\.json", OpenApiHandler, {"app": app}))
    for protocol in PROTOCOLS:
        handler = type(f"{protocol.title()}Handler", (NotServedHandler,), {"protocol": protocol})
        handlers.append((rf"/aip(?:/p/(?P<project>[^/]*))?/{protocol}(?:/.*)?", handler, {"app": app}))
    handlers.append((r"/aip(?:/.*)?", MissingHandler, {"app": app}))
    return handlers


def check_handlers(handlers: Iterable[tuple[Any, ...]]) -> None:
    """Refuse to serve what would not ask who is there: all of ours do that in one place."""
    for pattern, handler, *_ in handlers:
        if not (isinstance(handler, type) and issubclass(handler, ApiHandler)):
            raise TypeError(f"{pattern}: {handler!r} is no ApiHandler, so nothing would guard it")


def _pattern(path: str) -> str:
    return PREFIX + re.sub(r"{(\w+)}", r"(?P<\1>[^/]*)", path)


def _handler(routes: list[Route]) -> type[ApiHandler]:
    base = _BASES[routes[0].stream]
    verbs = {route.method.lower(): _verb for route in routes}
    name = "".join(part.title() for part in re.findall(r"\w+", routes[0].path)) + "Handler"
    return type(name, (base,), {**verbs, "routes": {route.method: route for route in routes}})


@web.authenticated
async def _verb(self: Any, **path: str) -> None:
    await self.answer(**path)
