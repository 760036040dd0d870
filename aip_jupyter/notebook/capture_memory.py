"""What was found out about files before, so that nobody reads them again while they are the same.

One SQLite file in AIP_HOME, for all processes. It only saves time: whatever is wrong with it, the files are
read. What it says of a file holds while size, times and inode are the same, and only if the file was at rest
when it was read: one that was changed within the clock's granularity could be changed again without a trace.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..backends.private import make_private
from .capture_text import Table

State = tuple[str, int, int, int, int]
"""A file: its path inside of its folder ("" for a file by itself), size, mtime and ctime in nanoseconds,
inode."""

REST = 2_000_000_000
"""Nanoseconds for which a file must have been at rest: the coarsest clock of a file system in use (FAT)."""
MAX_BYTES = 256 * 2**20
"""What was used longest ago is forgotten beyond it. A file takes about 100 bytes."""

_DIGEST = 32
"""Bytes of a SHA-256."""
_FORM = 1
"""Raised when what is kept changes its meaning."""
_DAY = 24 * 3600
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS known "
    "(path BLOB PRIMARY KEY, used INTEGER NOT NULL, size INTEGER NOT NULL, found BLOB NOT NULL)"
)

_log = logging.getLogger(__name__)


class Known(Struct, frozen=True, array_like=True):
    """What is known of a file, or of all files of a folder."""

    states: list[State]
    digests: bytes
    """One after the other, in the order of the states."""
    whole: str = ""
    """The digest of the folder; "" when some of its files were not at rest."""
    table: Table | None = None
    """The table in a file, when it was looked at."""

    def by_state(self) -> dict[State, str]:
        """The digest of each file."""
        starts = range(0, len(self.digests), _DIGEST)
        digests = (self.digests[start : start + _DIGEST].hex() for start in starts)
        return dict(zip(self.states, digests, strict=False))


def known_of(
    digests: Iterable[tuple[State, str]], since: int, whole: str = "", table: Table | None = None
) -> Known:
    """What may be kept of files that were read since this time (nanoseconds)."""
    given = list(digests)
    settled = since - REST
    kept = [(state, digest) for state, digest in given if state[2] <= settled and state[3] <= settled]
    return Known(
        [state for state, _ in kept],
        bytes.fromhex("".join(digest for _, digest in kept)),
        whole if len(kept) == len(given) else "",
        table,
    )


class Memory:
    """The file `digests.db` of a home; without a home nothing is known, and nothing kept."""

    def __init__(self, home: Path | None) -> None:
        self._path = None if home is None else home / "digests.db"

    def get(self, path: Path) -> Known | None:
        """What is known of it."""
        key = os.fsencode(os.path.realpath(path))
        with self._opened() as database:
            if database is None:
                return None
            row = database.execute("SELECT used, found FROM known WHERE path = ?", (key,)).fetchone()
            if row is None:
                return None
            if row[0] < time.time() - _DAY:
                database.execute("UPDATE known SET used = ? WHERE path = ?", (int(time.time()), key))
            return _decoded(row[1])
        return None

    def put(self, path: Path, known: Known) -> None:
        """Keep it instead of what was known."""
        key, found = os.fsencode(os.path.realpath(path)), _encoded(known)
        with self._opened() as database:
            if database is None:
                return
            database.execute("DELETE FROM known WHERE path = ?", (key,))
            if not known.states or len(found) > MAX_BYTES:
                return
            now = int(time.time())
            database.execute("INSERT INTO known VALUES (?, ?, ?, ?)", (key, now, len(found), found))
            database.execute(
                "DELETE FROM known WHERE path IN (SELECT path FROM (SELECT path, sum(size) "
                "OVER (ORDER BY used DESC, rowid DESC) AS together FROM known) WHERE together > ?)",
                (MAX_BYTES,),
            )

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection | None]:
        """A transaction, on a connection that no forked child inherits. One that fails is no loss."""
        database = self._connected()
        if database is None:
            yield None
            return
        try:
            with closing(database), database:
                yield database
        except sqlite3.DatabaseError as error:
            self._give_up(error)

    def _connected(self) -> sqlite3.Connection | None:
        if self._path is None:
            return None
        try:
            make_private(self._path.parent)
            return _open(self._path)
        except (sqlite3.DatabaseError, OSError) as error:
            self._give_up(error)
            return None

    def _give_up(self, error: Exception) -> None:
        """A file that is no database, or a damaged one, is begun anew the next time."""
        _log.debug("nothing is known of files: %s", error)
        if self._path is not None and any(sign in str(error) for sign in ("not a database", "malformed")):
            self._path.unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    database = sqlite3.connect(path, timeout=5)
    try:
        if database.execute("PRAGMA user_version").fetchone()[0] != _FORM:
            with database:
                database.execute("BEGIN IMMEDIATE")
                database.execute("DROP TABLE IF EXISTS known")
                database.execute(_SCHEMA)
                database.execute(f"PRAGMA user_version = {_FORM}")
    except BaseException:
        database.close()
        raise
    return database


def _encoded(known: Known) -> bytes:
    try:
        return msgspec.msgpack.encode(known)
    except OverflowError:  # a column has numbers of more than 64 bits
        return msgspec.msgpack.encode(replace(known, table=None))


def _decoded(found: bytes) -> Known | None:
    try:
        return msgspec.msgpack.decode(found, type=Known)
    except msgspec.MsgspecError:
        return None
