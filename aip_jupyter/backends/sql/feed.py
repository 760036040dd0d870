"""The change feed, read without SQLAlchemy: an idle server asks it ten times a second."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import msgspec

from ...domain.changes import ChangeEvent
from .faults import translated
from .files import SCHEMA_VERSION, connect, identity, schema_version

_SELECT = "SELECT sequence, project, kind, id, action FROM change WHERE sequence > ? ORDER BY sequence"
_FIELDS = ("sequence", "project", "kind", "id", "action")


class ChangeFeed:
    """Watches a store over one connection that never writes, so that it sees every other's commits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._seen = -1
        """The `data_version` at which `_newest` was read."""
        self._newest = 0

    def since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        """The newest sequence number, and what came after `sequence` (nothing for -1).

        Nothing happened yet while there is no store; asking does not make one.
        """
        with self._lock, translated(self._path):
            connection = self._connected()
            if connection is None or not self._refresh(connection):
                return 0, []
            if not 0 <= sequence < self._newest:
                return self._newest, []
            rows = connection.execute(_SELECT, (sequence,)).fetchall()
            events = [msgspec.convert(dict(zip(_FIELDS, row, strict=True)), ChangeEvent) for row in rows]
            # more may have come since _refresh
            return max([self._newest, *(event.sequence for event in events)]), events

    def _connected(self) -> sqlite3.Connection | None:
        file = identity(self._path)
        if file != self._file:
            self._disconnect()
            self._file = file
        if self._connection is None and file is not None:
            self._connection = connect(self._path)
        return self._connection

    def _refresh(self, connection: sqlite3.Connection) -> bool:
        """Read the newest number if anybody wrote since. False while the store is not set up."""
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._seen:
            if schema_version(connection, self._path) < SCHEMA_VERSION:
                return False
            self._newest = connection.execute("SELECT coalesce(max(sequence), 0) FROM change").fetchone()[0]
            self._seen = version
        return True

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._file, self._seen, self._newest = None, None, -1, 0

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            self._disconnect()
