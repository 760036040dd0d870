"""Pages of records: the order of a query as SQL, and the way through the indexes that its condition has."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, FromClause, Select, and_, literal, null, or_, select, true, tuple_

from ...domain.models import Model
from ...domain.query import And, Compare, Condition, Cursor, Query, Scalar
from ...domain.records import Record
from ...domain.runs import Run
from ..checks import resolve
from . import dialect
from .compiler import MEASURES, Element, compared, condition_of, element_of
from .schema import TABLES, metric

FEW = 500
"""So many records, or fewer, are all looked at, and then sorted; of more, the order's index is followed until
the page is full."""

# The index of parts is none that SQLAlchemy knows, and not every SQLite library can keep it.
_HAS_PARTS = "SELECT 1 FROM sqlite_master WHERE name = 'model_name'"
_WITH_PARTS = """
SELECT model.id FROM model_name CROSS JOIN model ON model.key = model_name.rowid
WHERE model_name MATCH ? AND model.project = ? LIMIT ?
"""

_RANGES = ("=", "<", "<=", ">", ">=", "in")


class Row(NamedTuple):
    """A record's columns by name, and its value in the order's field where that is measured."""

    columns: dict[str, Any]
    value: Scalar | None


class Pages:
    """What a query finds behind a cursor. `checks.check_query` comes before."""

    def __init__(self, kind: type[Record], project: str, query: Query, cursor: Cursor | None) -> None:
        self._kind, self._project, self._query, self._cursor = kind, project, query, cursor
        self._table = TABLES[kind]
        self._where = condition_of(kind, query.where)
        self.field = resolve(kind, query.order.field)
        self._beyond = operator.lt if query.order.descending else operator.gt

    def read(self, connection: Connection) -> list[Row]:
        """At most `limit` rows, and one more when there is a next page."""
        few = self._few(connection)
        names = self._table.columns.keys()
        rows: list[Row] = []
        for statement in self._measured(few) if self.field.measured else [self._own(few)]:
            wanted = self._query.limit + 1 - len(rows)
            found = connection.execute(statement.limit(wanted)).all() if wanted else ()
            rows += [Row(dict(zip(names, row, strict=False)), row[-1]) for row in found]
        return rows

    def _few(self, connection: Connection) -> list[str] | None:
        """The ids of all that can match, when they are FEW and easily found; else None."""
        if self._kind is Model:
            return self._few_models(connection)
        if self._kind is not Run:
            return None
        narrow = False
        for term in _terms(self._query.where):
            field = resolve(Run, term.field) if isinstance(term, Compare) else None
            if isinstance(term, Compare) and field and field.name in MEASURES and term.operator in _RANGES:
                value = metric.c[MEASURES[field.name]]
                of_key = (metric.c.project == self._project) & (metric.c.name == field.key)
                ids = select(metric.c.run_id).where(of_key, compared(value, term))
                if (few := _unless_many(connection, ids)) is not None:
                    return few
            else:
                narrow |= field is None or field.name != "state"  # nearly all have one state
        if not narrow or self.field.name not in MEASURES:
            return None
        # The index of a metric tells nothing of all else that is asked for.
        ids = select(self._table.c.id).where(self._table.c.project == self._project, self._where)
        return _unless_many(connection, ids)

    def _few_models(self, connection: Connection) -> list[str] | None:
        """Those with what must be a part of the name."""
        terms = [term for term in _terms(self._query.where) if isinstance(term, Compare)]
        parts = [str(term.value) for term in terms if (term.field, term.operator) == ("name", "contains")]
        trigrams = next(filter(None, map(dialect.trigrams, parts)), "")
        cursor = connection.connection.cursor()
        if not trigrams or not cursor.execute(_HAS_PARTS).fetchone():
            return None
        found = cursor.execute(_WITH_PARTS, (trigrams, self._project, FEW + 1)).fetchall()
        return [id for (id,) in found] if len(found) <= FEW else None

    def _own(self, few: list[str] | None) -> Select[Any]:
        """In the order of a field that the row has."""
        element = element_of(self._kind, self.field)
        keys = [element] if self.field.name == "id" else [element, self._table.c.id]
        return self._selected(null(), keys, few).where(self._after(element))

    def _measured(self, few: list[str] | None) -> Iterator[Select[Any]]:
        """First those that have a value; then those that lack it, by id."""
        cursor, id = self._cursor, self._table.c.id
        if cursor is None or cursor.value is not None:
            yield self._valued(few)
        lacking = element_of(self._kind, self.field).is_(None)
        statement = self._selected(null(), [id], few).where(lacking)
        if cursor is not None and cursor.value is None:
            statement = statement.where(self._beyond(id, cursor.id))
        yield statement

    def _valued(self, few: list[str] | None) -> Select[Any]:
        """Those that have a value: a metric's along its index."""
        value, id = element_of(self._kind, self.field), self._table.c.id
        there: Element = value.is_not(None)
        source: FromClause = self._table
        if self.field.name in MEASURES:
            source = metric.join(self._table, metric.c.run_id == id)
            value, id = metric.c[MEASURES[self.field.name]], metric.c.run_id
            of_key = (metric.c.project == self._project) & (metric.c.name == self.field.key)
            # Any number is so large; with `IS NOT NULL` no index would be used.
            there = of_key & (value >= -math.inf)
        if self._cursor is not None:
            end = tuple_(literal(self._cursor.value), literal(self._cursor.id))
            there &= self._beyond(tuple_(value, id), end)
        return self._selected(value, [value, id], few).where(there).select_from(source)

    def _selected(self, value: Element, keys: list[Element], few: list[str] | None) -> Select[Any]:
        """The rows that the condition allows, and the value, sorted by the keys."""
        statement = select(*self._table.c, value.label("measured"))
        statement = statement.where(self._table.c.project == self._project)
        statement = statement.where(self._where)
        if few is not None:
            statement = statement.where(dialect.among(self._table.c.id, few))
            keys = [dialect.unindexed(key) for key in keys]
        return statement.order_by(
            *(dialect.sorting(key, descending=self._query.order.descending) for key in keys)
        )

    def _after(self, element: Element) -> Element:
        """What comes behind the cursor. Missing values are the smallest."""
        cursor, id = self._cursor, self._table.c.id
        if cursor is None:
            return true()
        if cursor.value is None:
            tied = and_(element.is_(None), self._beyond(id, cursor.id))
            return tied if cursor.descending else or_(tied, element.is_not(None))
        value: Element = literal(cursor.value)
        if self.field.key and not isinstance(cursor.value, str):
            value = dialect.number(cursor.value)
        following: Element = self._beyond(tuple_(element, id), tuple_(value, literal(cursor.id)))
        return or_(following, element.is_(None)) if cursor.descending and self.field.optional else following


def _terms(where: Condition) -> Iterator[Condition]:
    """What must all be true."""
    if isinstance(where, And):
        for term in where.terms:
            yield from _terms(term)
    else:
        yield where


def _unless_many(connection: Connection, ids: Select[Any]) -> list[str] | None:
    found = connection.execute(ids.limit(FEW + 1)).scalars().all()
    return list(found) if len(found) <= FEW else None
