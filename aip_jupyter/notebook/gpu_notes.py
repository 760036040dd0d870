"""The lines that tell which variables travel with a cell: types and sizes, and what stays where it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from ..sessions.parcels import Group
from .display import plain, size_text

_CALLS = {"_aip_call": "the function and its arguments", "_aip_outcome": "the function's result"}
"""Variables that nobody has named."""
LINE = 20
"""Variables that are named in a line."""


def described(value: object) -> str:
    """The type of a value, with what its size is counted in: `ndarray float64 (1797, 64)`, `list (5)`."""
    if isinstance(value, (FunctionType, BuiltinFunctionType)):
        return "function"
    if isinstance(value, type):
        return "class"
    name = type(value).__name__
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and shape:
        numbers = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
        kind = f" {str(dtype).removeprefix('torch.')}" if dtype is not None else ""
        return plain(f"{name}{kind} ({numbers})")
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        return f"{name} ({len(value)})"
    return name


def named(names: Iterable[str]) -> str:
    """The names, in a line that says what is being done."""
    known = [_CALLS.get(name, name) for name in names]
    return ", ".join([*known[:5], "…"] if len(known) > 5 else known)


def leaving_line(
    groups: Iterable[Group], has: Mapping[int, Sequence[int]], same: Iterable[str], stays: Iterable[str]
) -> str:
    """What goes into the session, beside what is there already: unchanged, or newer. "" for nothing."""
    parts = []
    for group in groups:
        there = sum(memoryview(group.buffers[index]).nbytes for index in has.get(id(group), ()))
        size = f"{size_text(group.size - there)} of {size_text(group.size)}" if there else None
        parts += _group_parts(group.values, size or size_text(group.size))
    parts += [f"{name}: unchanged" for name in same]
    parts += [f"{name}: the session's own" for name in stays]
    return _line("→", parts)


def arriving_line(
    groups: Iterable[tuple[Mapping[str, Any], int]], same: Iterable[str], left: Mapping[str, str]
) -> str:
    """What has come back, beside what has not. "" for nothing."""
    parts = []
    for values, size in groups:
        parts += _group_parts(values, size_text(size))
    parts += [f"{name}: unchanged" for name in same]
    parts += [f"{fault}; it stays in the session" for fault in left.values()]
    return _line("←", parts)


def _group_parts(values: Mapping[str, Any], size: str) -> list[str]:
    parts = [
        _CALLS.get(name) or f"{name}: {described(each)}"
        for name, each in values.items()
        if not isinstance(each, ModuleType)
    ]
    if parts:
        parts[-1] += f", {size}" if len(parts) == 1 else f", {size} together"
    return parts


def _line(arrow: str, parts: list[str]) -> str:
    more = [f"{len(parts) - LINE} more"] if len(parts) > LINE else []
    return f"{arrow} {' · '.join(parts[:LINE] + more)}" if parts else ""
