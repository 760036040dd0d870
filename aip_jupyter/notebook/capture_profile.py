"""What is kept of a column's values: their type, how many are missing, the smallest and the largest.

Values come piece by piece, and each piece goes through ready-made functions: a loop of our own over every
value would take ten times as long.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Collection, Sequence
from numbers import Integral
from typing import Any

from ..domain.datasets import Column
from ..domain.records import PropertyValue
from ..redaction import redact

MAX_COLUMNS = 10_000
"""Of a wider table the first ones are described."""
NULLS = frozenset(("", "NA", "N/A", "NaN", "nan", "null", "NULL"))
"""Texts of a file that mean a missing value."""

_NAME = 200
_VALUE = 100
"""Characters that are kept."""
_LONGEST_SECRET = 100_000
"""Characters. So much more of a text is looked at than is kept of it: it may be of any length."""

_WORDS: dict[type, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "text",
    datetime.datetime: "time",
    datetime.date: "time",
}


class Spelled(str):
    """A time or a duration as people read it."""

    __slots__ = ()


def column_of(name: str, type_: str, nulls: int | None, low: Any = None, high: Any = None) -> Column:
    """A column as a record may hold it: the name cut, and no values but numbers, times and durations.

    The smallest of other values, such as texts, would be a piece of the data itself: a name, an address.
    """
    name, type_ = cut(name, _NAME), cut(type_, _NAME)
    return Column(name=name, type=type_, nulls=nulls, minimum=_kept(low), maximum=_kept(high))


class Range:
    """The smallest and the largest value; None of what cannot be compared."""

    def __init__(self) -> None:
        self.low: Any = None
        self.high: Any = None
        self._comparable = True

    def add(self, values: Collection[Any]) -> bool:
        """Some more of them, at least one; whether all so far can be compared."""
        if not self._comparable:
            return False
        try:
            low, high = min(values), max(values)
            self.low = low if self.low is None else min(self.low, low)
            self.high = high if self.high is None else max(self.high, high)
        except (TypeError, ValueError):
            self._comparable, self.low, self.high = False, None, None
        return self._comparable


class ValueProfile:
    """A column of Python values; None is a missing one."""

    def __init__(self) -> None:
        self._nulls = 0
        self._types: set[type] = set()
        self._range = Range()

    def add(self, values: Sequence[Any]) -> None:
        """Some more of them."""
        present = [value for value in values if value is not None]
        self._nulls += len(values) - len(present)
        if present:
            self._types |= set(map(type, present))
            self._range.add(present)

    def skip(self, count: int) -> None:
        """So many of them are missing."""
        self._nulls += count

    @property
    def kind(self) -> str:
        """`int`, `float`, `bool`, `text`, `time`; `null` without any value, `object` for all else."""
        kinds = {_WORDS.get(each, "object") for each in self._types}
        if kinds == {"int", "float"}:
            return "float"
        return kinds.pop() if len(kinds) == 1 else "object" if kinds else "null"

    def column(self, name: str, type_: str = "", spell: Callable[[Any], Any] | None = None) -> Column:
        """What is kept. `spell` makes a value what people read."""
        low, high = self._range.low, self._range.high
        if spell is not None and low is not None:
            low, high = Spelled(spell(low)), Spelled(spell(high))
        return column_of(name, type_ or self.kind, self._nulls, low, high)


class TextProfile:
    """A column of a text file: of the narrowest type that fits all its values."""

    def __init__(self) -> None:
        self._nulls = 0
        self._kind = ""
        self._range = Range()

    def add(self, values: Sequence[str]) -> None:
        """Some more of them."""
        different = set(values)
        missing = different & NULLS
        self._nulls += sum(values.count(text) for text in missing)
        different -= missing
        if not different:
            return
        for kind in _NARROWER[self._kind]:
            parsed = _PARSERS[kind](different)
            if parsed is not None and self._range.add(parsed):
                self._kind = kind
                return
        self._kind, self._range = "text", Range()

    def column(self, name: str) -> Column:
        """What is kept."""
        low, high = self._range.low, self._range.high
        if self._kind == "time" and low is not None:
            low, high = Spelled(low[1]), Spelled(high[1])
        if self._kind == "float" and low is not None:
            low, high = float(low), float(high)
        return column_of(name, self._kind or "null", self._nulls, low, high)


_NARROWER: dict[str, tuple[str, ...]] = {
    "": ("bool", "int", "float", "time"),
    "bool": ("bool",),
    "int": ("int", "float"),
    "float": ("float",),
    "time": ("time",),
    "text": (),
}
"""What a column of this type so far may be with more values, before it is text."""


def _bools(texts: Collection[str]) -> list[bool] | None:
    if len(texts) > 6:
        return None
    found = {text.lower() for text in texts}
    return [text == "true" for text in found] if found <= {"true", "false"} else None


def _ints(texts: Collection[str]) -> list[int] | None:
    try:
        numbers = list(map(int, texts))
    except ValueError:
        return None
    return None if "_" in "".join(texts) else numbers  # 1_000 is a number to Python only


def _floats(texts: Collection[str]) -> list[float] | None:
    try:
        numbers = list(map(float, texts))
    except ValueError:
        return None
    return None if "_" in "".join(texts) else [number for number in numbers if number == number] or None


def _times(texts: Collection[str]) -> list[tuple[datetime.datetime, str]] | None:
    """Each with its text: a date shall be shown without an hour."""
    found = []
    try:
        for text in texts:
            if text[4:5] != "-":
                return None
            found.append((datetime.datetime.fromisoformat(text.replace("Z", "+00:00")), text))
        min(found)
    except (TypeError, ValueError):  # other texts among them, or times with and without a zone
        return None
    return found


_PARSERS: dict[str, Callable[[Collection[str]], Collection[Any] | None]] = {
    "bool": _bools,
    "int": _ints,
    "float": _floats,
    "time": _times,
}


def _kept(value: Any) -> PropertyValue | None:
    """The value as a record may hold it."""
    if isinstance(value, Spelled):
        return cut(str(value), _VALUE)
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Integral):  # NumPy's
        return int(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    return cut(str(value), _VALUE) if isinstance(value, (datetime.timedelta, decimal.Decimal)) else None


def cut(text: str, most: int) -> str:
    """At most so many characters, all of which can be stored."""
    text = text.encode(errors="replace").decode().replace("\0", "\ufffd")
    return text if len(text) <= most else text[: most - 1] + "…"


def cut_clean(text: str, most: int) -> str:
    """At most so many characters, without secrets: half of one would not be known as one any more."""
    return cut(redact(cut(text, most + _LONGEST_SECRET)), most)
