"""What SQLite reports, in the words of `errors`."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import Unavailable
from .files import BUSY_SECONDS, no_room

_ADVICE = (
    ("locked", f"another process has kept it for more than {BUSY_SECONDS:.0f} s; try again"),
    ("readonly", "it may not be written; check its owner and permissions, and the disk's mount options"),
    ("unable to open", "it cannot be opened; check that its folder exists and is yours"),
    ("not a database", "the file is damaged; move it away or restore a copy"),
    ("malformed", "the file is damaged; move it away or restore a copy"),
    ("no such module", "it was made where SQLite has FTS5, which this Python's lacks; use another Python"),
    ("disk I/O error", "the disk fails; check its health and your quota"),
)
"""Parts of SQLite's messages, since error codes come only with Python 3.11."""

_NO_ROOM = 2**16
"""Bytes; with less than this free, SQLite's shared memory does not fit and it reports an I/O error."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise what sqlite3 raises inside the block as our errors."""
    try:
        yield
    except sqlite3.Error as error:
        raise fault(error, path) from error


def fault(error: BaseException, path: Path) -> Unavailable:
    """The error to raise for one of SQLite's about the store at `path`."""
    text = str(error)
    if "full" in text or ("disk I/O error" in text and _is_full(path)):
        return no_room(path)
    for part, advice in _ADVICE:
        if part in text:
            return Unavailable(f"the store {path}: {advice}")
    return Unavailable(f"the store {path} does not work ({text}); %aip doctor may say more")


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _NO_ROOM
    except OSError:
        return False
