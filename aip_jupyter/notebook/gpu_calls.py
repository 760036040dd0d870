"""A function call on its way to a session, and what became of it on its way back."""

from __future__ import annotations

import contextlib
import inspect
import linecache
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from ..errors import Invalid
from ..sessions.raised import builtin_base
from ..sessions.values import ValueFault, dump_values, load_values
from .gpu_errors import local_error


class Call:
    """A function with its arguments. It runs where it is called, and its outcome can travel."""

    def __init__(self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self._function = function
        self._args = args
        self._kwargs = kwargs
        self._file, self._lines = _source(function)

    def __call__(self) -> Outcome:
        """Run it. An interrupt and its like are not an outcome: they end the cell."""
        self._know_lines()
        try:
            return Outcome(value=self._function(*self._args, **self._kwargs))
        except Exception as error:  # noqa: BLE001  # it is raised where the caller is
            return _failed(error)

    async def wait(self) -> Outcome:
        """The same for an `async` function."""
        self._know_lines()
        try:
            return Outcome(value=await self._function(*self._args, **self._kwargs))
        except Exception as error:  # noqa: BLE001  # as above
            return _failed(error)

    def _know_lines(self) -> None:
        if self._lines:
            # Else a traceback here would not know the lines of a notebook elsewhere.
            size = sum(map(len, self._lines))
            linecache.cache[self._file] = (size, None, self._lines, self._file)


class Outcome:
    """What a function has returned or raised."""

    def __init__(self, value: Any = None, error: Exception | None = None, trace: str = "") -> None:
        self._value = value
        self._error = error
        self._trace = trace

    def result(self) -> Any:
        """The value; raises what the function has raised, with the session's own lines as its cause."""
        if self._error is not None:
            raise self._error from InSession(self._trace)
        return self._value

    def __reduce__(self) -> tuple[Any, ...]:
        if self._error is None:
            return Outcome, (self._value,)
        return _raised, (_travelling(self._error, self._trace), self._trace)


class InSession(Exception):
    """Stands for the traceback that an exception had in its session."""

    def __str__(self) -> str:
        return f"in the GPU session\n{self.args[0]}"


def _failed(error: Exception) -> Outcome:
    inner = error.__traceback__.tb_next if error.__traceback__ else None
    return Outcome(error=error, trace="".join(traceback.format_exception(type(error), error, inner)))


def check_function(function: Any) -> None:
    """Whether it can be called there and answer with a value. Invalid."""
    if isinstance(function, classmethod | staticmethod):
        kind = type(function).__name__
        raise Invalid(f"function: it is a {kind}; write @{kind} above @aip.gpu", field="function")
    if not callable(function):
        message = f"function: {type(function).__name__} is neither code nor a function; give one of them"
        raise Invalid(message, field="function")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        message = f"function: {function.__name__} yields; let it return a list, which can travel"
        raise Invalid(message, field="function")


_OURS = re.compile(r"_aip_call\._|_aip_outcome\._(?=value)")
"""What stands before `args[0]` and `value` in the place that is told."""


def unpacked(error: Invalid) -> Invalid:
    """In the words of the caller, who has never seen the variables in which a call travels."""
    what = {"in": "the function or its arguments", "out": "the function's result"}.get(error.field or "")
    reason = _OURS.sub("", error.message.partition(" cannot be pickled: ")[2])
    if what is None or not reason:
        return error
    return Invalid(f"function: {what} cannot be pickled: {reason}", field="function")


_Parts = tuple[type[Exception], tuple[Any, ...], dict[str, Any]]


def _travelling(error: Exception, trace: str) -> Exception | _Parts | dict[str, Any]:
    """The exception; its parts when it cannot be made again by calling its class, which many cannot; what is
    told of it when its parts cannot travel."""
    parts = type(error), error.args, vars(error)
    for found in (error, parts):
        with contextlib.suppress(ValueFault):
            load_values(dump_values({"found": found}))
            return found
    name, base = type(error).__name__, builtin_base(error)
    return {"ename": name, "evalue": _text(error), "traceback": trace.splitlines(), "aip_base": base}


def _text(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # whatever its own code raises
        return ""


def _raised(error: Exception | _Parts | dict[str, Any], trace: str) -> Outcome:
    if isinstance(error, dict):
        error = cast(Exception, local_error(error))
    elif isinstance(error, tuple):
        kind, args, state = error
        error = kind.__new__(kind, *args)
        error.args = args
        vars(error).update(state)
    return Outcome(error=error, trace=trace)


def _source(function: Any) -> tuple[str, list[str]]:
    """The file that a function was defined in and, where it is a notebook's cell, its lines."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    file = code.co_filename if code is not None else ""
    is_cell = getattr(function, "__module__", "") == "__main__"
    return file, linecache.getlines(file) if file and is_cell else []
