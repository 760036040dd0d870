"""One transaction of changes: what the store gives a record, what it refuses, what it tells afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import asdict
from sqlalchemy import Connection, delete

from ...domain.changes import SILENT, Action, AddPoints, Change, Delete, Put
from ...domain.records import Record, now_ms
from ...domain.runs import Run
from ...errors import AipError, Invalid, StorageFull
from ..checks import changed, kind_name, taken
from .dialect import violated
from .points import add_points, remove_recorded
from .rows import rows_of
from .schema import MAX_KEY, TABLES, change

FEED_LENGTH = 10_000
"""So many changes are remembered, and up to a tenth more."""

_KINDS = {table.name: kind for kind, table in TABLES.items()}
# A statement per table would be most of what a small change costs. CROSS JOIN: each id is looked up in the
# index (https://www.sqlite.org/optoverview.html#crossjoin).
_OF_TABLE = "SELECT '{0}', id, project, revision, updated FROM named CROSS JOIN {0} ON id = named.value"
_NAMED = "WITH named AS (SELECT value FROM json_each(:ids)) "
_NAMED += " UNION ALL ".join(map(_OF_TABLE.format, _KINDS))

_TELL = "INSERT INTO change (project, kind, id, action) VALUES (:project, :kind, :id, :action)"
_NEWEST = "SELECT max(sequence) FROM change"


class Stored(NamedTuple):
    """What the store knows of a record before it is replaced."""

    project: str
    revision: int
    updated: int


class Writer:
    """Applies changes over a connection that is in a writing transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._now = now_ms()
        self._stored: dict[tuple[type[Record], str], Stored] = {}
        self._events: list[dict[str, str]] = []

    def run(self, changes: Sequence[Change], expect: Mapping[str, int]) -> None:
        """All changes, in order. Conflict, Invalid or StorageFull; the caller then rolls back."""
        self._load(changes, expect)
        for id, revision in expect.items():
            found = max((old.revision for (_, its), old in self._stored.items() if its == id), default=0)
            if found != revision:
                raise changed(id, revision, found)
        for item in changes:
            if isinstance(item, Put):
                self._put(item.record)
            elif isinstance(item, Delete):
                self._delete(item)
            else:
                add_points(self._connection, item)
                self._note(Run, item.project, item.run_id, "updated")
        self._tell()

    def _load(self, changes: Sequence[Change], expect: Mapping[str, int]) -> None:
        """What is there of the records that the changes, or `expect`, name."""
        ids = {*expect, *(_id(item) for item in changes if not isinstance(item, AddPoints))}
        cursor = self._connection.connection.cursor()
        for name, id, *rest in cursor.execute(_NAMED, {"ids": json.dumps(list(ids))}) if ids else ():
            self._stored[_KINDS[name], id] = Stored(*rest)

    def _put(self, record: Record) -> None:
        kind = type(record)
        old = self._stored.get((kind, record.id))
        if old is not None and old.project != record.project:
            raise taken(kind, "id", record.id)
        values = asdict(record)
        values["revision"] = old.revision + 1 if old else 1
        values["updated"] = max(self._now, old.updated + 1 if old else 0)
        try:
            rows_of(kind).put(self._connection, values, new=old is None)
        except sqlite3.IntegrityError as error:
            raise _refusal(record, error) from error
        self._stored[kind, record.id] = Stored(record.project, values["revision"], values["updated"])
        self._note(kind, record.project, record.id, "updated" if old else "created")

    def _delete(self, item: Delete) -> None:
        old = self._stored.pop((item.kind, item.id), None)
        if old is not None:
            table = TABLES[item.kind]
            self._connection.execute(delete(table).where(table.c.id == item.id))
            if item.kind is Run:
                remove_recorded(self._connection, old.project, item.id)
            self._note(item.kind, old.project, item.id, "deleted")

    def _note(self, kind: type[Record], project: str, id: str, action: Action) -> None:
        if kind not in SILENT:
            self._events.append({"project": project, "kind": kind_name(kind), "id": id, "action": action})

    def _tell(self) -> None:
        """Append to the change feed, and cut its far end now and then."""
        if not self._events:
            return
        cursor = self._connection.connection.cursor()
        cursor.executemany(_TELL, self._events)
        newest = cursor.execute(_NEWEST).fetchone()[0]
        if newest % (FEED_LENGTH // 10) < len(self._events):
            self._connection.execute(delete(change).where(change.c.sequence <= newest - FEED_LENGTH))


def _id(item: Put | Delete) -> str:
    return item.record.id if isinstance(item, Put) else item.id


def _refusal(record: Record, error: sqlite3.IntegrityError) -> AipError:
    """Why the database does not take the record."""
    kind = type(record)
    columns = violated(error, TABLES[kind])
    if columns:
        return taken(kind, columns[-1], getattr(record, columns[-1]))
    if f"ck_{kind_name(kind)}_key" in str(error):
        return StorageFull(
            f"store: all {MAX_KEY:,} keys of its {kind_name(kind)}s are given; start another one"
        )
    return Invalid(f"{kind_name(kind)}: the store refuses this record ({error})")
