"""The extension itself: configuration, the opened backends, and what runs while the server does."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from jupyter_server.extension.application import ExtensionApp
from msgspec.structs import replace
from traitlets import Float, Int, Unicode

from .._version import __version__
from ..errors import AipError
from ..redaction import keep_secret
from ..services.journal_files import server_store, store_of
from ..services.local import Feed, Platform, open_platform
from ..services.purging import purge
from ..services.recovery import StoreCheck
from ..services.settings import LISTS, SETTINGS, Settings, load_settings
from ..wire.channels import LIMIT
from ..wire.routes import PREFIX, Route
from .adoption import adopt_journals
from .events import SCHEMA_FILE, watch
from .logs import install
from .pool import Pool
from .room import Room
from .routes import check_handlers, make_handlers
from .runtime_file import runtime_file, write_runtime_file
from .traits import BackendName, Names

T = TypeVar("T")

_HELP = {setting.name: f"{setting.help}. Environment: {setting.variable}." for setting in SETTINGS}

STARTS = 16
"""GPU sessions that may be starting or ending at once."""
VERIFYING = 2
"""Uploads that came straight to the store and may be read, to be verified, at once; others wait."""
ROOM = 2 * LIMIT
"""Bytes of large messages to GPU sessions that may be received at once; others wait where they come from."""


class AipApp(ExtensionApp):
    """Models, runs, data and GPU sessions for the notebooks of this server.

    What is not configured here is taken from the environment, then from `.env` in the server's root folder.
    """

    name = "aip_jupyter"
    extension_url = PREFIX
    load_other_extensions = True

    home = Unicode(None, allow_none=True, config=True, help=_HELP["home"])
    project = Unicode(None, allow_none=True, config=True, help=_HELP["project"])
    user = Unicode(None, allow_none=True, config=True, help=_HELP["user"])
    categories = Names(config=True, help=_HELP["categories"])
    registry = BackendName("registry", config=True, help=_HELP["registry"])
    registry_url = Unicode(None, allow_none=True, config=True, help=_HELP["registry_url"])
    storage = BackendName("storage", config=True, help=_HELP["storage"])
    storage_url = Unicode(None, allow_none=True, config=True, help=_HELP["storage_url"])
    tracking = BackendName("tracking", config=True, help=_HELP["tracking"])
    tracking_url = Unicode(None, allow_none=True, config=True, help=_HELP["tracking_url"])
    datasets = BackendName("datasets", config=True, help=_HELP["datasets"])
    datasets_url = Unicode(None, allow_none=True, config=True, help=_HELP["datasets_url"])
    gpus = BackendName("gpus", config=True, help=_HELP["gpus"])
    gpus_url = Unicode(None, allow_none=True, config=True, help=_HELP["gpus_url"])
    access = BackendName("access", config=True, help=_HELP["access"])
    access_url = Unicode(None, allow_none=True, config=True, help=_HELP["access_url"])
    admins = Names(config=True, help=_HELP["admins"])
    session_idle = Float(None, allow_none=True, min=1, config=True, help=_HELP["session_idle"])
    session_grant = Float(None, allow_none=True, min=60, config=True, help=_HELP["session_grant"])
    workers = Int(None, allow_none=True, min=1, config=True, help=_HELP["workers"])
    deadline = Float(None, allow_none=True, min=0.1, config=True, help=_HELP["deadline"])
    garbage_grace = Float(None, allow_none=True, min=1, config=True, help=_HELP["garbage_grace"])

    serverapp: Any  # set before anything here runs
    platform: Platform
    pools: dict[str, Pool]
    watchers: list[tuple[Feed, Pool]]
    channels: dict[object, str]
    """Those of GPU sessions that are open: whose they are."""
    room: Room
    """For the large messages on them."""
    kernel_token: str

    def initialize_settings(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.pools = {}
        self.watchers = []
        self.channels = {}
        self.room = Room(ROOM)
        self.kernel_token = secrets.token_urlsafe(32)
        settings = self._settings()
        self.platform = open_platform(settings, "server", self.serverapp.base_url)
        self.pools = {
            seam: Pool(seam, settings.workers, settings.deadline) for seam, _ in self.platform.seams
        }
        # Sessions that do not come up must not make those wait that are open.
        self.pools["starts"] = Pool("gpus", STARTS, settings.deadline)
        # Large uploads are read once more; meanwhile others go on.
        self.pools["verifying"] = Pool("storage", VERIFYING, settings.deadline)
        # The look at a feed must neither wait behind requests nor make them wait.
        self.watchers = [(feed, Pool("changes", 1, settings.deadline)) for feed in self.platform.feeds]
        self.serverapp.event_logger.register_event_schema(SCHEMA_FILE)

    def initialize_handlers(self) -> None:
        self.handlers.extend(make_handlers(self))
        check_handlers(self.handlers)

    def deadline_of(self, route: Route) -> float:
        """Seconds that this route's work may take."""
        return route.deadline or self.platform.settings.deadline

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run it beside the requests, until it ends or the server does."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        keep_secret(self.kernel_token)
        keep_secret(serverapp.identity_provider.token)
        install(serverapp.log)
        settings = self.platform.settings
        stores = {store_of(settings), server_store(_own_url(serverapp))}
        if not serverapp.sock:
            folder, url = Path(serverapp.runtime_dir), _own_url(serverapp)
            write_runtime_file(folder, url, self.kernel_token, __version__, store_of(settings))
        for feed, pool in self.watchers:
            told = watch(feed, pool, serverapp.event_logger, self.log, discreet=bool(settings.admins))
            self.background(told)
        self.background(self._recover())
        self.background(adopt_journals(self.platform, stores, self.log))

    async def _recover(self) -> None:
        """Undo what a crash cut; a store that does not exist yet has nothing to undo."""
        platform = self.platform
        if not platform.settings.home.exists():
            return
        check = StoreCheck(platform)
        await self._tidied("storage", check.after_a_crash, "registrations that were cut are looked for later")
        for finding in check.findings:
            self.log.info("aip: %s", finding.what)
        purged = await self._tidied("tracking", partial(purge, platform), "what was deleted is purged later")
        for line, _ in purged.told() if purged else ():
            self.log.info("aip: purged %s", line)

    async def _tidied(self, pool: str, work: Callable[[], T], otherwise: str) -> T | None:
        """What came out of this work; None when it failed, which must not keep other work from being done."""
        try:
            return await self.pools[pool].run(work)
        except AipError as error:
            self.log.warning("aip: %s: %s", otherwise, error.message)
        except Exception:  # the outermost guard
            self.log.exception("aip: %s", otherwise)
        return None

    async def stop_extension(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        runtime_file(Path(self.serverapp.runtime_dir), os.getpid()).unlink(missing_ok=True)
        for pool in (*self.pools.values(), *(pool for _, pool in self.watchers)):
            pool.close()
        if self.pools:  # else it never began
            self.platform.close()

    def _settings(self) -> Settings:
        base = load_settings(folder=Path(self.serverapp.root_dir))
        given: dict[str, Any] = {
            setting.name: value
            for setting in SETTINGS
            if (value := getattr(self, setting.name, None)) is not None
        }
        if "home" in given:
            given["home"] = Path(given["home"]).expanduser().absolute()
        given |= {name: tuple(given[name]) for name in LISTS if name in given}
        return replace(base, **given)


def _own_url(serverapp: Any) -> str:
    """The server's address for processes of this machine: a name may not resolve, or lead elsewhere."""
    address = "[::1]" if serverapp.ip == "::" else "127.0.0.1"
    parts = urlsplit(serverapp.connection_url)
    if serverapp.ip in ("", "*", "0.0.0.0", "::"):  # noqa: S104  # compared, not listened on
        parts = parts._replace(netloc=f"{address}:{serverapp.port}")
    return str(parts.geturl())


main: Callable[[], None] = AipApp.launch_instance
"""`jupyter aip`: a Jupyter server with the extension; `jupyter aip --help-all` lists its settings."""

if __name__ == "__main__":
    main()
