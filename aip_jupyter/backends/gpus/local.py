"""The GPUs of this machine, and sessions on them, each with an agent that outlives whoever started it."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...domain.changes import ChangeEvent
from ...domain.sessions import CPU, GpuOffer, Grant, Session, StartSession
from ...domain.system import Capability
from ...errors import Conflict, NotFound, SessionDied
from ...wire.agent import Answer, Order
from ..config import BackendConfig
from ..private import make_private
from . import agents, control, locks
from .feed import SessionFeed
from .folders import SessionFolder
from .leases import Leases
from .nvml import Device, list_devices
from .remains import output_of
from .spec import check_request, new_session, new_spec

_ID = re.compile(r"[0-9a-f]{32}")


def open_gpus(config: BackendConfig) -> LocalPool:
    """The pool of this machine. The address may be a folder for leases that several users share."""
    return LocalPool(config)


class LocalPool:
    """`GpuBackend` of this machine. `devices` are its GPUs; NVML is asked when they are not given."""

    capabilities: frozenset[Capability] = frozenset(("sessions", "changes"))

    def __init__(self, config: BackendConfig, devices: Sequence[Device] | None = None) -> None:
        self._config = config
        self._devices = devices
        self._folder = config.home / "sessions"
        self._feed = SessionFeed(self._folder)

    @property
    def location(self) -> str:
        return f"this machine ({socket.gethostname()})"

    @property
    def feed(self) -> str:
        return f"sessions of {self._folder}"

    def offers(self) -> list[GpuOffer]:
        return self._leases.offers()

    def start(self, request: StartSession, gpu: str) -> Grant:
        check_request(request)
        folder = SessionFolder(self._folder / request.id)
        process = self._launch(folder, request, gpu)
        with contextlib.ExitStack() as undo:
            if process is not None:
                undo.callback(agents.abandon, folder, process)  # also when a person would not wait
            grant = agents.wait_for(folder, request.name)
            undo.pop_all()
        return grant

    def sessions(self) -> list[Session]:
        found = []
        for folder in self._folders():
            if not folder.is_alive():
                folder.bury()
            with contextlib.suppress(NotFound):  # removed meanwhile
                found.append(folder.record().session)
        return found

    def grant(self, id: str) -> Grant:
        return agents.grant_of(self._session(id).living())

    def ask(self, id: str, order: Order) -> Answer:
        folder = self._session(id)
        try:
            living = folder.living()
        except SessionDied:
            if order.do != "output":
                raise
            return output_of(folder.path, folder.record().session, order)
        return control.order(living.control, order)

    def stop(self, id: str) -> list[str]:
        try:
            return agents.stop(self._session(id))
        except NotFound:
            return []

    def changes_since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        return self._feed.changes_since(sequence)

    def check(self) -> str:
        gpus = ", ".join(offer.label for offer in self.offers()) or "no GPU, the CPU stands in"
        living = sum(session.state != "dead" for session in self.sessions())
        return f"{gpus}; {living} session{'' if living == 1 else 's'}"

    def close(self) -> None:
        """Nothing is held."""

    @functools.cached_property
    def _leases(self) -> Leases:
        """Made at the first use: to ask NVML loads the driver's library."""
        folder = Path(self._config.url).expanduser() if self._config.url else self._config.home / "gpus"
        return Leases(folder, list_devices() if self._devices is None else self._devices)

    def _launch(
        self, folder: SessionFolder, request: StartSession, gpu: str
    ) -> subprocess.Popen[bytes] | None:
        """Start the agent; None when there is a session of this id."""
        make_private(self._folder)
        with contextlib.ExitStack() as held:
            with locks.one_at_a_time(self._folder / ".lock"):
                if folder.path.exists():
                    return None
                self._refuse_taken(request)
                devices, inherited = list[Device](), list[int]()
                if gpu != CPU:
                    devices, inherited = self._leases.take(gpu, request.count, request.fraction)
                    for lease in inherited:
                        held.callback(os.close, lease)
                session = new_session(request, gpu, devices)
                has_gpus = bool(self._leases.devices)
                spec = new_spec(request, session, self._config.session_idle, has_gpus=has_gpus)
                inherited.append(folder.make(spec))
                held.callback(os.close, inherited[-1])
            return agents.launch(folder, inherited)

    def _refuse_taken(self, request: StartSession) -> None:
        for session in self.sessions():
            same = (session.project, session.name) == (request.project, request.name)
            if same and session.state != "dead":
                message = f"session: the name {request.name!r} is taken; choose another"
                raise Conflict(message, field="session")

    def _session(self, id: str) -> SessionFolder:
        folder = SessionFolder(self._folder / id)
        if not _ID.fullmatch(id) or not folder.path.exists():
            raise NotFound(f"session: there is none with the id {id[:80]!r}", field="session")
        return folder

    def _folders(self) -> Iterator[SessionFolder]:
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return
        yield from (SessionFolder(self._folder / name) for name in names if _ID.fullmatch(name))
