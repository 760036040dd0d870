"""Makes a store, or brings an older one up to date, once, however many processes open it at the same time."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ...errors import Unavailable
from ..private import make_private
from .faults import translated
from .files import APPLICATION_ID, SCHEMA_VERSION, connect, identity, schema_version, unusable
from .mounts import refuse_network

PATIENCE = 60.0
"""Seconds to wait for another process that is setting up the store."""

_THREADS = threading.Lock()
"""Alembic keeps its context in module globals: one migration per process at a time."""


def prepare(path: Path) -> None:
    """Have a store of this code's version at `path`.

    Raises Incompatible for a newer one, Unavailable for one that cannot be used there.
    """
    refuse_network(path)
    if _is_ready(path):
        return
    with _alone(path):
        if not _is_ready(path):
            _migrate(path)


def _is_ready(path: Path) -> bool:
    """The cheap check, without SQLAlchemy: is the store up to date?"""
    if identity(path) is None:
        return False
    with translated(path), closing(connect(path)) as connection:
        version = schema_version(connection, path)
        return version == SCHEMA_VERSION and _journal_mode(connection) == "wal"


def _journal_mode(connection: sqlite3.Connection, switch: str = "") -> str:
    mode: str = connection.execute(f"PRAGMA journal_mode{switch}").fetchone()[0]
    return mode


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        make_private(path.parent)
        lock = FileLock(f"{path}.lock", timeout=PATIENCE, mode=0o600)
        lock.acquire()
    except Timeout as error:
        message = f"another process has been setting up the store {path} for {PATIENCE:.0f} s; end it or wait"
        raise Unavailable(message) from error
    except OSError as error:
        raise unusable(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _create(path: Path) -> None:
    try:
        # SQLite gives its -wal and -shm files the mode of this one
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise unusable(path, error) from error


def _migrate(path: Path) -> None:
    from .engine import Database
    from .migrations import upgrade

    _create(path)
    with translated(path), closing(connect(path)) as connection:
        if _journal_mode(connection, "=WAL") != "wal":
            raise Unavailable(f"the disk under {path} lacks what SQLite needs; set AIP_HOME to a local disk")
    database = Database(path)
    try:
        # one transaction: cut anywhere, the store is as before
        with _THREADS, database.writing() as transaction:
            upgrade(transaction)
            transaction.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            transaction.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
    finally:
        database.close()
