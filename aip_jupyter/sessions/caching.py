"""Functions and properties that cache, on their way: pickle would look for the first by name, and finds a
lock in the second. What they have cached stays behind.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

_CACHED: Any = type(functools.lru_cache(lambda: None))


def reduce_caching(value: Any) -> tuple[Any, ...] | None:
    """How to make this one again; None for anything else, and for what a module has."""
    if isinstance(value, _CACHED) and value.__module__ == "__main__":
        return _cached, (value.__wrapped__, value.cache_parameters())
    if isinstance(value, functools.cached_property):
        # Its name is told to it by the class, which is not made by a class statement there.
        return functools.cached_property, (value.func,), {"attrname": value.attrname}
    return None


def _cached(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)
