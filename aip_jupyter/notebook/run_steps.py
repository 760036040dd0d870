"""Code around a function of any kind: while its own code works, something is in force, and then it ends.

Between two steps of a generator others work, and nothing of it is in force: two that take turns do not mix.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, Protocol, TypeVar

from ..errors import Invalid

P = ParamSpec("P")
T = TypeVar("T")


class Scope(Protocol):
    """What is in force during one call."""

    def inside(self) -> AbstractContextManager[None]:
        """While the function's own code works."""

    def end(self, error: BaseException | None) -> None:
        """The call is over: it has returned, or raised this."""


def around(function: Callable[P, T], begin: Callable[[], Scope]) -> Callable[P, T]:
    """The function, each of whose calls is such a scope. It may travel: it names only what is imported."""
    wrap: Any = _around_call
    if inspect.isasyncgenfunction(function):
        wrap = _around_async_generator
    elif inspect.isgeneratorfunction(function):
        wrap = _around_generator
    elif inspect.iscoroutinefunction(function):
        wrap = _around_coroutine
    wrapped: Callable[P, T] = functools.wraps(function)(wrap(function, begin))
    return wrapped


def is_function(value: object) -> bool:
    """Whether a decorator without brackets was put above this."""
    return callable(value) or isinstance(value, classmethod)


def check_decorated(function: Any, decorator: str) -> None:
    """Whether it is a function. Invalid."""
    if isinstance(function, classmethod | staticmethod):
        kind = type(function).__name__
        raise Invalid(f"function: it is a {kind}; write @{kind} above @{decorator}", field="function")
    if not callable(function) or isinstance(function, type):
        message = f"function: @{decorator} stands above a function, not a {type(function).__name__}"
        raise Invalid(message, field="function")


def _around_call(function: Callable[..., Any], begin: Callable[[], Scope]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        with _ending(begin()) as scope, scope.inside():
            return function(*args, **kwargs)

    return call


def _around_coroutine(function: Callable[..., Any], begin: Callable[[], Scope]) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with _ending(begin()) as scope, scope.inside():
            return await function(*args, **kwargs)

    return call


def _around_generator(function: Callable[..., Any], begin: Callable[[], Scope]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with _ending(begin()) as scope:
            with scope.inside():
                generator = function(*args, **kwargs)
            step, given = generator.send, None
            while True:
                try:
                    with scope.inside():
                        item = step(given)
                except StopIteration as stop:
                    return stop.value
                try:
                    step, given = generator.send, (yield item)
                except GeneratorExit:
                    with scope.inside():
                        generator.close()
                    raise
                except BaseException as error:  # noqa: BLE001  # it is the function's to handle
                    step, given = generator.throw, error

    return call


def _around_async_generator(function: Callable[..., Any], begin: Callable[[], Scope]) -> Any:
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with _ending(begin()) as scope:
            with scope.inside():
                generator = function(*args, **kwargs)
            step, given = generator.asend, None
            while True:
                try:
                    with scope.inside():
                        item = await step(given)
                except StopAsyncIteration:
                    return
                try:
                    step, given = generator.asend, (yield item)
                except GeneratorExit:
                    with scope.inside():
                        await generator.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001  # as above
                    step, given = generator.athrow, error

    return call


class _ending:  # noqa: N801  # reads as a statement
    """Ends the scope with the block."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __enter__(self) -> Scope:
        return self._scope

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self._scope.end(error)
