"""The store's file: how it is opened, and the numbers in its header that say whose it is."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from ...errors import Incompatible, StorageFull, Unavailable

SCHEMA_VERSION = 6
"""The number of the newest migration; kept in the file as `user_version`."""

APPLICATION_ID = 0x61697031
"""`aip1`: marks the file as ours (https://www.sqlite.org/pragma.html#pragma_application_id)."""

BUSY_SECONDS = 15.0
"""How long to wait for another writer."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection without implicit transactions, to a file that must exist."""
    return sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def identity(path: Path) -> tuple[int, int] | None:
    """Which file this is; another one after it was replaced, None when there is none."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unusable(path, error) from error
    return status.st_dev, status.st_ino


def schema_version(connection: sqlite3.Connection, path: Path) -> int:
    """The store's version; 0 for an empty file.

    Raises Incompatible when it is newer than this code, Unavailable when the file is no store of ours.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner != APPLICATION_ID and (version or connection.execute("SELECT 1 FROM sqlite_master").fetchone()):
        raise Unavailable(f"the store {path} is another program's database; choose another file or AIP_HOME")
    check_version(version, path)
    return version


def check_version(version: int, path: Path) -> None:
    """Raise Incompatible when the store is newer than this code."""
    if version > SCHEMA_VERSION:
        message = (
            f"the store {path} was made by a newer aip-jupyter (version {version} of its tables, "
            f"this one knows {SCHEMA_VERSION}); upgrade with: pip install -U aip-jupyter"
        )
        raise Incompatible(message)


def unusable(path: Path, error: OSError) -> Unavailable:
    """The error for a store that cannot be where it should be."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_room(path)
    return Unavailable(
        f"the store {path} cannot be used ({error.strerror}); check AIP_HOME and its permissions"
    )


def no_room(path: Path) -> StorageFull:
    """The error for a disk, or a quota, that is full."""
    return StorageFull(f"store: no room to write; make free space in {path.parent} and try again")
