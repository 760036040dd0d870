"""One row of a kind, found, added or replaced by statements that are compiled once.

What SQLAlchemy does for each statement costs several times what SQLite does for one row.
"""

from __future__ import annotations

import functools
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, UniqueConstraint, bindparam, insert, select, update
from sqlalchemy.dialects.sqlite import dialect

from ...domain.records import Record
from .schema import TABLES

R = TypeVar("R", bound=Record)

_DIALECT = dialect(paramstyle="named")


class Rows(Generic[R]):
    """The rows of one kind. What the driver raises is raised as it is."""

    def __init__(self, kind: type[R]) -> None:
        table = TABLES[kind]
        types = {column.name: column.type for column in table.columns}
        own = [name for name in types if name != "key"]
        self._kind = kind
        self._columns = list(types)
        self._encoders = [(name, encode) for name in own if (encode := types[name].bind_processor(_DIALECT))]
        self._decoders = [
            (name, decode) for name in own if (decode := types[name].result_processor(_DIALECT, None))
        ]
        unique = [each.columns.keys() for each in table.constraints if isinstance(each, UniqueConstraint)]
        self.keys = ("id", "name") if ["project", "name"] in unique else ("id",)
        """The fields of which each value is that of one record of a project at most."""
        of_project = select(table).where(table.c.project == bindparam("of"))
        self._select = {key: _text(of_project.where(table.c[key] == bindparam("value"))) for key in self.keys}
        self._insert = _text(insert(table), own)
        self._replace = _text(update(table).where(table.c.id == bindparam("old")), own)

    def one(self, connection: Connection, project: str, key: str, value: str) -> R | None:
        """The record with this value of a field of `keys`."""
        cursor = connection.connection.cursor()
        row = cursor.execute(self._select[key], {"of": project, "value": value}).fetchone()
        if row is None:
            return None
        values = dict(zip(self._columns, row, strict=True))
        for name, decode in self._decoders:
            values[name] = decode(values[name])
        return self._kind(**values)

    def put(self, connection: Connection, values: dict[str, Any], *, new: bool) -> None:
        """Add a record with these values, or replace all but the key of the one with its id."""
        encoded = {**values, "old": values["id"]}
        for name, encode in self._encoders:
            encoded[name] = encode(encoded[name])
        connection.connection.cursor().execute(self._insert if new else self._replace, encoded)


@functools.cache
def rows_of(kind: type[R]) -> Rows[R]:
    """The rows of this kind; compiled when they are first asked for."""
    return Rows(kind)


def _text(statement: Any, columns: list[str] | None = None) -> str:
    return str(statement.compile(dialect=_DIALECT, column_keys=columns))
