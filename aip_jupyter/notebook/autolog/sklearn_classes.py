"""`fit` of every estimator class, whoever has written it and whenever: it becomes one that logs.

The base class has no `fit`, so each class that defines one is changed; classes that come later, when they are
defined. A class itself shows its own function still: scikit-learn reads it, and pickle keeps it.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from types import MethodType, ModuleType
from typing import Any
from weakref import WeakSet

from .sklearn_fits import logged
from .training import guarded

_HOOK = "__init_subclass__"
_changed: WeakSet[type] = WeakSet()
_base: Any = None
"""The base class while its hook is ours."""


class LoggedFit:
    """Stands in a class for its `fit`."""

    def __init__(self, original: Any, *, is_own: bool) -> None:
        self.original = original
        self.is_own = is_own
        """Whether the class has defined it, and not a class before it that is no estimator."""

        def fit(estimator: Any, *arguments: Any, **options: Any) -> Any:
            bound = original.__get__(estimator, type(estimator))
            return logged(bound, estimator, arguments, options)

        self._function = functools.wraps(original)(fit)

    def __get__(self, estimator: Any, owner: Any = None) -> Any:
        found = self.original.__get__(estimator, owner)  # which may refuse
        return found if estimator is None else MethodType(self._function, estimator)

    @property
    def __isabstractmethod__(self) -> bool:
        return bool(getattr(self.original, "__isabstractmethod__", False))

    def __reduce__(self) -> Any:
        """A class that travels to another process takes its own function with it."""
        return _itself, (self.original,)


def _itself(original: Any) -> Any:
    return original


def install(module: ModuleType) -> None:
    """Change all classes that there are, and those to come."""
    global _base
    if _base is not None:
        return
    _base = module.BaseEstimator
    before = _base.__init_subclass__.__func__

    def change_too(cls: Any, /, **options: Any) -> None:
        before(cls, **options)
        guarded("a class", functools.partial(_change, cls))

    change_too.__aip_before__ = _base.__dict__.get(_HOOK)  # type: ignore[attr-defined]
    setattr(_base, _HOOK, classmethod(change_too))
    for cls in _classes(_base):
        guarded("a class", functools.partial(_change, cls))


def uninstall(module: ModuleType) -> None:
    """Let all be as it was."""
    global _base
    if _base is None:
        return
    before = _base.__dict__[_HOOK].__func__.__aip_before__
    if before is None:
        delattr(_base, _HOOK)
    else:
        setattr(_base, _HOOK, before)
    _base = None
    for cls in list(_changed):
        found = cls.__dict__.get("fit")
        if isinstance(found, LoggedFit):
            if found.is_own:
                cls.fit = found.original  # type: ignore[attr-defined]
            else:
                del cls.fit  # type: ignore[attr-defined]
    _changed.clear()


def _classes(base: type) -> Iterator[type]:
    """The class and all that come from it."""
    seen, left = {base}, [base]
    new: set[type]
    while left:
        cls = left.pop()
        yield cls
        new = set(cls.__subclasses__()) - seen
        seen |= new
        left += new


def _change(cls: type) -> None:
    definer = next((each for each in cls.__mro__ if "fit" in each.__dict__), None)
    if definer is None or (definer is not cls and issubclass(definer, _base)):
        return  # the other one is changed itself
    original = definer.__dict__["fit"]
    if not isinstance(original, LoggedFit) and hasattr(original, "__get__"):
        with contextlib.suppress(TypeError, AttributeError):  # a class that cannot be changed
            cls.fit = LoggedFit(original, is_own=definer is cls)  # type: ignore[attr-defined]
            _changed.add(cls)
