"""Tags, properties and words of a choice as people write them, in a magic's words or in Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any, TypeVar

from ..domain.records import PropertyValue
from ..errors import Invalid
from .namespace import nearest

Tags = Mapping[str, str] | Iterable[str] | None
"""A dict, or a list of `K` and `K=V`."""

R = TypeVar("R", bound=str)

_MAX_INTEGER = 2**63


def tidy_tags(tags: Tags) -> dict[str, str]:
    """The tags as a dict. Invalid when they are neither a dict of texts nor a list of texts."""
    if isinstance(tags, str):
        raise Invalid(f"tags: give a list, such as [{tags!r}], or a dict", field="tags")
    if not isinstance(tags, Mapping):
        tags = dict(_pair(word) for word in tags or ())
    for key, value in tags.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise Invalid(f"tags: {key!r}: {value!r} must both be text", field="tags")
    return {plain_text(key): plain_text(value) for key, value in tags.items()}


def plain_text(text: str) -> str:
    """The text itself; of a subclass, such as NumPy's or a member of an enum, what is stored of it."""
    return str.__str__(text)


def tidy_properties(properties: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """The properties as plain bool, int, float and str; numbers of NumPy become such."""
    return {key: _plain(key, value) for key, value in properties.items()}


def one_of(word: str, field: str, known: tuple[R, ...]) -> R:
    """The word that is meant. Invalid with what there is, and what may have been meant."""
    for each in known:
        if word == each:
            return each
    near = nearest(str(word), known)
    advice = f"; did you mean {near[0]}?" if near else ""
    raise Invalid(f"{field}: {str(word)[:80]!r} is not one of {', '.join(known)}{advice}", field=field)


def at_least_one(number: Any, field: str, of: str) -> int:
    """How many of something. Invalid for none, and for what is no whole number."""
    if not isinstance(number, Integral) or number < 1:
        raise Invalid(f"{field}: {number!r} is not a number of {of}; give 1 or more", field=field)
    return int(number)


def parse_properties(words: Iterable[str]) -> dict[str, PropertyValue]:
    """`K=V` words as properties; numbers, true and false become such."""
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip():
            raise Invalid(f"property: {word[:80]!r} is not K=V, such as accuracy=0.97", field="property")
        found[key.strip()] = _typed(value.strip())
    return found


def _pair(word: str) -> tuple[str, str]:
    if not isinstance(word, str):
        raise Invalid(f"tags: {word!r} must be text", field="tags")
    key, _, value = word.partition("=")
    return key.strip(), value.strip()


def _typed(value: str) -> PropertyValue:
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if re.fullmatch(r"[+-]?\d+", value):
        # What does not fit 64 bits would lose digits as a number.
        return int(value) if len(value) < 20 and abs(int(value)) < _MAX_INTEGER else value
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", value):
        number = float(value)
        # JSON has no infinity: such a number stays the text that was written.
        return number if abs(number) != float("inf") else value
    return value


def _plain(key: str, value: Any) -> PropertyValue:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()  # a scalar of NumPy
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    message = f"properties: {key!r} is a {type(value).__name__}; give a text, a number or a bool"
    raise Invalid(message, field="properties")
