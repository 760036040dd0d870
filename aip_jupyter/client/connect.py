"""The one connection of this process: to a server when there is one, else to the services in process."""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..domain.system import Nothing
from ..services.interface import Services
from ..services.process import this_process
from ..services.settings import Settings, load_settings
from .discovery import Server, find_server, runtime_folders


@dataclass(frozen=True)
class Connection:
    """Whom this process talks to."""

    services: Services
    settings: Settings
    mode: Literal["server", "embedded"]
    how: str
    """How it was found, in a few words."""
    holder: str
    """This process' identity, for claims."""
    url: str = ""
    """The server's base URL; "" when embedded."""

    @functools.cached_property
    def project(self) -> str:
        """The project in use: this process' own choice, else the server's."""
        return self.settings.project or self.services.system.describe(Nothing()).project

    @property
    def author(self) -> str | None:
        """Who did it, when the environment says so; else the services decide."""
        return self.settings.user or None


_lock = threading.Lock()
_current: Connection | None = None


def connect(*, refresh: bool = False) -> Connection:
    """The connection, made at first use; `refresh` looks again. A forked child makes its own."""
    global _current
    with _lock:
        if _current is not None and _current.holder != this_process():
            _current = None  # inherited through a fork: its sockets and locks are the parent's
        if _current is not None and refresh:
            _current.services.close()
            _current = None
        if _current is None:
            _current = _connect()
        return _current


def disconnect() -> None:
    """Forget the connection and close it."""
    global _current
    with _lock:
        if _current is not None:
            _current.services.close()
        _current = None


def _connect() -> Connection:
    settings = load_settings(folder=Path.cwd())
    server = find_server(settings, os.environ, runtime_folders(os.environ))
    return _embedded(settings) if server is None else _remote(settings, server)


def _remote(settings: Settings, server: Server) -> Connection:
    from .http import HttpServices

    services = HttpServices(server.url, server.token)
    return Connection(services, settings, "server", server.how, this_process(), server.url)


def _embedded(settings: Settings) -> Connection:
    from ..services.local import open_platform

    services = open_platform(settings).services()
    return Connection(services, settings, "embedded", "in this process, without a server", this_process())
