"""What has been begun and not left, as each part of a program sees it.

What the main thread begins, such as a cell, all of the process sees. What another thread begins, or a task of
asyncio, is its own, and its tasks': it comes before what the main thread has begun. So neither threads nor
tasks that run side by side get in each other's way, and helpers of a cell find what the cell has begun.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

_KERNELS = ("IPython", "ipykernel")
"""Whose tasks run the cells: each cell has another one, and all of them are the main thread's."""


_mains = WeakKeyDictionary[asyncio.Task[Any], bool]()
"""The tasks of the main thread that were looked at, and whether they are the thread's own."""


class Place(Generic[T]):
    """What was begun, where, and whether that was left."""

    __slots__ = ("flow", "item", "left")

    def __init__(self, item: T, flow: object) -> None:
        self.item = item
        self.flow = flow
        self.left = False


class Stack(Generic[T]):
    """Items that were entered; `lasts` tells whether one is still to be seen, though nobody has left it.

    The main thread's places are written by that alone, all others in a context variable: there is no lock.
    """

    def __init__(self, name: str, lasts: Callable[[T], bool] = lambda item: True) -> None:
        self._lasts = lasts
        self._shared: tuple[Place[T], ...] = ()
        self._own: ContextVar[tuple[Place[T], ...]] = ContextVar(name, default=())

    def enter(self, item: T) -> Place[T]:
        """Let this be the innermost from here on, until its place is left."""
        place = Place(item, flow())
        if place.flow is threading.main_thread():
            self._shared = (*filter(self._is_there, self._shared), place)
        else:
            self._own.set((*filter(self._is_there, self._own.get()), place))
        return place

    @contextmanager
    def inside(self, item: T) -> Iterator[None]:
        """Let this be the innermost for a `with` block."""
        place = self.enter(item)
        try:
            yield
        finally:
            place.left = True

    def innermost(self) -> T | None:
        """What this part of the program sees. This is in every training loop."""
        places = self._own.get() or self._shared
        if places and not (last := places[-1]).left and self._lasts(last.item):
            return last.item
        return next(iter(self), None)

    def __iter__(self) -> Iterator[T]:
        """All that this part of the program sees, the innermost first."""
        for places in (self._own.get(), self._shared):
            yield from (place.item for place in reversed(places) if self._is_there(place))

    def here(self) -> Iterator[T]:
        """What this very thread or task has begun, the innermost first."""
        at = flow()
        for places in (self._own.get(), self._shared):
            mine = (place for place in reversed(places) if place.flow is at)
            yield from (place.item for place in mine if self._is_there(place))

    def clear(self) -> None:
        """Forget what this part of the program sees."""
        self._shared = ()
        self._own.set(())

    def _is_there(self, place: Place[T]) -> bool:
        return not place.left and self._lasts(place.item)


def flow() -> object:
    """What runs this code: the main thread, another one, or a task that a program has made."""
    thread = threading.current_thread()
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs
        return thread
    if task is None or (thread is threading.main_thread() and _is_main(task)):
        return thread
    return task


def _is_main(task: asyncio.Task[Any]) -> bool:
    """Whether it is a cell's, or all that a script runs: nothing is there that it could be mixed up with.

    What it is when this is asked first it stays, whatever others come and go: else its runs would be two's.
    """
    if task not in _mains:
        _mains[task] = _is_alone(task)
    return _mains[task]


def _is_alone(task: asyncio.Task[Any]) -> bool:
    frame = getattr(task.get_coro(), "cr_frame", None)
    module: str = frame.f_globals.get("__name__", "") if frame is not None else ""
    return module.partition(".")[0] in _KERNELS or len(asyncio.all_tasks()) == 1
