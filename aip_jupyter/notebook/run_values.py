"""What people log, as a run keeps it: scalars of any library become plain numbers, the rest is refused."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from ..domain import names
from ..domain.records import PropertyValue
from ..domain.runs import check_params, check_text
from ..domain.texts import MAX_TEXT
from ..errors import Invalid
from .words import plain_text

_INT64 = range(-(2**63), 2**63)


def check_key(key: Any) -> None:
    """A metric's key: any text of 1 to 255 characters; `/`, blanks and all letters are fine."""
    if not isinstance(key, str):
        raise Invalid(f"key: {key!r} is a {type(key).__name__}; a metric's key is a text", field="key")
    names.check_store_name(key, "key")


def metric_value(key: str, value: Any) -> float:
    """A number, or a scalar of NumPy, PyTorch and the like. NaN and infinities are fine."""
    try:
        # An array of one element is meant as its element; `item` refuses larger ones.
        plain = value.item() if hasattr(value, "item") else value
        if not isinstance(plain, (str, bytes)):
            return float(plain)
    except OverflowError:
        message = f"metrics: {key!r} is larger than a float can be; log its logarithm"
        raise Invalid(message, field=key) from None
    except (TypeError, ValueError, RuntimeError):
        pass
    raise Invalid(f"metrics: {key!r} is a {_kind(value)}; log a number", field=key)


def step_number(step: Any) -> int:
    """A whole number of any library."""
    try:
        number = int(operator.index(step.item() if hasattr(step, "item") else step))
    except (TypeError, ValueError, RuntimeError):
        raise Invalid(f"step: {step!r} is a {_kind(step)}; give a whole number", field="step") from None
    if number not in _INT64:
        raise Invalid(f"step: {number} has more than 64 bits", field="step")
    return number


def plain_params(params: Any) -> dict[str, PropertyValue]:
    """Params as text, numbers and bools, which keep their type."""
    if not isinstance(params, Mapping):
        raise Invalid(f"params: give a dict, not a {_kind(params)}", field="params")
    plain = {key: _plain(key, value) for key, value in params.items()}
    check_params(plain)
    return plain


def check_name(name: Any, field: str) -> str:
    """The name of a run or of an experiment."""
    if not isinstance(name, str):
        raise Invalid(f"{field}: give a text, not a {_kind(name)}", field=field)
    return names.check_store_name(plain_text(name), field)


def check_notes(text: Any) -> str:
    """The notes of a run."""
    if not isinstance(text, str):
        raise Invalid(f"notes: give a text, not a {_kind(text)}", field="notes")
    check_text(text, "notes")
    return plain_text(text)


def check_logged_text(text: Any, name: Any) -> tuple[str, str]:
    """A text and its name, as a run keeps them."""
    for field, value in (("text", text), ("name", name)):
        if not isinstance(value, str):
            raise Invalid(f"{field}: give a text, not a {_kind(value)}", field=field)
    names.check_store_name(name, "name")
    check_text(text, "text", MAX_TEXT)
    return plain_text(text), plain_text(name)


def _plain(key: Any, value: Any) -> PropertyValue:
    if not isinstance(key, str):
        raise Invalid(f"params: {key!r} is a {type(key).__name__}; a param's name is a text", field="params")
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, str):
        return plain_text(value)
    for kind in (bool, int, float):  # their subclasses too, such as the members of an IntEnum
        if isinstance(value, kind):
            return kind(value)
    message = f"params: {key!r} is a {_kind(value)}; log a text, a number or a bool, such as repr() of it"
    raise Invalid(message, field=key)


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__}{f' of shape {tuple(shape)}' if shape else ''}"
