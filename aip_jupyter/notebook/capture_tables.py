"""Data frames of pandas, polars and Arrow: one digest for equal values, whatever library holds them.

What goes into the digest, column by column: whether it is an index or a column, its name, its values, and the
kind of its values (`int`, `float`, `bool`, `text`, `time`, …; not their width). Values go in as MessagePack:
numbers as such, −0.0 as 0.0, times as nanoseconds since 1970 (UTC), missing values (None, NaN, NaT, NA) as
nil. An index that only counts the rows from 0 is left out, and so are memory layout, categories, and what
else is no value.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from ..domain.datasets import Column
from .capture_profile import MAX_COLUMNS, ValueProfile

PIECE = 65_536
"""Values that go into the digest at once: part of its definition."""

_FORM = b"aip-table-1\n"
_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "μs": 10**3, "ns": 1}
_EPOCH = datetime.datetime(1970, 1, 1)


class Part(NamedTuple):
    """A column, or a level of the index."""

    role: Literal["index", "column"]
    name: Any
    type: str
    """As its library calls it."""
    pieces: Iterator[list[Any]]
    """All its values, PIECE by PIECE; None where one is missing."""
    moments: str = ""
    """`time` or `duration` when the values are nanoseconds."""


class TableContent(NamedTuple):
    """What a table is."""

    digest: str
    columns: list[Column]
    note: str = ""


def read_table(parts: Iterable[Part]) -> TableContent:
    """The digest and the columns. No digest, but a note, when a column holds what has no value to compare."""
    hasher = hashlib.sha256(_FORM)
    columns: list[Column] = []
    count, note = 0, ""
    for part in parts:
        hasher.update(_encoded([part.role, _plain_name(part.name)]))
        profile = ValueProfile()
        for piece in part.pieces:
            values = _cleaned(piece)
            profile.add(values)
            try:
                hasher.update(_encoded(values))
            except (TypeError, ValueError, RecursionError):
                note = f"no digest: {str(part.name)[:40]!r} has values that cannot be compared"
        hasher.update(_encoded(part.moments or profile.kind))
        if part.role == "column":
            count += 1
            if count <= MAX_COLUMNS:
                columns.append(profile.column(str(part.name), part.type, _SPELLED.get(part.moments)))
    if note:
        return TableContent("", columns, note)
    wide = f"the first {MAX_COLUMNS:,} of its {count:,} columns are described" if count > MAX_COLUMNS else ""
    return TableContent(hasher.hexdigest(), columns, wide)


def pieces_of(length: int, values: Callable[[int, int], list[Any]]) -> Iterator[list[Any]]:
    """The values from and up to each position, PIECE by PIECE."""
    return (values(start, min(start + PIECE, length)) for start in range(0, length, PIECE))


def nanoseconds(values: Sequence[int | None], unit: str) -> list[Any]:
    """Times in the unit of their library."""
    factor = _NANOSECONDS[unit]
    return [None if value is None else value * factor for value in values]


def _cleaned(values: list[Any]) -> list[Any]:
    """NaN is a missing value, and −0.0 equal to 0.0."""
    if float not in set(map(type, values)):
        return values
    return [v if type(v) is not float else None if v != v else v + 0.0 for v in values]


def _encoded(value: Any) -> bytes:
    try:
        return _ENCODER.encode(value)
    except OverflowError:  # more than 64 bits
        return _ENCODER.encode([str(v) if type(v) is int and v.bit_length() > 63 else v for v in value])


def _plain_value(value: Any) -> Any:
    """For what MessagePack does not know: NumPy's and pandas' own scalars, and arrays in cells."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if type(value).__module__.partition(".")[0] == "pandas":
        return str(value)
    raise TypeError(type(value).__name__)


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_plain_value, order="deterministic")


def _plain_name(name: Any) -> Any:
    if name is None or isinstance(name, (bool, int, float, str)):
        return name
    return [_plain_name(part) for part in name] if isinstance(name, tuple) else str(name)


def _time_text(nanoseconds: int) -> str:
    try:
        return (_EPOCH + datetime.timedelta(microseconds=nanoseconds // 1000)).isoformat()
    except OverflowError:  # before the year 1 or after 9999
        return f"{nanoseconds} ns"


def _duration_text(nanoseconds: int) -> str:
    try:
        return str(datetime.timedelta(microseconds=nanoseconds // 1000))
    except OverflowError:
        return f"{nanoseconds} ns"


_SPELLED: dict[str, Callable[[Any], str]] = {"time": _time_text, "duration": _duration_text}
