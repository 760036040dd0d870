"""Downloaded files that are kept by their digests, for when the store cannot be reached, and what they were.

`cache/` of the home (0700): the files, under their SHA-256, and `names.db`, which says what they are called
in which run. It only saves time: whatever is wrong with it, nothing is found there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from ..backends.private import make_private
from ..backends.storage.local_copy import copy
from ..domain.artifacts import Artifact
from ..domain.names import check_digest

ROOM = 0.9
"""How much of the limit is used after the oldest were removed."""
MAX_NAMES = 200_000
"""Records that are remembered; those seen longest ago are forgotten."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs
    (place TEXT, spelled TEXT, run TEXT, PRIMARY KEY (place, spelled));
CREATE TABLE IF NOT EXISTS artifacts
    (place TEXT, run TEXT, path TEXT, found BLOB, PRIMARY KEY (place, run, path));
"""
_log = logging.getLogger(__name__)


class Cache:
    """The cache of one home; `limit` in bytes, 0 to keep nothing."""

    def __init__(self, home: Path, limit: float) -> None:
        self._folder = home / "cache"
        self._limit = limit
        self._lock = threading.Lock()
        self._added = limit
        """Bytes since it was last looked how much there is: more than is looked away from, at first."""

    def find(self, digest: str) -> Path | None:
        """The file with this content, as far as anybody knows: whoever reads it verifies it."""
        if not self._limit:
            return None
        path = self._folder / check_digest(digest, "digest")
        try:
            os.utime(path)  # it is used
        except OSError:
            return None
        return path

    def put(self, digest: str, source: Path) -> None:
        """Keep a copy, by reflink where the disk has it; those used longest ago make room."""
        size = source.stat().st_size
        if size > self._limit * ROOM or not self._limit:
            return
        path = self._folder / check_digest(digest, "digest")
        new = path.with_name(f"new-{uuid.uuid4().hex}")
        try:
            make_private(self._folder)
            if path.exists():
                return
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
            with source.open("rb") as file, open(os.open(new, flags, 0o600), "r+b") as out:
                copy(file.fileno(), out.fileno())
            os.replace(new, path)
            self._make_room(size)
        except OSError as error:
            _log.debug("not kept in the cache: %s", error)
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)

    def drop(self, digest: str) -> None:
        """Forget a file that is damaged."""
        with contextlib.suppress(OSError):
            (self._folder / check_digest(digest, "digest")).unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        with self._lock:
            self._added += size
            if self._added < self._limit * (1 - ROOM):
                return
            self._added = 0
            found = [(entry.stat(), entry.path) for entry in os.scandir(self._folder) if _is_file(entry)]
        total = sum(state.st_size for state, _ in found)
        if total <= self._limit:
            return
        for state, path in sorted(found, key=lambda each: each[0].st_mtime_ns):
            if total <= self._limit * ROOM:
                return
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            total -= state.st_size

    def remember(self, place: str, spelled: str, artifacts: Iterable[Artifact], *, whole: bool) -> None:
        """What a run, as it was spelled, has in this store and project: some of it, or the whole."""
        if not self._limit:
            return
        rows = [(place, each.owner_id, each.path, msgspec.msgpack.encode(each)) for each in artifacts]
        with self._names() as names:
            if names is None or not rows:
                return
            run = rows[0][1]
            names.executemany(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", [(place, s, run) for s in (spelled, run)]
            )
            if whole:
                names.execute("DELETE FROM artifacts WHERE place = ? AND run = ?", (place, run))
            names.executemany("INSERT OR REPLACE INTO artifacts VALUES (?, ?, ?, ?)", rows)
            names.execute(
                "DELETE FROM artifacts WHERE rowid <= (SELECT max(rowid) FROM artifacts) - ?", (MAX_NAMES,)
            )

    def recall(self, place: str, spelled: str) -> list[Artifact]:
        """What is known of a run, by path."""
        with self._names() as names:
            if names is None:
                return []
            found = names.execute(
                "SELECT found FROM artifacts NATURAL JOIN runs WHERE place = ? AND spelled = ? ORDER BY path",
                (place, spelled),
            ).fetchall()
            return [msgspec.msgpack.decode(row[0], type=Artifact) for row in found]
        return []

    @contextlib.contextmanager
    def _names(self) -> Iterator[sqlite3.Connection | None]:
        """A transaction; None where there is no such file and cannot be one. One that fails is no loss."""
        opened = self._opened()
        if opened is None:
            yield None
            return
        try:
            with closing(opened), opened:
                yield opened
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            self._give_up(error)

    def _opened(self) -> sqlite3.Connection | None:
        path = self._folder / "names.db"
        try:
            make_private(self._folder)
            path.touch(mode=0o600)
            opened = sqlite3.connect(path, timeout=5)
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)
            return None
        try:
            opened.executescript(_SCHEMA)
        except sqlite3.Error as error:
            opened.close()
            self._give_up(error)
            return None
        return opened

    def _give_up(self, error: Exception) -> None:
        """A file that is no database, or a damaged one, is begun anew the next time."""
        _log.debug("nothing is known of the cache: %s", error)
        if any(sign in str(error) for sign in ("not a database", "malformed")):
            (self._folder / "names.db").unlink(missing_ok=True)


def _is_file(entry: os.DirEntry[str]) -> bool:
    return len(entry.name) == 64 and entry.is_file(follow_symlinks=False)
