"""The table in a text file: CSV and its like, and JSON Lines, read in one pass together with the digest."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple

import msgspec

from ..domain.datasets import Column
from .capture_profile import MAX_COLUMNS, TextProfile, ValueProfile

MAX_LINE = 16 * 2**20
"""Bytes of a line of JSON; a longer one is no line."""

_CELLS = 20_000
"""How many values of a file are held at once."""
_ROWS = 1000
"""How many objects."""
_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')


_LARGE = "it is large, so that only its first"


class Table(NamedTuple):
    """What is known of the table in a file."""

    rows: int | None = None
    columns: list[Column] = []  # noqa: RUF012  # never changed
    note: str = ""
    """Why nothing is known, or not everything."""
    complete: bool = True
    """Whether all rows were looked at, if it is a table."""


class _NoTableError(Exception):
    """The file is not what its name says; the message is for people."""


def read_delimited(source: BinaryIO, enough: Callable[[], bool] = lambda: False) -> Table:
    """The table in a CSV file: quoted line breaks, byte order marks and other delimiters are understood.

    Only as far as it was not enough.
    """
    text = io.TextIOWrapper(source, encoding="utf-8-sig", newline="")
    try:
        return _delimited(text, enough)
    except UnicodeDecodeError:
        return Table(note="its columns are not known: it is not UTF-8 text")
    except (_NoTableError, csv.Error) as error:
        return Table(note=f"its columns are not known: {error}")
    finally:
        text.detach()  # else it would close the file with itself


def _delimited(text: io.TextIOWrapper, enough: Callable[[], bool]) -> Table:
    first = text.readline(MAX_LINE)
    rows: Iterator[list[str]] = csv.reader(chain([first], text), delimiter=_delimiter(first))
    header = next(rows, [])
    if not header or "\0" in first:
        raise _NoTableError("it has no line of names")
    if all(_is_number(cell) for cell in header):  # data from the first line on
        rows, header = chain([header], rows), [str(index) for index in range(len(header))]
    count = 0
    profiles = [TextProfile() for _ in header[:MAX_COLUMNS]]
    for block in _blocks(rows, len(header)):
        count += len(block)
        for profile, values in zip(profiles, zip(*block, strict=True), strict=False):
            profile.add(values)
        if enough():
            break
    columns = [profile.column(name) for profile, name in zip(profiles, header, strict=False)]
    if next(rows, None) is not None:
        return _part(columns, count)
    return Table(count, columns, _wide(len(header)))


def _part(columns: list[Column], count: int) -> Table:
    return Table(None, columns, f"{_LARGE} {count:,} rows are described; profile=True reads all", False)


def _delimiter(header: str) -> str:
    """What separates the names most often, outside of quotes: `csv.Sniffer` is fooled by texts and dates."""
    bare = _QUOTED.sub("", header)
    return max(_DELIMITERS, key=bare.count)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _blocks(rows: Iterator[list[str]], width: int) -> Iterator[list[list[str]]]:
    """Some rows at a time, each of the header's width; empty lines are none."""
    at_once = max(1, _CELLS // width)
    seen = 1
    while block := list(islice(rows, at_once)):
        filled = [row for row in block if row]
        if set(map(len, filled)) != {width}:
            filled = [_fitted(row, width, seen + index) for index, row in enumerate(filled, 1)]
        seen += len(block)
        if filled:
            yield filled


def _fitted(row: list[str], width: int, number: int) -> list[str]:
    if any(row[width:]):
        raise _NoTableError(f"row {number} has {len(row)} values, but there are {width} names")
    return row[:width] + [""] * (width - len(row))


def read_json_lines(source: BinaryIO, enough: Callable[[], bool] = lambda: False) -> Table:
    """The table in a file with one JSON object per line: a column per key. As far as it was not enough."""
    try:
        return _json_lines(source, enough)
    except (_NoTableError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Table(note=f"its columns are not known: {error}")


def _json_lines(source: BinaryIO, enough: Callable[[], bool]) -> Table:
    profiles: dict[str, ValueProfile] = {}
    objects = _objects(source)
    count = 0
    while block := list(islice(objects, _ROWS)):
        new = dict.fromkeys(key for row in block for key in row if key not in profiles)
        if len(profiles) + len(new) > MAX_COLUMNS:
            raise _NoTableError(f"it has more than {MAX_COLUMNS:,} different keys")
        for key in new:
            profiles[key] = ValueProfile()
            profiles[key].skip(count)
        for key, profile in profiles.items():
            profile.add([row.get(key) for row in block])
        count += len(block)
        if enough():
            break
    if not profiles:
        raise _NoTableError("it has no objects")
    columns = [profile.column(key) for key, profile in profiles.items()]
    return Table(count, columns) if next(objects, None) is None else _part(columns, count)


def _objects(source: BinaryIO) -> Iterator[dict[str, Any]]:
    while line := source.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise _NoTableError("it has lines of more than 16 MiB")
        if line.strip():
            yield msgspec.json.decode(line, type=dict[str, Any])


def _wide(count: int) -> str:
    return f"the first {MAX_COLUMNS:,} of its {count:,} columns are described" if count > MAX_COLUMNS else ""
