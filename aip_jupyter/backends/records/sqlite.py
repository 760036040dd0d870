"""Records in one SQLite file, shared by every process on this machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...domain.changes import Change, ChangeEvent
from ...domain.pages import Page
from ...domain.query import Query
from ...domain.system import Capability
from ...errors import Invalid, Unavailable
from ..config import BackendConfig
from ..sql.feed import ChangeFeed
from ..sql.files import identity
from .protocol import R

if TYPE_CHECKING:
    from ..sql.store import SqlStore

_SCHEME = "sqlite:///"

_inherited: list[object] = []
"""Connections of the process that we were forked from. Closing them here could damage the store
(https://www.sqlite.org/howtocorrupt.html, §2.6), so they are kept until this process ends."""


def store_path(config: BackendConfig, seam: str) -> Path:
    """`store.db` of the home, or the file that `sqlite:///<path>` names; relative ones begin at the home."""
    if config.url and not config.url.startswith(_SCHEME):
        raise Invalid(f"{seam}: the address of a SQLite store is sqlite:////absolute/path.db", field=seam)
    return config.home.absolute() / (config.url.removeprefix(_SCHEME) or "store.db")


class SqliteRecords:
    """`RecordBackend` over one file, which several seams may share.

    Nothing is opened before the first operation, which loads SQLAlchemy; `changes_since` does not.
    """

    capabilities: frozenset[Capability] = frozenset(("changes", "transactions"))

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._feed = ChangeFeed(path)
        self._store: SqlStore | None = None
        self._file: tuple[int, int] | None = None
        self._closed = False

    @property
    def location(self) -> str:
        return str(self._path)

    @property
    def feed(self) -> str:
        return f"sqlite {self._path}"

    def get(self, kind: type[R], project: str, id: str) -> R:
        return self._opened().get(kind, project, id)

    def find(self, kind: type[R], project: str, query: Query) -> Page[R]:
        return self._opened().find(kind, project, query)

    def apply(self, changes: Sequence[Change], expect: Mapping[str, int] | None = None) -> None:
        self._opened().apply(changes, expect)

    def changes_since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        self._check_usable()
        return self._feed.since(sequence)

    def check(self) -> str:
        return f"{self._path}: {self._opened().check()}"

    def close(self) -> None:
        with self._lock:
            self._leave_to_parent()
            self._closed = True
            if self._store is not None:
                self._store.close()
                self._store = None
        self._feed.close()

    def _opened(self) -> SqlStore:
        with self._lock:
            self._check_usable()
            if self._store is None or identity(self._path) != self._file:
                self._open()
            assert self._store is not None  # noqa: S101
            return self._store

    def _open(self) -> None:
        """Open the store; again when its file was replaced, or writes would vanish with the old one."""
        from ..sql.migrate import prepare

        if self._store is not None:
            self._store.close()
            self._store = None
        prepare(self._path)
        from ..sql.engine import Database
        from ..sql.store import SqlStore

        self._file = identity(self._path)
        self._store = SqlStore(Database(self._path))

    def _check_usable(self) -> None:
        if self._closed:
            raise Unavailable(f"the store {self._path} was closed; open it again")
        self._leave_to_parent()

    def _leave_to_parent(self) -> None:
        if self._process != os.getpid():
            _inherited.append((self._feed, self._store))
            self._process, self._feed, self._store = os.getpid(), ChangeFeed(self._path), None
