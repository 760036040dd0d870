"""What is told of an exception that cannot travel itself."""

from __future__ import annotations

import builtins


def builtin_base(error: BaseException) -> str:
    """The name of the nearest of its classes that every Python has: by it, it can be caught elsewhere."""
    names = (each.__name__ for each in type(error).__mro__ if vars(builtins).get(each.__name__) is each)
    name: str = next(names)
    return name
