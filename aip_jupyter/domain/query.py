"""The one query tree: what every front-end filter is parsed into and every backend compiles or evaluates.

    Query(where=And((Compare("state", "=", "LIVE"), Compare("name", "contains", "dig"))),
          order=Order("updated", descending=True), limit=100, page_token="")

A field is a name of the record, or a path into one of its maps: `tags.demo`, `properties.accuracy`.
Of runs also what `domain.runs.MeasuredRun` has: `metrics.loss`, `minimum.loss`, `maximum.loss`, `duration`.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec import Struct

from ..errors import Invalid
from .records import Record

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "contains", "in", "has"]
"""`contains`: part of a text, in any case (ASCII); `in`: one of a tuple; `has`: the map has this key, the
list this item."""

Scalar = bool | int | float | str


class Compare(Struct, frozen=True):
    """One comparison. A missing value compares false, except with `!=`; so does a text with a number."""

    field: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...]


class And(Struct, frozen=True):
    """True when all terms are; true without terms."""

    terms: tuple[Condition, ...]


class Or(Struct, frozen=True):
    """True when one of the terms is; false without terms."""

    terms: tuple[Condition, ...]


Condition = Compare | And | Or

MEASURED = frozenset(("metrics", "minimum", "maximum", "duration"))
"""Fields that are not kept in a record, but known of it."""

EVERYTHING = And(())


class Order(Struct, frozen=True):
    """By a field, ties by id, in the same direction. Missing values come first, then numbers, then texts.

    Of what is measured of runs, missing values come last, whatever the direction.
    """

    field: str = "id"
    descending: bool = False

    @property
    def missing_last(self) -> bool:
        """Whether what has no value comes last in either direction."""
        return self.field.partition(".")[0] in MEASURED


class Query(Struct, frozen=True, kw_only=True):
    """A condition, an order and a page."""

    where: Condition = EVERYTHING
    order: Order = Order()
    limit: int = 100
    page_token: str = ""


def all_of(terms: Iterable[Condition]) -> Condition:
    """The conjunction of the terms."""
    return And(tuple(terms))


def field_value(record: Record, field: str) -> Any:
    """The value of a field or of a path into a map; None when absent."""
    name, _, key = field.partition(".")
    value = getattr(record, name)
    return value.get(key) if key else value


def matches(record: Record, condition: Condition) -> bool:
    """Evaluate the condition: the meaning that every backend must reproduce."""
    if isinstance(condition, And):
        return all(matches(record, term) for term in condition.terms)
    if isinstance(condition, Or):
        return any(matches(record, term) for term in condition.terms)
    return _compare(field_value(record, condition.field), condition.operator, condition.value)


def _compare(left: Any, operator: Operator, right: Any) -> bool:
    if operator == "!=":
        return bool(left != right)
    if left is None:
        return False
    if operator == "has":
        return right in left
    if operator == "in":
        return left in right
    if operator == "contains":
        return isinstance(left, str) and str(right).translate(_LOWER) in left.translate(_LOWER)
    if isinstance(left, str) != isinstance(right, str):
        return False
    return bool(_ORDERED[operator](left, right))


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

_ORDERED = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def order_key(order: Order, value: Any, id: str) -> tuple[int, Any, str]:
    """What records are sorted by, reversed for descending: the value of the order's field, then the id."""
    if value is None:
        return (3 if order.missing_last and not order.descending else 0), 0, id
    return (2 if isinstance(value, str) else 1), value, id


class Cursor(Struct, frozen=True, array_like=True):
    """Where the last page ended. It carries the order, so that a token cannot be used with another."""

    field: str
    descending: bool
    value: Scalar | None
    id: str


def encode_cursor(order: Order, value: Scalar | None, id: str) -> str:
    """The page token that continues after the record of this id, with this value of the order's field."""
    cursor = Cursor(order.field, order.descending, value, id)
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def decode_cursor(token: str, order: Order) -> Cursor | None:
    """The cursor in a page token; None for "".

    Raises Invalid when the token is damaged or belongs to a list in another order.
    """
    if not token:
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        cursor = msgspec.msgpack.decode(raw, type=Cursor)
    except (ValueError, msgspec.MsgspecError) as error:
        message = "page_token: not a token of this list; ask for the first page without one"
        raise Invalid(message, field="page_token") from error
    if (cursor.field, cursor.descending) != (order.field, order.descending):
        message = "page_token: comes from a list in another order; ask for the first page again"
        raise Invalid(message, field="page_token")
    return cursor
