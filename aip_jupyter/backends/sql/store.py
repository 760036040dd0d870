"""Records in a database: the methods of backends that need SQL, over any `Database`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import func, select, update

from ...domain.artifacts import Artifact
from ...domain.changes import AddPoints, Change, Intent, Put
from ...domain.models import Model, Version
from ...domain.pages import Page
from ...domain.query import Compare, Query, encode_cursor, field_value
from ...domain.records import Record
from ...domain.runs import History, Journal, Metric, Run
from ...domain.texts import Text, TextInfo
from ...errors import NotFound
from ..checks import check_points, check_query, check_record, check_value, kind_name
from . import histories
from . import points as points_of
from .dialect import among
from .engine import Database
from .files import SCHEMA_VERSION
from .pages import Pages
from .rows import rows_of
from .schema import TABLES
from .writer import Writer

R = TypeVar("R", bound=Record)

_DIGESTS = 10_000
"""How many digests one transaction reads: a long one would keep the write-ahead log from shrinking."""


class SqlStore:
    """See `backends.registry.protocol` and `backends.tracking.protocol` for what each method means."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, kind: type[R], project: str, id: str) -> R:
        check_value([project, id], "id")
        with self._database.reading() as connection:
            record: R | None = rows_of(kind).one(connection, project, "id", id)
        if record is None:
            raise NotFound(f"{kind_name(kind)}: there is none with the id {id!r} in project {project!r}")
        return record

    def find(self, kind: type[R], project: str, query: Query) -> Page[R]:
        cursor = check_query(kind, project, query)
        field, text = _only_value(query)
        if field in rows_of(kind).keys:
            with self._database.reading() as connection:
                record: R | None = rows_of(kind).one(connection, project, field, text)
            return Page(items=[record] if record else [])
        pages = Pages(kind, project, query, cursor)
        with self._database.reading() as connection:
            rows = pages.read(connection)
        items, token = [kind(**row.columns) for row in rows[: query.limit]], ""
        if len(rows) > query.limit:
            last, order = items[-1], query.order
            value = rows[query.limit - 1].value if pages.field.measured else field_value(last, order.field)
            token = encode_cursor(order, value, last.id)
        return Page(items=items, next_page_token=token)

    def apply(self, changes: Sequence[Change], expect: Mapping[str, int] | None = None) -> None:
        for change in changes:
            if isinstance(change, Put):
                check_record(change.record)
            elif isinstance(change, AddPoints):
                check_points(change)
        # What a journal says is stored is deleted where it came from.
        lasting = any(isinstance(change, Put) and isinstance(change.record, Journal) for change in changes)
        with self._database.writing(lasting=lasting) as connection:
            Writer(connection).run(changes, expect or {})

    def metrics(self, project: str, run_ids: Sequence[str]) -> dict[str, list[Metric]]:
        check_value([project, *run_ids], "id")
        with self._database.reading() as connection:
            return points_of.metrics(connection, project, run_ids)

    def history(self, project: str, run_id: str, key: str, points: int = 0) -> History:
        check_value([project, run_id, key], "id")
        with self._database.reading() as connection:
            return histories.history(connection, project, run_id, key, points)

    def texts(self, project: str, run_id: str) -> list[TextInfo]:
        check_value([project, run_id], "id")
        table = TABLES[Text]
        columns = (table.c.name, func.length(table.c.text).label("length"), table.c.captured, table.c.updated)
        of_run = (table.c.project == project) & (table.c.run_id == run_id)
        with self._database.reading() as connection:
            rows = connection.execute(select(*columns).where(of_run).order_by(table.c.name)).mappings()
            return [TextInfo(**row) for row in rows]

    def parts(self, project: str, run_ids: Sequence[str]) -> dict[str, int]:
        check_value([project, *run_ids], "id")
        columns = TABLES[Run].c
        these = (columns.project == project) & among(columns.parent, run_ids)
        where = these & (columns.state == "LIVE")
        statement = select(columns.parent, func.count()).where(where).group_by(columns.parent)
        with self._database.reading() as connection:
            counts = {row[0]: row[1] for row in connection.execute(statement)}
        return {id: counts.get(id, 0) for id in run_ids}

    def beat(self, project: str, run_ids: Sequence[str], time: int) -> None:
        check_value([project, *run_ids, time], "id")
        table = TABLES[Run]
        these = (table.c.project == project) & among(table.c.id, run_ids)
        with self._database.writing() as connection:
            connection.execute(update(table).where(these).values(beat=time))

    def stored(self, project: str, run_id: str) -> tuple[int, int]:
        check_value([project, run_id], "id")
        columns = TABLES[Artifact].c
        of_run = (columns.project == project) & (columns.owner_id == run_id) & (columns.state == "LIVE")
        statement = select(func.count(), func.coalesce(func.sum(columns.size), 0)).where(of_run)
        with self._database.reading() as connection:
            count, size = connection.execute(statement).one()
        return count, size

    def digests(self) -> Iterator[str]:
        table = TABLES[Artifact]
        statement = select(table.c.key, table.c.digest, table.c.uri).order_by(table.c.key).limit(_DIGESTS)
        last = 0
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(statement.where(table.c.key > last)).all()
            yield from (digest for _, digest, uri in rows if digest and uri is None)
            if len(rows) < _DIGESTS:
                return
            last = rows[-1].key

    def intents(self) -> list[tuple[str, str]]:
        table = TABLES[Intent]
        with self._database.reading() as connection:
            rows = connection.execute(select(table.c.project, table.c.id).order_by(table.c.key))
            return [(project, id) for project, id in rows]

    def check(self) -> str:
        with self._database.writing() as connection:
            # written and committed, but the same as before
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            models, versions = (
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (TABLES[Model], TABLES[Version])
            )
        return f"{models:,} models, {versions:,} versions; SQLite {sqlite3.sqlite_version}, read and written"

    def close(self) -> None:
        self._database.close()


def _only_value(query: Query) -> tuple[str, str]:
    """The field, and its text, that is all that the query asks for; "" for any other query."""
    match query:
        case Query(where=Compare(field=field, operator="=", value=str(text)), page_token=""):
            return field, text
        case Query(where=Compare(field=field, operator="in", value=(str(text),)), page_token=""):
            return field, text
    return "", ""
