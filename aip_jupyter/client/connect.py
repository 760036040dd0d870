"""The one connection of this process: to a server when there is one, else to the services in process."""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec.structs import replace

from ..backends.process import this_process
from ..domain.system import Nothing
from ..redaction import Hidden
from ..services.interface import Services
from ..services.journal_files import store_of
from ..services.settings import Settings, load_settings, working_folder
from .choice import Choice, get_choice
from .context import Context, get_context
from .discovery import Server, find_server, notebook_server, runtime_folders

_Found = tuple[Settings, Server | None, Context | None]


class Destination(NamedTuple):
    """Where log calls of this process go, as far as it is known without asking anybody."""

    home: Path
    """Whose journals they are put into."""
    project: str
    """"" for the one that is in use where they arrive."""
    store: str
    author: str
    """"" for whom the services take for it."""


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

    @property
    def project(self) -> str:
        """The project in use: what was chosen in this process, else the configured one, else the server's."""
        return get_choice().project or self.first_project

    @functools.cached_property
    def first_project(self) -> str:
        """The one that was in use before any was chosen."""
        chosen = _first(self.settings, self.context)
        return chosen or self.services.system.describe(Nothing()).project

    @property
    def found(self) -> _Found:
        """What it was made from."""
        return self.settings, self.server, self.context

    @property
    def stores(self) -> frozenset[str]:
        """What journals that belong here say of their store."""
        return frozenset((store_of(self.settings),) if self.server is None else self.server.stores)

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


def destination() -> Destination:
    """Where log calls go. Asks nobody, so that a server that is down holds nothing up."""
    settings, server, context = _look()
    store = store_of(settings) if server is None else server.stores[0]
    project = get_choice().project or _first(settings, context)
    return Destination(settings.home, project, store, settings.user)


def disconnect() -> None:
    """Forget the connection and close it."""
    global _current
    with _lock:
        if _current is not None:
            _current.services.close()
        _current = None


def _first(settings: Settings, context: Context | None) -> str:
    """The project in use until another is chosen: in a session the notebook's; "" for the server's."""
    return settings.project if context is None else context.project


def _look() -> _Found:
    settings, context, choice = load_settings(folder=working_folder()), get_context(), get_choice()
    environ = Hidden(os.environ)  # else a traceback that shows variables would show all of it
    folders = runtime_folders(environ)
    if choice.url or choice.token:
        settings = _with_choice(settings, choice)
    if context is None or choice.url:
        return settings, find_server(settings, environ, folders), context
    settings = replace(settings, user=context.user)
    return settings, notebook_server(context.url, context.token, settings, folders), context


def _with_choice(settings: Settings, choice: Choice) -> Settings:
    """The settings with the server that was chosen. A token that stands in its address goes with it."""
    if not choice.url:
        return replace(settings, token=choice.token)
    return replace(
        settings, url=choice.url, token=choice.token or ("" if "token=" in choice.url else settings.token)
    )


def _open(settings: Settings, server: Server | None, context: Context | None) -> Connection:
    if server is not None:
        from .http import HttpServices

        services = HttpServices(server.url, server.token, settings.home)
        return Connection(services, settings, this_process(), server, context)
    from ..services.local import open_platform

    return Connection(open_platform(settings).services(), settings, this_process(), None, context)
