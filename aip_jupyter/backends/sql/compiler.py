"""Conditions as SQL. `domain.query.matches` is the meaning; values are always bound parameters."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, and_, exists, false, literal, or_, select, true

from ...domain.query import And, Compare, Condition, Or, Scalar
from ...domain.records import Record
from ...domain.runs import Run
from ..checks import Field, resolve
from . import dialect
from .schema import TABLES, metric

Element = ColumnElement[Any]

MEASURES = {"metrics": "last", "minimum": "minimum", "maximum": "maximum"}
"""The column of `metric` that holds what queries name so."""

_OPERATORS = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def condition_of(kind: type[Record], condition: Condition) -> Element:
    """Whether the row of a record of this kind matches."""
    if isinstance(condition, And):
        return and_(true(), *(condition_of(kind, term) for term in condition.terms))
    if isinstance(condition, Or):
        return or_(false(), *(condition_of(kind, term) for term in condition.terms))
    field = resolve(kind, condition.field)
    if field.measured:
        return _measured(field, condition)
    column = TABLES[kind].c[field.name]
    if condition.operator == "has":
        item = dialect.items(column)
        wanted = item.c.key if field.holds == "map" else item.c.value
        return exists(select(literal(1)).select_from(item).where(wanted == condition.value))
    return _in_map(column, field.key, condition) if field.key else _in_column(column, field, condition)


def element_of(kind: type[Record], field: Field) -> Element:
    """The value of a field, to order by."""
    if field.measured:
        return _measure(field)
    column = TABLES[kind].c[field.name]
    if not field.key:
        return column
    item = dialect.items(column)
    return select(item.c.value).where(item.c.key == field.key).scalar_subquery()


def _measure(field: Field) -> Element:
    """What is known of the run in the row; NULL when it is missing."""
    run = TABLES[Run].c
    if field.name == "duration":
        return run.ended - run.started
    of_run = (metric.c.project == run.project) & (metric.c.run_id == run.id) & (metric.c.name == field.key)
    return select(metric.c[MEASURES[field.name]]).where(of_run).correlate(TABLES[Run]).scalar_subquery()


def _measured(field: Field, term: Compare) -> Element:
    if term.operator == "has":
        return _measure(replace(field, key=str(term.value))).is_not(None)
    return _in_column(_measure(field), field, term)


def compared(element: Element, term: Compare) -> Element:
    """Whether a number that is not missing compares so."""
    return _test(element, term.operator, _split(term.value)[1], literal)


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
