"""Records in this process's memory: the reference for every other backend, and what tests use."""

from __future__ import annotations

import copy
import itertools
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from ...domain.access import AccessToken, Project
from ...domain.artifacts import Artifact
from ...domain.changes import (
    SILENT,
    Action,
    AddPoints,
    AnyRecord,
    Change,
    ChangeEvent,
    Delete,
    Intent,
    Put,
)
from ...domain.datasets import Dataset
from ...domain.lineage import Link
from ...domain.models import Model, Version
from ...domain.pages import Page
from ...domain.query import Query, encode_cursor, field_value, matches, order_key
from ...domain.records import Record, now_ms
from ...domain.runs import Experiment, Journal, Run
from ...domain.system import Capability
from ...domain.texts import Text
from ...errors import NotFound, NotSupported
from ..checks import changed, check_points, check_query, check_record, check_value, kind_name, taken
from .protocol import R

UNIQUE: dict[type[Record], tuple[tuple[str, ...], ...]] = {
    Model: (("project", "name"), ("project", "external_id")),
    Version: (("model_id", "number"), ("model_id", "name"), ("project", "external_id")),
    Artifact: (("owner_id", "path"), ("project", "external_id")),
    Intent: (("project", "external_id"),),
    Experiment: (("project", "name"), ("project", "external_id")),
    Run: (("project", "external_id"),),
    Text: (("run_id", "name"), ("project", "external_id")),
    Journal: (("project", "external_id"),),
    Dataset: (("project", "name", "identity"), ("project", "external_id")),
    Link: (("project", "external_id"),),
    Project: (("project", "name"), ("project", "external_id")),
    AccessToken: (("of_project", "owner", "name"), ("project", "external_id")),
}
"""What two records of a kind may not have in common."""

_FEED_LENGTH = 10_000

Tables = dict[type[Record], dict[str, Any]]


class MemoryRecords:
    """`RecordBackend` of these kinds over dictionaries, one lock, and copies at the door."""

    capabilities: frozenset[Capability] = frozenset(("changes", "transactions"))
    location = "the memory of this process"

    def __init__(self, *kinds: type[Record]) -> None:
        self._lock = threading.RLock()
        self._tables: Tables = {kind: {} for kind in kinds}
        self._keys = {kind: itertools.count(1) for kind in kinds}
        self._newest = 0
        self._feed: deque[ChangeEvent] = deque(maxlen=_FEED_LENGTH)

    @property
    def feed(self) -> str:
        return f"memory of {id(self)}"

    def get(self, kind: type[R], project: str, id: str) -> R:
        check_value([project, id], "id")
        with self._lock:
            record: R | None = self._tables[kind].get(id)
        if record is None or record.project != project:
            raise NotFound(f"{kind_name(kind)}: there is none with the id {id!r} in project {project!r}")
        return copy.deepcopy(record)

    def find(self, kind: type[R], project: str, query: Query) -> Page[R]:
        cursor = check_query(kind, project, query)
        order = query.order

        def key(seen: Record) -> tuple[int, Any, str]:
            return order_key(order, field_value(seen, order.field), seen.id)

        with self._lock:
            records: dict[str, R] = {
                id: record for id, record in self._tables[kind].items() if record.project == project
            }
            every = [self._seen(record) for record in records.values()]
        found = sorted(
            (each for each in every if matches(each, query.where)), key=key, reverse=order.descending
        )
        if cursor is not None:
            end = order_key(order, cursor.value, cursor.id)
            found = [each for each in found if (key(each) < end if order.descending else key(each) > end)]
        page, token = found[: query.limit], ""
        if len(found) > query.limit:
            token = encode_cursor(order, field_value(page[-1], order.field), page[-1].id)
        return Page(items=copy.deepcopy([records[each.id] for each in page]), next_page_token=token)

    def _seen(self, record: Record) -> Record:
        """The record as queries see it."""
        return record

    def apply(self, changes: Sequence[Change], expect: Mapping[str, int] | None = None) -> None:
        for change in changes:
            if isinstance(change, Put):
                check_record(change.record)
            elif isinstance(change, AddPoints):
                check_points(change)
        points = [change for change in changes if isinstance(change, AddPoints)]
        with self._lock:
            self._check_expected(expect or {})
            tables = {kind: dict(records) for kind, records in self._tables.items()}
            told = [self._change(tables, change) for change in changes if not isinstance(change, AddPoints)]
            self._add_points(points)
            self._tables = tables
            self._forget([record for record, action in told if record is not None and action == "deleted"])
            for record, action in told:
                if record is not None and type(record) not in SILENT:
                    self._tell(type(record), record.project, record.id, action)
            for added in points:
                self._tell(Run, added.project, added.run_id, "updated")

    def _add_points(self, points: Sequence[AddPoints]) -> None:
        """Keep the points: what a tracking backend does."""
        if points:
            raise NotSupported("points: this backend keeps none; send them to a tracking backend")

    def _forget(self, deleted: Sequence[Record]) -> None:
        """Drop what is kept of these besides the records."""

    def _tell(self, kind: type[Record], project: str, id: str, action: Action) -> None:
        self._newest += 1
        event = ChangeEvent(
            sequence=self._newest, project=project, kind=kind_name(kind), id=id, action=action
        )
        self._feed.append(event)

    def _check_expected(self, expect: Mapping[str, int]) -> None:
        for id, revision in expect.items():
            found = max((table[id].revision for table in self._tables.values() if id in table), default=0)
            if found != revision:
                raise changed(id, revision, found)

    def _change(self, tables: Tables, change: Put | Delete) -> tuple[Record | None, Action]:
        """Apply one change to the tables; what became of which record."""
        if isinstance(change, Delete):
            return tables[change.kind].pop(change.id, None), "deleted"
        record = self._stored(tables, copy.deepcopy(change.record))
        tables[type(record)][record.id] = record
        return record, "created" if record.revision == 1 else "updated"

    def _stored(self, tables: Tables, record: AnyRecord) -> AnyRecord:
        """The record with what the store gives it. Conflict when something it needs is taken."""
        kind = type(record)
        old: AnyRecord | None = tables[kind].get(record.id)
        if old is not None and old.project != record.project:
            raise taken(kind, "id", record.id)
        others = [other for other in tables[kind].values() if other.id != record.id]
        for fields in UNIQUE[kind]:
            values = [getattr(record, field) for field in fields]
            if None not in values and any([getattr(o, f) for f in fields] == values for o in others):
                raise taken(kind, fields[-1], values[-1])
        return replace(
            record,
            key=old.key if old else next(self._keys[kind]),
            revision=old.revision + 1 if old else 1,
            updated=max(now_ms(), old.updated + 1 if old else 0),
        )

    def changes_since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        with self._lock:
            if sequence < 0:
                return self._newest, []
            return self._newest, [event for event in self._feed if event.sequence > sequence]

    def check(self) -> str:
        with self._lock:
            counts = [f"{len(table):,} {kind_name(kind)}s" for kind, table in self._tables.items()]
        return f"{', '.join(counts)} in memory; they end with this process"

    def close(self) -> None:
        """Nothing is held."""
