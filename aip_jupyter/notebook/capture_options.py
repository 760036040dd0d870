"""How data is looked at, and what its user knows of it already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from ..domain.datasets import Column
from ..domain.names import check_digest
from ..errors import Invalid
from .capture_memory import Memory
from .capture_profile import column_of

_COUNTS = {"rows": "rows", "num_rows": "rows", "size": "size", "num_features": ""}
"""What a profile may say of the whole, and the field of the record that holds it."""
_EXTREMES = {"nulls": "nulls", "min": "minimum", "minimum": "minimum", "max": "maximum", "maximum": "maximum"}


@dataclass(frozen=True)
class Options:
    """The data itself stays what it is; this says how much of it is read, and what is said instead."""

    memory: Memory = field(default_factory=lambda: Memory(None))
    verify: bool = False
    """Read every byte, whatever is remembered; a digest that was given must be that of the data."""
    whole: bool = False
    """Look at all rows of a file for its profile, however large it is."""
    profile: bool = True
    """Look at the rows at all."""
    digest: str = ""
    columns: tuple[Column, ...] = ()
    """Columns that the user describes."""
    rows: int | None = None
    size: int | None = None

    @property
    def hashed(self) -> bool:
        """Whether the data has to be read for its digest."""
        return not self.digest or self.verify


HASTY = Options()
"""With nothing remembered, and nothing said."""


def options(
    memory: Memory, *, digest: str, schema: Any, profile: bool | Mapping[str, Any] | None, verify: bool
) -> Options:
    """The options as `log_dataset` is given them. Invalid names the one at fault."""
    if not (profile is None or isinstance(profile, (bool, Mapping))):
        message = 'profile: give True, False, or what you know, such as {"rows": 9, "age": {"min": 0}}'
        raise Invalid(message, field="profile")
    columns = {column.name: column for column in _schema(schema)}
    counts: dict[str, int | None] = {}
    if isinstance(profile, Mapping):
        for key, said in profile.items():
            if isinstance(said, Mapping):
                base = columns.get(str(key)) or column_of(str(key), "", None)
                columns[str(key)] = _profiled(base, said)
            elif key in _COUNTS and (isinstance(said, int) or said is None):
                counts[_COUNTS[key]] = said
            else:
                message = f"profile: {str(key)[:40]!r} is not rows, size, or a column with nulls, min and max"
                raise Invalid(message, field="profile")
    return Options(
        memory=memory,
        verify=verify,
        whole=profile is True,
        profile=profile is not False,
        digest=_digest(digest),
        columns=tuple(columns.values()),
        rows=counts.get("rows"),
        size=counts.get("size"),
    )


def merged(columns: list[Column], said: Iterable[Column]) -> list[Column]:
    """The columns as they were found, with what the user says of them before that; then those he knows of."""
    known = {column.name: column for column in said}
    found = [
        replace(column, **_stated(known.pop(column.name))) if column.name in known else column
        for column in columns
    ]
    return [*found, *known.values()]


def bare(column: Column) -> Column:
    """The column's schema alone."""
    return Column(name=column.name, type=column.type)


def _stated(column: Column) -> dict[str, Any]:
    values = {name: getattr(column, name) for name in ("type", "nulls", "minimum", "maximum")}
    return {name: value for name, value in values.items() if value not in (None, "")}


def _digest(text: str) -> str:
    if not isinstance(text, str):
        raise Invalid(f"digest: {str(text)[:80]} is not a SHA-256 digest (64 hex digits)", field="digest")
    digest = re.sub(r"^sha-?256:", "", text.strip(), flags=re.IGNORECASE).lower()
    return check_digest(digest, "digest") if digest else ""


def _schema(schema: Any) -> list[Column]:
    """Names and types: of a mapping, of pairs, of `frame.dtypes`, of a schema of Arrow or polars."""
    if schema is None:
        return []
    try:
        if callable(getattr(schema, "items", None)):
            pairs = list(schema.items())
        elif all(hasattr(each, "name") and hasattr(each, "type") for each in schema):
            pairs = [(each.name, each.type) for each in schema]
        else:
            pairs = [(name, type_) for name, type_ in schema]
    except (TypeError, ValueError):
        message = "schema: give names and types, such as {'age': 'int'} or frame.dtypes"
        raise Invalid(message, field="schema") from None
    return [column_of(str(name), _type_name(type_), None) for name, type_ in pairs]


def _type_name(type_: Any) -> str:
    return type_.__name__ if isinstance(type_, type) else str(type_)


def _profiled(column: Column, said: Mapping[str, Any]) -> Column:
    if unknown := set(said) - set(_EXTREMES):
        message = f"profile: a column has nulls, min and max, not {str(min(unknown, key=str))[:40]!r}"
        raise Invalid(message, field="profile")
    given = {_EXTREMES[key]: value for key, value in said.items()}
    nulls = given.get("nulls")
    if nulls is not None and not isinstance(nulls, int):
        raise Invalid(f"profile: {nulls!r} is no count of nulls", field="profile")
    return column_of(column.name, column.type, nulls, given.get("minimum"), given.get("maximum"))
