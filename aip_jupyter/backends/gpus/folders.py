"""The folder of a session, `sessions/<id>/` of the home, whose lock lives as long as the session's agent.

The record is at first the pool's own, `starting`; the agent replaces it by its own. When nobody holds the
lock any more the session is dead, and whoever sees that first takes away what it left, the keys at once.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from ...domain.records import now_ms
from ...errors import Conflict, NotFound, SessionDied
from ...wire.agent import OUTPUT, RECORD, SPEC, AgentRecord, AgentSpec
from ...wire.errors import UNREADABLE
from . import locks
from .processes import end_group

LOG = "agent.log"
LOCK = "lock"

REMEMBERED = 600.0
"""Seconds for which a dead session is still told of."""


class Signature(NamedTuple):
    """What tells a record from the one before it."""

    time: float
    inode: int
    alive: bool


def signature(path: str) -> Signature | None:
    """Changes whenever the record in this folder does, and when the agent ends; None without a record."""
    try:
        found = os.stat(f"{path}/{RECORD}")
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Signature(found.st_mtime, found.st_ino, locks.is_held(f"{path}/{LOCK}"))


class SessionFolder:
    """One session's files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = path / LOCK

    def make(self, spec: AgentSpec) -> int:
        """Write what the agent is to find; the descriptor of the lock. There must be no such folder yet.

        It appears at once with its record and its lock: one without them is what a crash left.
        """
        draft = SessionFolder(self.path.with_name(f".{self.path.name}"))
        shutil.rmtree(draft.path, ignore_errors=True)
        draft.path.mkdir(mode=0o700)
        held = locks.hold(draft.path / LOCK)
        if held is None:
            raise Conflict(f"session: {spec.session.id} is being started by somebody else", field="id")
        draft._write(SPEC, spec)
        draft._write(RECORD, AgentRecord(session=spec.session, agent=""))
        draft.path.rename(self.path)
        return held

    def record(self) -> AgentRecord:
        """What is known of it. NotFound."""
        try:
            return msgspec.json.decode((self.path / RECORD).read_bytes(), type=AgentRecord)
        except (FileNotFoundError, *UNREADABLE) as error:
            message = f"session: there is none with the id {self.path.name!r}"
            raise NotFound(message, field="session") from error

    def living(self) -> AgentRecord:
        """The record of a living session. NotFound, SessionDied."""
        record = self.record()
        if record.session.state != "dead" and self.is_alive():
            return record
        self.bury()
        session = self.record().session
        raise SessionDied(f"session: {session.name!r} has ended: {session.reason}", field="session")

    def is_alive(self) -> bool:
        """Whether its agent lives, or whoever is about to start it."""
        return locks.is_held(self._lock)

    def bury(self) -> None:
        """Once its agent is gone: end a kernel that it left, remove the keys, and after a while the rest."""
        with contextlib.suppress(FileNotFoundError):  # somebody else has removed it meanwhile
            held = locks.hold(self._lock)
            if held is None:  # it lives, or somebody else is at it
                return
            try:
                self._bury(self.record())
            except NotFound:
                self.remove()
            finally:
                os.close(held)

    def _bury(self, record: AgentRecord) -> None:
        if record.session.state != "dead" or record.connection or record.control:
            end_group(record.kernel)
            for path in self.path.iterdir():
                if path.name not in (RECORD, LOG, LOCK) and not path.name.startswith(OUTPUT):
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            self._write(RECORD, _dead(record))
        elif time.time() - (self.path / RECORD).stat().st_mtime > REMEMBERED:
            self.remove()

    def remove(self) -> None:
        """Remove all of it, the record first: without one it is no session any more."""
        (self.path / RECORD).unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def last_words(self) -> str:
        """The last line of the agent's log."""
        try:
            lines = (self.path / LOG).read_text(errors="replace").strip().splitlines()
        except FileNotFoundError:
            return ""
        return lines[-1].strip()[:300] if lines else ""

    def _write(self, name: str, content: AgentSpec | AgentRecord) -> None:
        temporary = self.path / f".{name}.{os.getpid()}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(msgspec.json.encode(content))
        temporary.replace(self.path / name)


def _dead(record: AgentRecord) -> AgentRecord:
    session = record.session
    if session.state != "dead":
        session = replace(session, state="dead", reason="its agent was killed", active=now_ms())
    return replace(record, session=session, kernel="", connection={}, control={})
