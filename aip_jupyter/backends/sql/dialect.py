"""What differs between databases, in one place. SQLite's spelling; PostgreSQL's belongs here too."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, TableValuedAlias, UnaryExpression, func, select
from sqlalchemy.sql import operators

Element = ColumnElement[Any]

_TRIGRAMS = 20


def items(column: Element) -> TableValuedAlias:
    """The rows `key`, `value` and `type` of a map or list that is kept as JSON."""
    return func.json_each(column).table_valued("key", "value", "type")


def is_text(item: TableValuedAlias) -> Element:
    """Whether the row of `items` holds a text."""
    return item.c.type == "text"


def is_number(item: TableValuedAlias) -> Element:
    """Whether the row of `items` holds a number, True or False."""
    return item.c.type.in_(("integer", "real", "true", "false"))


def among(element: Element, texts: Collection[str]) -> Element:
    """Whether it is one of these: one parameter, however many they are."""
    each = func.json_each(json.dumps(list(texts))).table_valued("value")
    return element.in_(select(each.c.value))


def number(value: float) -> Element:
    """A number to compare with those in JSON: read from text like them, so that equal ones are equal.

    Not every SQLite rounds the last bit of a text as Python does.
    """
    return func.json_extract(json.dumps(value), "$")


def contains(text: Element, part: str) -> Element:
    """Whether the part is in the text, in any case: SQLite's LIKE folds ASCII letters, as it must here."""
    return text.contains(part, autoescape=True)


def trigrams(part: str) -> str:
    """What the index `model_name` is asked for: texts with the part, and some others; "" where it cannot be.

    It knows no shorter parts than of three characters. Of a long one, its beginning is enough to find few.
    """
    places = range(min(len(part) - 2, _TRIGRAMS))
    return " ".join('"{}"'.format(part[at : at + 3].replace('"', '""')) for at in places)


def unindexed(element: Element) -> Element:
    """The same, but SQLite does not use the order of an index for it."""
    return UnaryExpression(element, operator=operators.custom_op("+"), type_=element.type)


def sorting(element: Element, *, descending: bool) -> UnaryExpression[Any]:
    """Missing values before all others: SQLite's own order, and only that can use an index."""
    return element.desc() if descending else element.asc()


def violated(error: sqlite3.IntegrityError, table: Table) -> Sequence[str]:
    """The columns of the unique constraint that a statement broke; none when it broke no such thing.

    SQLite says `UNIQUE constraint failed: model.project, model.name`.
    """
    names = str(error).partition("UNIQUE constraint failed: ")[2]
    return [name.removeprefix(f"{table.name}.") for name in names.split(", ") if name]
