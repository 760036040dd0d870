"""The pickler of values: cloudpickle's, which refuses what would not arrive, and spares arrays a copy.

Imported only when something is pickled: cloudpickle takes its time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import cloudpickle

from .arrays import reduce_array
from .caching import reduce_caching
from .refusals import GIB, Receiver, Refused, not_for, on_cuda, refusal, size_of
from .views import Views

_Pickler: Any = cloudpickle.Pickler
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


class Pickler(_Pickler):  # type: ignore[misc]  # a class of Any
    """Pickles variables for `receiver`; raises Refused.

    `bound` is the namespace whose functions are to use the other side's namespace, as they do here; what they
    need of it travels by name, and is noted in `uses`. Other functions take their variables along.
    """

    def __init__(
        self,
        file: Any,
        take: Callable[[Any], object],
        receiver: Receiver,
        bound: Mapping[str, Any] | None,
        views: Views,
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=take)
        self._receiver = receiver
        self._bound = bound
        self._travelling = set[int]()
        self._passed = 0
        self.needs = set[str]()
        """Of `python` and `cuda`: what the receiver must have as it is here."""
        self.uses = set[str]()
        self._globals = set[int]()
        self.views = views

    def dump_all(self, values: Mapping[str, Any], beside: Collection[object]) -> None:
        """Pickle them as one dict. What is `beside` them travels anyway."""
        self._travelling = {id(each) for each in (*values.values(), *beside)}
        passed = {sys.intern(name): value for name, value in values.items()}  # one text wherever it is
        self._passed = id(passed)
        self.dump(passed)

    def holds(self) -> set[int]:
        """The identities of all that can be changed in place in what was pickled; valid while this lives."""
        memo: Mapping[int, tuple[int, Any]] = self.memo.copy()
        classes = {type(value) for _, value in memo.values()}
        functions = [value for _, value in memo.values() if isinstance(value, FunctionType)]
        shared = frozenset([self._passed]).union(*map(_of_class, classes), *map(_of_function, functions))
        return (
            {id for id, (_, value) in memo.items() if not _is_fixed(value)} - shared
            | self._globals
            | self.views.owners()
        )

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return super().reducer_override(value)
        for name in ("stdout", "stderr"):  # such as a logger has
            if value is getattr(sys, name):
                return getattr, (sys, name)
        if (caching := reduce_caching(value)) is not None:
            return caching
        if (reason := refusal(value)) is not None:
            raise Refused(value, reason)
        if cuda := on_cuda(value):
            self.needs.add("cuda")
            if not self._receiver.cuda:
                raise Refused(value, not_for(self._receiver, cuda))
        return self.views.reduced(value) or reduce_array(value) or NotImplemented

    def _function(self, function: FunctionType) -> Any:
        reduced = super().reducer_override(function)
        if reduced is NotImplemented:  # a module's, which is imported there
            return reduced
        self.needs.add("python")
        theirs = self._receiver.python
        if theirs not in ("", PYTHON):
            reason = f"is code of Python {PYTHON}, and {self._receiver.name} has {theirs}"
            raise Refused(function, f"{reason}: put it into a module, or define it where it runs")
        make, arguments, (state, slots), *rest = reduced
        free = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        taken = {name: cell.cell_contents for name, cell in free if _is_filled(cell)}
        if self._bound is not None and function.__globals__ is self._bound:
            self.uses.update(slots["__globals__"])
            arguments = (arguments[0], _Here(), *arguments[2:])
            slots = {**slots, "__globals__": {}}
        else:
            self._globals.add(id(function.__globals__))
        self._check_size(function, {**taken, **slots["__globals__"]})
        return make, arguments, (state, slots), *rest

    def _check_size(self, function: FunctionType, taken: Mapping[str, Any]) -> None:
        sizes = {name: size_of(each) for name, each in taken.items() if id(each) not in self._travelling}
        if sum(sizes.values()) <= GIB:
            return
        name = max(sizes, key=lambda name: sizes[name])
        what = f"{name} ({type(taken[name]).__name__}, {sizes[name] / 1e9:.1f} GB)"
        raise Refused(function, f"closes over {what}: give it as an argument")


def _is_fixed(value: object) -> bool:
    """Whether it does not matter if it is shared: texts, functions, classes, types of data."""
    if isinstance(value, CellType):  # what methods have for `super()`
        return _is_filled(value) and isinstance(value.cell_contents, type)
    plain = (str, bytes, tuple, frozenset, ModuleType, CodeType)
    fixed = isinstance(value, plain) or hasattr(value, "__qualname__")
    return fixed or "dtype" in type(value).__name__.lower()


def _of_class(cls: type[object]) -> frozenset[int]:
    """What belongs to a class is shared by all its objects, and means nothing."""
    return frozenset(id(value) for each in cls.__mro__ for value in vars(each).values())


def _of_function(function: FunctionType) -> frozenset[int]:
    """Its own dicts: it is shared itself where they are."""
    return frozenset(map(id, (vars(function), function.__annotations__, function.__kwdefaults__)))


class _Here:
    """Stands for the namespace of the side that it is on."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _here, ()


def _here() -> dict[str, Any]:
    return vars(sys.modules["__main__"])


def _is_filled(cell: Any) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True
