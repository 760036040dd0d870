"""What a word on a magic's line means: a variable of the notebook, or a path. No code is run for it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import NotFound

MISSING = object()


def find_object(
    word: str,
    namespace: Mapping[str, Any],
    *,
    field: str = "object",
    elsewhere: Callable[[str], Any] = lambda word: MISSING,
) -> Any:
    """The variable (`name` or `name.attribute`), else the Path that exists. NotFound with what is near.

    `elsewhere` is asked for a variable that the notebook does not have, such as one of its GPU session's; it
    returns MISSING when it has none either. `field` is what the word is called where it stands.
    """
    value = _variable(word, namespace)
    path = Path(os.path.expanduser(word))  # unlike Path's own it takes a `~` that is nobody's home
    exists = os.path.lexists(path)
    # `digits.csv` could be an attribute too: nobody is asked for it when there is such a file.
    if value is MISSING and (word.isidentifier() or (not exists and _is_variable(word))):
        value = elsewhere(word)
    if value is not MISSING:
        return value
    if exists:
        return path
    near = nearest(word, [*variables(namespace), *files_beside(path)])
    advice = (
        f"; did you mean {' or '.join(near)}?" if near else "; name a variable of this notebook or a path"
    )
    message = f"{field}: there is no variable and no file {word!r}{advice}"
    raise NotFound(message, field=field, nearest=near)


def variables(namespace: Mapping[str, Any], hidden: Iterable[str] = ()) -> list[str]:
    """The names that a person gave: no private ones, no modules, not what IPython put there."""
    skip = set(hidden)
    return [
        name
        for name, value in namespace.items()
        if not name.startswith("_") and name not in skip and not isinstance(value, ModuleType)
    ]


def estimators(namespace: Mapping[str, Any], hidden: Iterable[str] = ()) -> list[str]:
    """The variables that can fit and predict: what people mostly register."""
    return [name for name in variables(namespace, hidden) if _is_estimator(namespace[name])]


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Up to three similar names, best first, in any case."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), list(by_lower), n=3, cutoff=0.6)
    return [by_lower[lower] for lower in close]


def _is_variable(word: str) -> bool:
    return all(part.isidentifier() for part in word.split("."))


def _variable(word: str, namespace: Mapping[str, Any]) -> Any:
    name, *attributes = word.split(".")
    if not _is_variable(word) or name not in namespace:
        return MISSING
    return resolved(namespace[name], attributes)


def resolved(value: Any, attributes: Iterable[str]) -> Any:
    """The value's attribute, by its path; MISSING when there is none."""
    for attribute in attributes:
        value = getattr(value, attribute, MISSING)
        if value is MISSING:
            return MISSING
    return value


def files_beside(path: Path) -> list[str]:
    """What is in the folder in which the path would be, spelled as the path is."""
    try:
        return [str(path.parent / name) for name in os.listdir(path.parent)]
    except OSError:
        return []


def _is_estimator(value: Any) -> bool:
    return not isinstance(value, type) and all(callable(getattr(value, m, None)) for m in ("fit", "predict"))
