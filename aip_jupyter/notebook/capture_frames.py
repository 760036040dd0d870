"""How pandas, polars and Arrow give out what `capture_tables` reads. None of them is imported here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from .capture_tables import Part, nanoseconds, pieces_of

_MISSING_TIME = -(2**63)
"""NaT, as NumPy and pandas keep it."""


def pandas_parts(frame: Any) -> Iterator[Part]:
    """A pandas DataFrame: the levels of its index, unless it only counts the rows, and its columns."""
    index = frame.index
    if not counts_rows(index):
        for level in range(index.nlevels):
            yield _pandas_part("index", index.names[level], index.get_level_values(level).to_series())
    for position in range(frame.shape[1]):
        yield _pandas_part("column", frame.columns[position], frame.iloc[:, position])


def counts_rows(index: Any) -> bool:
    """Whether an index of pandas says nothing but the number of each row."""
    if index.nlevels > 1 or index.name is not None or index.dtype.kind not in "iu":
        return False
    if not len(index):
        return True
    # n different whole numbers in order, from 0 to n - 1
    in_order = index.is_monotonic_increasing and index.is_unique
    return bool(in_order and index[0] == 0 and index[-1] == len(index) - 1)


def _pandas_part(role: Literal["index", "column"], name: Any, series: Any) -> Part:
    type_ = str(series.dtype)
    moments = {"M": "time", "m": "duration"}.get(getattr(series.dtype, "kind", ""), "")
    if moments:
        if getattr(series.dtype, "tz", None) is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return Part(role, name, type_, _numpy_moments(series.to_numpy()), moments)

    def values(start: int, stop: int) -> list[Any]:
        piece = series.iloc[start:stop]
        found: list[Any] = piece.tolist()
        missing = piece.isna().tolist()
        if True not in missing:
            return found
        return [None if gone else value for value, gone in zip(found, missing, strict=True)]

    return Part(role, name, type_, pieces_of(len(series), values))


def _numpy_moments(array: Any) -> Iterator[list[Any]]:
    """Times or durations of NumPy, in nanoseconds."""
    unit = array.dtype.str.partition("[")[2].rstrip("]")
    numbers = array.view("i8")

    def values(start: int, stop: int) -> list[Any]:
        found = numbers[start:stop].tolist()
        return nanoseconds([None if value == _MISSING_TIME else value for value in found], unit)

    return pieces_of(len(array), values)


def polars_parts(frame: Any) -> Iterator[Part]:
    """A polars DataFrame."""
    for name in frame.columns:
        yield _polars_part(name, frame.get_column(name))


def _polars_part(name: str, series: Any) -> Part:
    moments = {"Datetime": "time", "Duration": "duration"}.get(type(series.dtype).__name__, "")
    unit = getattr(series.dtype, "time_unit", "")

    def values(start: int, stop: int) -> list[Any]:
        piece = series.slice(start, stop - start)
        return nanoseconds(piece.to_physical().to_list(), unit) if moments else piece.to_list()

    return Part("column", name, str(series.dtype), pieces_of(len(series), values), moments)


def arrow_parts(table: Any) -> Iterator[Part]:
    """A table of Arrow."""
    for field, column in zip(table.schema, table.columns, strict=True):
        yield _arrow_part(field, column)


def _arrow_part(field: Any, column: Any) -> Part:
    type_ = str(field.type)
    word = type_.partition("[")[0]
    moments = {"timestamp": "time", "duration": "duration"}.get(word, "")

    def values(start: int, stop: int) -> list[Any]:
        piece = column.slice(start, stop - start)
        return nanoseconds(piece.cast("int64").to_pylist(), field.type.unit) if moments else piece.to_pylist()

    return Part("column", field.name, type_, pieces_of(len(column), values), moments)
