"""A session that has a part of a GPU takes that part of its memory, as far as PyTorch can be held to it.

Nothing is imported for this: PyTorch is told when a cell imports it, and obeys once it uses the GPU.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_VARIABLE = "AIP_SESSION_FRACTION"
"""Percent of a GPU; the pool sets it for a session that has less than all."""


def limit_memory() -> None:
    """Let PyTorch keep to the session's part of its GPU, when somebody imports it."""
    fraction = os.environ.get(_VARIABLE, "")
    if fraction:
        sys.meta_path.insert(0, _Watch(int(fraction) / 100))


class _Watch(MetaPathFinder):
    """Finds nothing itself, but sees the one import that matters."""

    def __init__(self, fraction: float) -> None:
        self._fraction = fraction

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "torch":
            return None
        with contextlib.suppress(ValueError):  # another thread imports it too, and was faster
            sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        spec.loader = _Limited(spec.loader, self._fraction)
        return spec


class _Limited(Loader):
    """Loads as the other does, then sets the limit."""

    def __init__(self, loader: Loader, fraction: float) -> None:
        self._loader = loader
        self._fraction = fraction

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        cuda: Any = getattr(module, "cuda", None)
        # What it puts off until the GPU is first used: to use it now would take seconds, and forbid to fork.
        later = getattr(cuda, "_lazy_call", None)
        if later is not None:
            later(lambda: cuda.set_per_process_memory_fraction(self._fraction))
