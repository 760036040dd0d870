"""A store's connections and transactions, through SQLAlchemy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ...errors import Unavailable
from .faults import fault
from .files import BUSY_SECONDS, check_version, connect

CONNECTIONS = 16
"""At most so many threads are in the store at once; the others wait."""

_KEPT = 4
"""How many connections stay open when nobody uses them."""

_WRITES, _LASTS = "aip_writes", "aip_lasts"


class Database:
    """The connections to one SQLite file.

    The driver opens no transactions by itself: SQLAlchemy's `begin` event says BEGIN IMMEDIATE for those that
    write, since a transaction that reads first and then finds another writer would fail at once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = create_engine(
            URL.create("sqlite", database=str(path)),
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=_KEPT,
            max_overflow=CONNECTIONS - _KEPT,
            pool_timeout=BUSY_SECONDS,
            pool_use_lifo=True,
            hide_parameters=True,  # what people store stays out of logs
        )
        event.listen(self._engine, "begin", self._begin)
        self._writer: Engine = self._engine.execution_options(**{_WRITES: True})
        self._lasting: Engine = self._writer.execution_options(**{_LASTS: True})

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store."""
        with self._translated(), self._engine.connect() as connection:
            connection.begin()
            yield connection

    @contextmanager
    def writing(self, *, lasting: bool = False) -> Iterator[Connection]:
        """A transaction that is alone in writing; committed unless the block raises.

        A `lasting` one is on the disk when it is committed; a power cut may undo the last others.
        """
        writer = self._lasting if lasting else self._writer
        with self._translated(), writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close the connections. Those in use are closed when they are given back."""
        self._engine.dispose()

    def _connect(self) -> sqlite3.Connection:
        connection = connect(self.path)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _begin(self, connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101
        options = connection.get_execution_options()
        if options.get(_WRITES):
            # NORMAL: in WAL mode a power cut may undo the last commits, never damage the store
            driver.execute(f"PRAGMA synchronous = {'FULL' if options.get(_LASTS) else 'NORMAL'}")
        driver.execute("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")
        # another process may have upgraded the store since it was opened
        check_version(driver.execute("PRAGMA user_version").fetchone()[0], self.path)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise fault(error.orig or error, self.path) from error
        except sqlite3.Error as error:
            raise fault(error, self.path) from error
        except PoolTimeout as error:
            message = f"the store {self.path} is busy: {CONNECTIONS} requests are in it already; try again"
            raise Unavailable(message) from error
