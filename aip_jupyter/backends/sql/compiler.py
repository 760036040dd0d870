"""The query tree as SQL. `domain.query.matches` is the meaning; values are always bound parameters."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, literal, or_, select, true, tuple_

from ...domain.query import And, Compare, Condition, Cursor, Or, Query, Scalar
from ...domain.records import Record
from ..checks import Field, resolve
from . import dialect
from .schema import TABLES

Element = ColumnElement[Any]

_OPERATORS = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def page(kind: type[Record], project: str, query: Query, cursor: Cursor | None) -> Select[Any]:
    """Select the page's rows, and one more when there is a next page. `checks.check_query` comes before."""
    table = TABLES[kind]
    field, descending = resolve(kind, query.order.field), query.order.descending
    element = _value_in(table.c[field.name], field.key) if field.key else table.c[field.name]
    statement = select(table).where(table.c.project == project, _condition(kind, query.where))
    if cursor is not None:
        statement = statement.where(_after(field, element, table.c.id, cursor))
    ties = [] if field.name == "id" else [table.c.id]
    sorting = [dialect.sorting(part, descending=descending) for part in (element, *ties)]
    return statement.order_by(*sorting).limit(query.limit + 1)


def _condition(kind: type[Record], condition: Condition) -> Element:
    if isinstance(condition, And):
        return and_(true(), *(_condition(kind, term) for term in condition.terms))
    if isinstance(condition, Or):
        return or_(false(), *(_condition(kind, term) for term in condition.terms))
    field = resolve(kind, condition.field)
    column = TABLES[kind].c[field.name]
    if condition.operator == "has":
        item = dialect.items(column)
        wanted = item.c.key if field.holds == "map" else item.c.value
        return exists(select(literal(1)).select_from(item).where(wanted == condition.value))
    return _in_map(column, field.key, condition) if field.key else _in_column(column, field, condition)


def _in_column(column: Element, field: Field, term: Compare) -> Element:
    texts, numbers = _split(term.value)
    values = texts if field.holds == "text" else numbers
    if term.operator == "!=":
        return column.is_distinct_from(literal(values[0])) if values else true()
    return _test(column, term.operator, values, literal)


def _in_map(column: Element, key: str, term: Compare) -> Element:
    if term.operator == "!=":
        return ~_in_map(column, key, Compare(term.field, "=", term.value))
    item = dialect.items(column)
    texts, numbers = _split(term.value)
    test = or_(
        and_(dialect.is_text(item), _test(item.c.value, term.operator, texts, literal)),
        and_(dialect.is_number(item), _test(item.c.value, term.operator, numbers, dialect.number)),
    )
    return exists(select(literal(1)).select_from(item).where(item.c.key == key, test))


def _split(value: Scalar | tuple[Scalar, ...]) -> tuple[list[str], list[float]]:
    """The texts and the numbers (True is 1): the one is never equal to the other, nor before or after it."""
    values = value if isinstance(value, tuple) else (value,)
    texts = [value for value in values if isinstance(value, str)]
    return texts, [value + 0 for value in values if not isinstance(value, str)]


def _test(
    element: Element, name: str, values: Sequence[str] | Sequence[float], bind: Callable[[Any], Element]
) -> Element:
    """Compare with values of the element's own type; false without any."""
    if name == "in":
        return element.in_([bind(value) for value in values])
    if not values:
        return false()
    if name == "contains":
        return dialect.contains(element, str(values[0]))
    found: Element = _OPERATORS[name](element, bind(values[0]))
    return found


def _value_in(column: Element, key: str) -> Element:
    item = dialect.items(column)
    return select(item.c.value).where(item.c.key == key).scalar_subquery()


def _after(field: Field, element: Element, id: Element, cursor: Cursor) -> Element:
    """What comes behind the cursor. Missing values are the smallest."""
    beyond = operator.lt if cursor.descending else operator.gt
    if cursor.value is None:
        tied = and_(element.is_(None), beyond(id, cursor.id))
        return tied if cursor.descending else or_(tied, element.is_not(None))
    value: Element = literal(cursor.value)
    if field.key and not isinstance(cursor.value, str):
        value = dialect.number(cursor.value)
    following: Element = beyond(tuple_(element, id), tuple_(value, literal(cursor.id)))
    return or_(following, element.is_(None)) if cursor.descending and field.optional else following
