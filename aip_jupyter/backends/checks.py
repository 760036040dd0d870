"""What every backend that keeps records refuses, and in which words: one meaning for all of them."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct, inspect
from msgspec.structs import asdict

from ..domain.changes import AddPoints
from ..domain.query import MEASURED, Compare, Condition, Cursor, Operator, Query, decode_cursor
from ..domain.records import Record
from ..domain.runs import MeasuredRun, Run
from ..errors import Conflict, Invalid

MAX_CONDITIONS = 500
MAX_DEPTH = 50
MAX_VALUES = 10_000
MAX_PART = 1_000
"""What one filter may hold; more than any person's, less than what a database gives up on."""

_INT64 = range(-(2**63), 2**63)
_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
"""What a database cannot keep as text: NUL, and halves of surrogate pairs."""

Holds = Literal["text", "number", "mixed", "map", "list"]


class Field(Struct, frozen=True):
    """What a field of a record, or a path into one of its maps, holds."""

    name: str
    key: str
    """The key of a path into a map; "" for the field itself."""
    holds: Holds
    optional: bool
    measured: bool = False
    """Whether it is not kept in the record, but known of it."""


_HOLDS: dict[type, Holds] = {
    inspect.StrType: "text",
    inspect.LiteralType: "text",
    inspect.BoolType: "number",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.DictType: "map",
    inspect.ListType: "list",
}


@functools.cache
def fields_of(kind: type[Record]) -> dict[str, Field]:
    """The fields of a kind of record by name, as queries see it."""
    info = inspect.type_info(MeasuredRun if kind is Run else kind)
    assert isinstance(info, inspect.StructType)  # noqa: S101
    return {field.name: _field(field.name, field.type) for field in info.fields}


def _field(name: str, type_: inspect.Type) -> Field:
    options = type_.types if isinstance(type_, inspect.UnionType) else (type_,)
    holds = {_HOLDS[type(option)] for option in options if not isinstance(option, inspect.NoneType)}
    optional = any(isinstance(option, inspect.NoneType) for option in options)
    return Field(name, "", holds.pop() if len(holds) == 1 else "mixed", optional, name in MEASURED)


def resolve(kind: type[Record], path: str) -> Field:
    """The field that a query's path means. Invalid, with the choices, when there is none."""
    name, dot, key = path.partition(".")
    field = fields_of(kind).get(name)
    if field is None:
        choices = ", ".join(fields_of(kind))
        raise Invalid(f"{path[:80]}: a {kind_name(kind)} has no such field; it has: {choices}", field=path)
    if not dot:
        return field
    if field.holds != "map" or not key:
        raise Invalid(f"{path[:80]}: name a key of a map, such as tags.team", field=path)
    return Field(name, key, "number" if field.measured else "mixed", True, field.measured)


def check_query(kind: type[Record], project: str, query: Query) -> Cursor | None:
    """Where the page begins. Invalid for what cannot be asked of this kind, or a token of another list."""
    check_value(project, "project")
    _check_condition(kind, query.where)
    order = resolve(kind, query.order.field)
    if order.holds in ("map", "list"):
        raise Invalid(f"{order.name}: a {order.holds} has no order; name a key of it", field=order.name)
    if query.limit < 1:
        raise Invalid(f"limit: {query.limit} is not at least 1", field="limit")
    cursor = decode_cursor(query.page_token, query.order)
    if cursor is not None:
        infinite = order.measured and cursor.value in (math.inf, -math.inf)
        check_value([None if infinite else cursor.value, cursor.id], "page_token")
    return cursor


def _check_condition(kind: type[Record], where: Condition) -> None:
    conditions = list(_flatten(where, 0))
    terms = [condition for condition in conditions if isinstance(condition, Compare)]
    values = sum(len(term.value) for term in terms if isinstance(term.value, tuple))
    if len(conditions) > MAX_CONDITIONS or values > MAX_VALUES:
        message = (
            f"filter: {len(conditions)} conditions with {values} values are too many; ask for less at once"
        )
        raise Invalid(message, field="filter")
    for term in terms:
        _check_comparison(kind, term)


def _flatten(condition: Condition, depth: int) -> Iterator[Condition]:
    if depth > MAX_DEPTH:
        raise Invalid(f"filter: more than {MAX_DEPTH} levels of brackets; write it flatter", field="filter")
    yield condition
    if not isinstance(condition, Compare):
        for term in condition.terms:
            yield from _flatten(term, depth + 1)


def _check_comparison(kind: type[Record], term: Compare) -> None:
    field = resolve(kind, term.field)
    if term.operator not in get_args(Operator):
        raise Invalid(f"{term.field}: there is no operator {term.operator!r}", field=term.field)
    if (field.holds in ("map", "list")) != (term.operator == "has"):
        holds = "text or number" if field.key else field.holds
        raise Invalid(f"{term.field}: {term.operator!r} does not apply to a {holds}", field=term.field)
    if (term.operator == "in") != isinstance(term.value, tuple):
        raise Invalid(f"{term.field}: give 'in' several values, and any other operator one", field=term.field)
    if term.operator in ("contains", "has") and not isinstance(term.value, str):
        raise Invalid(f"{term.field}: {term.operator!r} needs a text", field=term.field)
    if term.operator == "contains" and len(str(term.value)) > MAX_PART:
        raise Invalid(f"{term.field}: search for at most {MAX_PART:,} characters", field=term.field)
    check_value(term.value, term.field)


def check_record(record: Record) -> None:
    """Invalid for values that would not come back from a store as they were."""
    values = asdict(record)
    try:
        msgspec.convert(values, type(record))
    except msgspec.ValidationError as error:
        raise Invalid(f"{kind_name(type(record))}: {error}") from error
    for name, value in values.items():
        check_value(value, name)


def check_points(points: AddPoints) -> None:
    """Invalid for columns of different lengths, or values that no store can hold."""
    if len({len(column) for column in (points.keys, points.steps, points.times, points.values)}) != 1:
        raise Invalid("points: the columns have different lengths", field="points")
    try:
        msgspec.convert(asdict(points), AddPoints)
    except msgspec.ValidationError as error:
        raise Invalid(f"points: {error}", field="points") from error
    check_value([points.project, points.run_id], "run")
    check_value([*set(points.keys)], "key")
    for column in (points.steps, points.times):
        if column and not (min(column) in _INT64 and max(column) in _INT64):
            raise Invalid("step: the number has more than 64 bits", field="step")


def check_value(value: Any, name: str) -> None:
    """Invalid for a text, a number or a collection of them that no store can hold."""
    if isinstance(value, str):
        if not value.isprintable() and _UNSTORABLE.search(value):
            message = f"{name}: {value[:40]!a} has characters that cannot be stored (NUL or half a pair)"
            raise Invalid(message, field=name)
    elif isinstance(value, int):
        if value not in _INT64:
            raise Invalid(f"{name}: the number has more than 64 bits; give it as text", field=name)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Invalid(f"{name}: {value} cannot be stored; leave it out or give it as text", field=name)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_value(key, name)
            check_value(item, f"{name}.{key}")
    elif isinstance(value, (list, tuple)):
        for item in value:
            check_value(item, name)


def kind_name(kind: type[Record]) -> str:
    """The word for a kind of record: `model`, `version`, …"""
    return kind.__name__.lower()


def taken(kind: type[Record], name: str, value: object) -> Conflict:
    """The error for a name, number, path or id that another record has."""
    words = name.replace("_", " ")
    return Conflict(f"{kind_name(kind)}: the {words} {value!r} is taken; choose another", field=name)


def changed(id: str, expected: int, found: int) -> Conflict:
    """The error for a record that is not what `expect` says. Revision 0: there is no such record."""
    if not expected:
        return Conflict(f"record {id} is already there; read it instead of making it")
    what = "changed" if found else "deleted"
    return Conflict(f"record {id} was {what} by somebody else meanwhile; read it again and repeat")
