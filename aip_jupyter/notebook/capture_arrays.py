"""Arrays of NumPy: the digest of their type, shape and values, and what their columns hold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from ..domain.datasets import Column
from ..errors import Invalid
from .capture_profile import MAX_COLUMNS, column_of
from .capture_tables import Part, TableContent, pieces_of, read_table

_FORM = "aip-array-1"
_BLOCK = 2**22
"""Bytes that are hashed at once."""


def read_array(array: Any) -> TableContent:
    """What an array is. Its first dimension are the rows, its second the columns; all further are values."""
    if array.ndim == 0 or hasattr(array, "mask"):
        message = "data: a scalar or a masked array is no table; give plain rows, such as data.filled()"
        raise Invalid(message, field="data")
    if array.dtype.names:
        return read_table(_part(name, array[name]) for name in array.dtype.names)
    if array.dtype.kind == "O":
        columns = [array] if array.ndim == 1 else [array[:, index] for index in range(array.shape[1])]
        return read_table(_part(str(index), column) for index, column in enumerate(columns))
    return TableContent(_digest(array), *_columns(array))


def _part(name: str, column: Any) -> Part:
    def values(start: int, stop: int) -> list[Any]:
        found: list[Any] = column[start:stop].tolist()
        return found

    return Part("column", name, str(column.dtype), pieces_of(len(column), values))


def _digest(array: Any) -> str:
    """Over one line with type and shape, then the values in C order, little-endian, as they are."""
    type_ = array.dtype.newbyteorder("<")
    shape = ",".join(map(str, array.shape))
    hasher = hashlib.sha256(f"{_FORM} {type_.str} {shape}\n".encode())
    row = max(1, array[:1].nbytes)
    at_once = max(1, _BLOCK // row)
    for start in range(0, len(array), at_once):
        hasher.update(array[start : start + at_once].astype(type_, copy=False).tobytes())
    return hasher.hexdigest()


def _columns(array: Any) -> tuple[list[Column], str]:
    type_ = str(array.dtype)
    if array.ndim > 2:
        shape = "×".join(map(str, array.shape[1:]))
        return [_column("values", f"{type_} {shape}", array)], ""
    if array.ndim == 1:
        return [_column("0", type_, array)], ""
    count = array.shape[1]
    described = range(min(count, MAX_COLUMNS))
    note = f"the first {MAX_COLUMNS:,} of its {count:,} columns are described" if count > MAX_COLUMNS else ""
    return [_column(str(index), type_, array[:, index]) for index in described], note


def _column(name: str, type_: str, values: Any) -> Column:
    if values.dtype.kind not in "biuf":
        return column_of(name, type_, None)
    present = values[values == values] if values.dtype.kind == "f" else values
    nulls = int(values.size - present.size)
    if not present.size:
        return column_of(name, type_, nulls)
    plain: Callable[[Any], Any] = {"b": bool, "f": float}.get(values.dtype.kind, int)
    return column_of(name, type_, nulls, plain(present.min()), plain(present.max()))
