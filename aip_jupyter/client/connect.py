"""The one connection of this process: to a server when there is one, else to the services in process."""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from ..backends.process import this_process
from ..domain.system import Nothing
from ..services.interface import Services
from ..services.settings import Settings, load_settings
from .context import Context, get_context
from .discovery import Server, find_server, runtime_folders

_Found = tuple[Settings, Server | None, Context | None]


@dataclass(frozen=True)
class Connection:
    """Whom this process talks to."""

    services: Services
    settings: Settings
    holder: str
    """This process' identity, for claims."""
    server: Server | None = None
    """None: the services in this process."""
    context: Context | None = None
    """In a session: the notebook's side, as it was when this was made."""

    @property
    def mode(self) -> Literal["server", "embedded"]:
        """Whether the services are asked over HTTP or run here."""
        return "embedded" if self.server is None else "server"

    @property
    def how(self) -> str:
        """How it was found, in a few words."""
        return "in this process, without a server" if self.server is None else self.server.how

    @property
    def url(self) -> str:
        """The server's base URL; "" when embedded."""
        return "" if self.server is None else self.server.url

    @functools.cached_property
    def project(self) -> str:
        """The project in use: this process' own choice, else the server's."""
        return self.settings.project or self.services.system.describe(Nothing()).project

    @property
    def found(self) -> _Found:
        """What it was made from."""
        return self.settings, self.server, self.context

    @property
    def author(self) -> str | None:
        """Who did it, when the environment says so; else the services decide."""
        return self.settings.user or None


_lock = threading.Lock()
_current: Connection | None = None
_inherited: list[Connection] = []


def _after_fork() -> None:
    """The lock may have been held by a thread that the child does not have."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def connect(*, refresh: bool = False) -> Connection:
    """The connection, made at first use. A forked child makes its own.

    `refresh` looks again; as long as it finds the same, what is under way is not disturbed.
    """
    global _current
    with _lock:
        if _current is not None and _current.holder != this_process():
            # Its sockets and files are the parent's: to let go of them would close them under it.
            _inherited.append(_current)
            _current = None
        if _current is None:
            _current = _open(*_look())
        elif (refresh or get_context() is not _current.context) and (found := _look()) != _current.found:
            _current.services.close()
            _current = _open(*found)
        return _current


def disconnect() -> None:
    """Forget the connection and close it."""
    global _current
    with _lock:
        if _current is not None:
            _current.services.close()
        _current = None


def _look() -> _Found:
    settings, context = load_settings(folder=Path.cwd()), get_context()
    if context is None:
        return settings, find_server(settings, os.environ, runtime_folders(os.environ)), None
    settings = replace(settings, project=context.project, user=context.user)
    how = "the notebook of this session"
    server = Server(url=context.url, token=context.token, how=how) if context.url else None
    return settings, server, context


def _open(settings: Settings, server: Server | None, context: Context | None) -> Connection:
    if server is not None:
        from .http import HttpServices

        services = HttpServices(server.url, server.token)
        return Connection(services, settings, this_process(), server, context)
    from ..services.local import open_platform

    return Connection(open_platform(settings).services(), settings, this_process(), None, context)
